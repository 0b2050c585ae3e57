#!/usr/bin/env python3
"""The sbatch files on a real Slurm of this machine: the smoke job trains what mpirun trains, and comes back from a signal, a time limit and a
lost node with the same bits; what can't get on stays down; and every file for GPUs is accepted by invented ones."""
import glob
import os
import shutil
import socket
import subprocess
import sys
import time

sys.path[:0] = [f"{os.environ['RINGMASTER_SOURCE']}/tests/e2e", f"{os.environ['RINGMASTER_SOURCE']}/tests/support"]
import lab  # noqa: E402
from imds_server import ImdsServer  # noqa: E402

SANDBOX = f"{lab.SOURCE}/tests/support/slurm_sandbox.sh"
RECIPE = {"epochs": 2, "global_batch": 20, "checkpoint_steps": 3, "eval_batch": 50}  # 200 images: 10 steps an epoch
# Both nodes are this machine, which may have no network but loopback.
os.environ.update(OMPI_MCA_btl_tcp_if_include="lo", OMPI_MCA_oob_tcp_if_include="lo", RINGMASTER_BIN=f"{lab.BUILD}/bin",
                  OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")


def sh(*words, check=True):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                          check=False)
    assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}"
    return done.stdout


def free_ports(count):
    """The first of so many ports in a row that nobody listens on."""
    for first in range(20000 + os.getpid() % 10000, 60000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise AssertionError("no free ports")


def wait_until(condition, what, seconds=120):
    for _ in range(seconds * 10):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"no {what} within {seconds} s\n{sh('squeue', check=False)}")


class Job:
    """A smoke job of `name` and what it leaves."""

    def __init__(self, work, name, *sbatch, file="cpu_smoke", config=None, **keys):
        self.folder, self.out = f"{work}/{name}", f"{work}/{name}.out"
        words = lab.train_command(f"{work}/data", self.folder, **{**RECIPE, **keys})[2:]
        if config:
            words = ["--config", config, "--data", f"{work}/data", "--run", self.folder]
        printed = sh("sbatch", "--parsable", "--output", self.out, *sbatch, f"{lab.SOURCE}/launch/{file}.sbatch", *words)
        self.id = printed.strip()

    def state(self):
        fields = dict(word.split("=", 1) for word in sh("scontrol", "show", "job", self.id).split() if "=" in word)
        return fields["JobState"], int(fields["Restarts"]), int(fields["ExitCode"].split(":")[0])

    def steps(self):
        try:
            return max((row["step"] for row in lab.lines(self.folder, "step")), default=0)
        except (OSError, ValueError):
            return 0  # not there yet, or a line half written

    def wait_for_step(self, step):
        wait_until(lambda: self.steps() >= step, f"step {step}; {self.state()}\n{self.said()}")

    def is_queued_again(self, restarts, why):
        done = ("COMPLETED", "FAILED", "CANCELLED", "NODE_FAIL")
        wait_until(lambda: self.state()[1] == restarts or self.state()[0] in done, f"requeue after {why}")
        assert self.state()[1] == restarts, f"not queued again after {why}: {self.state()}\n{self.said()}"

    def ends(self, state, code, restarts):
        wait_until(lambda: self.state()[0] not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED"), "end of the job", 240)
        assert self.state() == (state, restarts, code), f"{self.state()}\n{self.said()}"

    def said(self):
        if not os.path.exists(self.out):
            return "(no output)"
        with open(self.out, encoding="utf-8") as file:
            return file.read()


def same_as_mpirun(work):
    """Without trouble, on two nodes: the weights of mpirun's two ranks of one host."""
    job = Job(work, "smoke")
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/mpirun", **RECIPE)))
    job.ends("COMPLETED", 0, 0)
    lab.assert_same_weights(f"{work}/mpirun/checkpoints/checkpoint.pt", f"{job.folder}/checkpoints/checkpoint.pt")
    start = lab.lines(job.folder, "start")[0]
    assert start["ranks"] == 2 and "the allocation ends in" in job.said(), job.said()
    print("2 nodes: the bits of mpirun; the time limit is known")


def comes_back(work):
    """USR1 to the ranks' step, EC2's notice, a node that is lost; queued again each time, and the same bits at the end."""
    # 60 steps: it must not end before it is hit, and must have ended a minute after its node was lost: then Slurm tells that node once
    # more to end the job, by its number, which the new attempt has too.
    long = {**RECIPE, "epochs": 6}
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/unbroken", **long)))
    service = ImdsServer()
    job = Job(work, "survivor", epochs=6, spot_notices="on", spot_poll_s=1, imds_endpoint=service.endpoint)
    job.wait_for_step(4)
    sh("scancel", "--batch", "--signal=USR1", job.id)
    job.is_queued_again(1, "USR1")
    stop = lab.lines(job.folder, "stop")[-1]
    assert (stop["reason"], stop["exit_code"]) == ("SIGUSR1", 75), stop
    job.wait_for_step(stop["step"] + 1)
    service.interrupt()
    job.is_queued_again(2, "the notice")
    service.answers.clear()
    stop = lab.lines(job.folder, "stop")[-1]
    assert (stop["reason"], stop["exit_code"]) == ("spot interruption notice", 75), stop
    job.wait_for_step(stop["step"] + 1)
    sh(SANDBOX, "fail", 2)
    job.is_queued_again(3, "the lost node")
    sh(SANDBOX, "resume", 2)
    job.ends("COMPLETED", 0, 3)
    lab.assert_same_weights(f"{work}/unbroken/checkpoints/checkpoint.pt", f"{job.folder}/checkpoints/checkpoint.pt")
    print("USR1, a spot notice and a lost node: queued again three times, the same bits")


def leaves_before_its_limit(work, meanwhile):
    """A minute's limit, of which Slurm itself tells in time: the run saves, is queued again and goes on, as often as it takes. `meanwhile`
    is called first."""
    job = Job(work, "limited", "--time=1", "--signal=B:USR1@25", stop_margin_s=1, epochs=1000)
    meanwhile()
    wait_until(lambda: job.state()[1] >= 1, "requeue after the warning before the time limit")
    stop = lab.lines(job.folder, "stop")[0]
    assert (stop["reason"], stop["exit_code"]) == ("SIGUSR1", 75) and stop["step"] > 0, stop
    job.wait_for_step(stop["step"] + 1)
    assert f"attempt 2, newest checkpoint: step {stop['step']};" in job.said(), job.said()
    sh("scancel", job.id)
    wait_until(lambda: job.state()[0] == "CANCELLED", "end of the cancelled job")
    steps = [row["step"] for row in lab.lines(job.folder, "step")]
    assert steps == sorted(set(steps)), f"steps were lost or done twice: {steps}"
    print("a time limit: saved, queued again, and on from there")


def stays_down(work):
    """What must not be queued again: a cancelled run, a mistake, and a run that never gets on."""
    wrong = Job(work, "wrong", max_lr="fast")
    os.environ["SLURM_JOB_END_TIME"] = "1000000000"  # long past: it leaves before its first step, every time
    poisoned = Job(work, "poisoned")
    del os.environ["SLURM_JOB_END_TIME"]
    cancelled = Job(work, "cancelled", epochs=1000)
    cancelled.wait_for_step(2)
    sh("scancel", cancelled.id)
    cancelled.ends("CANCELLED", 143, 0)
    stop = lab.lines(cancelled.folder, "stop")[-1]
    assert (stop["reason"], stop["exit_code"]) == ("SIGTERM", 143), stop
    assert lab.load(f"{cancelled.folder}/checkpoints/checkpoint.pt")["progress"]["step"] == stop["step"]
    wrong.ends("FAILED", 2, 0)
    poisoned.ends("FAILED", 1, 2)
    assert "staying down: 3 attempts" in poisoned.said(), poisoned.said()
    print("a cancelled run has saved; a mistake and a crash loop stay down")


# A double of the program: its first preflight finds the second node unfit; all else is the real one's. Its ranks can't leave together as the
# real ones do, so only the first one says so: srun ends the others at once, and returns the largest code.
UNFIT = """#!/usr/bin/env bash
echo "fences: $SLURM_PMIX_FENCE"
if [ "$1" = preflight ] && [ "${{SLURM_RESTART_COUNT:-0}}" = 0 ]; then
  [ "${{SLURM_PROCID:-0}}" = 0 ] || exit 0
  while [ $# -gt 0 ]; do [ "$1" != --drain_file ] || echo node2 >"$2"; shift; done
  exit 75
fi
exec {program} "$@"
"""


def looks_before_it_trains(work):
    """The preflight runs first: a fault that stays keeps the job down, before any training; an unfit node is left out the next time."""
    os.environ["RINGMASTER_PREFLIGHT"] = "--run_free_gib 1000000"
    full = Job(work, "full")
    del os.environ["RINGMASTER_PREFLIGHT"]
    os.mkdir(f"{work}/unfit_bin")
    with open(f"{work}/unfit_bin/ringmaster", "w", encoding="utf-8") as file:
        file.write(UNFIT.format(program=lab.TRAINER))
    os.chmod(f"{work}/unfit_bin/ringmaster", 0o755)
    os.environ["RINGMASTER_BIN"] = f"{work}/unfit_bin"
    unfit = Job(work, "unfit", "--nodelist=node1", epochs=1)
    os.environ["RINGMASTER_BIN"] = f"{lab.BUILD}/bin"
    full.ends("FAILED", 4, 0)
    assert "FAULT  run folder" in full.said() and not os.path.exists(f"{full.folder}/log.jsonl"), full.said()
    unfit.ends("COMPLETED", 0, 1)
    assert "fences: ring" in unfit.said(), unfit.said()  # Slurm's own choice crashes one start in some hundreds
    nodes = sh("scontrol", "show", "job", unfit.id)
    assert "ExcNodeList=node2" in nodes and " NodeList=node[1,3]" in nodes, nodes
    print("a full disk keeps a job down; one with an unfit node trains on others")


def gpu_files_run(work):
    """The way through the files for GPUs, with their ranks or fewer, on CPUs."""
    for file, ranks, *words in (("g5_4x", 4), ("p3_4x", 4), ("p4d_1x", 2, "--ntasks-per-node=2"),
                                ("p4d_8x", 4, "--nodes=2", "--ntasks-per-node=2")):
        job = Job(work, file, *words, file=file, epochs=1)
        job.ends("COMPLETED", 0, 0)
        assert lab.lines(job.folder, "start")[0]["ranks"] == ranks
        print(f"{file}.sbatch trains on {ranks} ranks")


def an_array_packs_the_same_bytes(work):
    """Three parts by three tasks, joined by a job that waits for them: the files of a single pack."""
    parts = f"{work}/parts"
    sh("sbatch", "--array=1-3", "--cpus-per-task=2", f"--output={work}/shard-%a.out", f"--chdir={work}", f"{lab.SOURCE}/launch/shard.sbatch",
       "--input", lab.FASHION, "--output", parts, "--subset", 20, "--shards", 3)

    def said():
        return "".join(open(path, encoding="utf-8").read() for path in sorted(glob.glob(f"{work}/shard-*.out") + glob.glob(f"{work}/*merge*")))

    wait_until(lambda: os.path.exists(f"{parts}/manifest.json"), "joined data set")
    names = sorted(name for name in os.listdir(f"{work}/data") if name.endswith(".rms") or name == "manifest.json")
    assert len(names) >= 5, names
    for name in names:
        with open(f"{work}/data/{name}", "rb") as single, open(f"{parts}/{name}", "rb") as joined:
            assert single.read() == joined.read(), f"{name} differs\n{said()}"
    print(f"an array of 3 tasks packs the same {len(names)} files")


def a_series_is_reported(work):
    """scaling.sbatch on two nodes: weak and strong runs of one and two of them, and what they say."""
    os.environ.update(RINGMASTER_BATCH="10", RINGMASTER_SECONDS="0", SCALING_BYTES="1048576", SCALING_ITERATIONS="2")
    with open(f"{work}/series.cfg", "w", encoding="utf-8") as file:
        file.writelines(f"{key} = {value}\n" for key, value in {**lab.SMALL, **RECIPE}.items())
    job = Job(work, "series", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=1", file="scaling", config=f"{work}/series.cfg")
    job.ends("COMPLETED", 0, 0)
    with open(f"{job.folder}/scaling.md", encoding="utf-8") as file:
        report = file.read()
    for row in ("| weak | 1 | 1 |", "| weak | 2 | 2 |", "| strong | 1 | 1 |", "| strong | 2 | 2 |"):
        assert row in report, f"{row} is not in\n{report}"
    assert lab.lines(f"{job.folder}/weak-2", "start")[0]["hosts"] == 2
    assert os.path.getsize(f"{job.folder}/scaling.png") > 0
    print("a series of 1 and 2 nodes, weak and strong, is a table and a plot")


def lone_tasks_are_refused(work):
    words = lab.train_command(f"{work}/data", f"{work}/lone", **RECIPE)
    out = sh("srun", "--mem=100", "-N2", "--ntasks-per-node=1", "--mpi=none", *words, check=False)
    assert "--mpi=pmix" in out and not os.path.exists(f"{work}/lone"), out
    print("tasks without MPI are told what to do")


def every_file_is_accepted():
    files = sorted(glob.glob(f"{lab.SOURCE}/launch/*.sbatch"))
    assert len(files) >= 8, files
    for file in files:
        out = sh("sbatch", "--test-only", file)
        assert "to start at" in out, f"{file}: {out}"
    refused = sh("sbatch", "--test-only", "--gpus-per-node=9", f"{lab.SOURCE}/launch/p4d_8x.sbatch", check=False)
    assert "not available" in refused, f"this Slurm accepts anything: {refused}"
    print(f"{len(files)} files are accepted by nodes with 8 GPUs and 96 CPUs")


def main():
    if os.geteuid() != 0:
        print("not tried here: a Slurm of one's own needs root")
        sys.exit(77)
    assert shutil.which("slurmctld"), "slurm-wlm is missing: ami/install.sh --tests"
    work = lab.workdir()
    os.environ.update(SANDBOX=f"{work}/slurm", SLURM_CONF=f"{work}/slurm/slurm.conf", SANDBOX_CPUS="96",
                      SANDBOX_PORT=str(free_ports(9)))
    os.chmod(work, 0o755)  # munge wants its socket to be reachable
    os.mkdir(f"{work}/slurm")
    lab.pack(f"{work}/data", 20)
    try:
        sh(SANDBOX, "start", 8)
        every_file_is_accepted()
        same_as_mpirun(work)
        stays_down(work)
        looks_before_it_trains(work)
        leaves_before_its_limit(work, lambda: gpu_files_run(work))
        an_array_packs_the_same_bytes(work)
        a_series_is_reported(work)
        comes_back(work)
        lone_tasks_are_refused(work)
    finally:
        sh(SANDBOX, "stop", check=False)


if __name__ == "__main__":
    main()
