#!/usr/bin/env python3
"""Tasks of one srun that don't find one another are refused before anything is read, each with the remedy: N singletons would each be rank 0."""
import os
import subprocess

PROGRAM = f"{os.environ['RINGMASTER_BUILD']}/bin/ringmaster"
LAUNCHERS = ("OMPI_", "PMIX_", "PMI_", "SLURM_")


def started(**environment):
    """(exit code, what it said) of one process as a launcher would have started it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(LAUNCHERS)}
    words = [PROGRAM, "train", "--data", "/nowhere", "--run", "/nowhere/run", "--epochs", "1"]
    done = subprocess.run(words, env={**clean, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    return done.returncode, done.stdout


def main():
    # srun without MPI.
    code, said = started(SLURM_STEP_NUM_TASKS="2")
    assert code == 2 and "srun has started 2 tasks without MPI" in said and "srun --mpi=pmix" in said, (code, said)
    # srun with PMIx, and a library that can't use it: MPI starts, and sees only itself.
    code, said = started(SLURM_STEP_NUM_TASKS="2", PMIX_RANK="0")
    assert code == 2 and "does not understand this Slurm's PMIx" in said and "RINGMASTER_LAUNCHER=mpirun" in said, (code, said)
    # One task is no trouble, with or without a launcher: it gets as far as its data.
    for environment in ({}, {"SLURM_STEP_NUM_TASKS": "1"}, {"SLURM_STEP_NUM_TASKS": "1", "PMIX_RANK": "0"}):
        code, said = started(**environment)
        assert code != 2 and "/nowhere" in said and "srun" not in said, (environment, code, said)
    print("lone tasks are refused, a single one is not")


if __name__ == "__main__":
    main()
