#!/usr/bin/env python3
"""Every launch file keeps the house's rules: it survives, each environment variable has a reason, nothing obsolete is set, and docs/SLURM.md knows it."""
import glob
import os
import re

SOURCE = os.environ["RINGMASTER_SOURCE"]
# What older guides set, and today's libfabric, NCCL and aws-ofi-nccl do by themselves or better (docs/SLURM.md).
OBSOLETE = ("FI_PROVIDER", "FI_EFA_FORK_SAFE", "FI_EFA_USE_DEVICE_RDMA", "FI_EFA_ENABLE_SHM_TRANSFER", "RDMAV_FORK_SAFE", "NCCL_TOPO_FILE", "NCCL_PROTO",
            "NCCL_TUNER_PLUGIN", "NCCL_SOCKET_NTHREADS", "NCCL_NSOCKS_PERTHREAD", "NCCL_MIN_NCHANNELS", "NCCL_BUFFSIZE")
TRAINING = ("p4d_8x", "p4d_1x", "g5_4x", "p3_4x", "cpu_smoke")


def read(path):
    with open(f"{SOURCE}/{path}", encoding="utf-8") as file:
        return file.read()


def without_reason(text):
    """Exports of environment variables with no comment on their line or above it."""
    lines = text.splitlines()
    return [line for above, line in zip([""] + lines, lines) if re.match(r"\s*export \w+=", line) and "  #" not in line and " # " not in line
            and not above.lstrip().startswith("#")]


def obsolete_in(text):
    return [name for name in OBSOLETE if re.search(rf"\b{name}=", text)]


def survival_problems(text):
    signal = re.search(r"^#SBATCH.*--signal=B:USR1@(\d+)", text, re.M)
    wanted = {"--requeue": "--requeue" in text, "--open-mode=append": "--open-mode=append" in text,
              "a signal two minutes ahead of the time limit": signal and int(signal[1]) >= 120}
    return [name for name, there in wanted.items() if not there]


def main():
    # The checks must be able to fail.
    assert without_reason("export NCCL_DEBUG=INFO\n") and not without_reason("export NCCL_DEBUG=INFO # a reason\n")
    assert obsolete_in("export FI_PROVIDER=efa") and survival_problems("#SBATCH --requeue --signal=B:USR1@30")

    names = [os.path.basename(path) for path in sorted(glob.glob(f"{SOURCE}/launch/*.sbatch"))]
    guide = read("docs/SLURM.md")
    assert len(names) >= 8, names
    for name in names:
        text = read(f"launch/{name}")
        assert ". \"$launch/common.sh\"" in text, f"{name} does not share launch/common.sh"
        assert not without_reason(text), f"{name}: no reason for {without_reason(text)}"
        assert not obsolete_in(text), f"{name}: obsolete: {obsolete_in(text)}"
        assert name in guide, f"docs/SLURM.md does not know {name}"
        if name.removesuffix(".sbatch") in TRAINING:
            assert not survival_problems(text), f"{name} lacks {survival_problems(text)}"
    common = read("launch/common.sh")
    assert not without_reason(common) and not obsolete_in(common), (without_reason(common), obsolete_in(common))
    settings = set(re.findall(r"\$\{(RINGMASTER_[A-Z_]+):", common)) - {"RINGMASTER_EXIT_CODES"}
    assert len(settings) >= 4 and all(setting in guide for setting in settings), settings
    # V100 is no card for the usual build.
    assert "RINGMASTER_FLAVOUR=cuda12" in read("launch/p3_4x.sbatch")
    print(f"{len(names)} launch files keep the rules")


if __name__ == "__main__":
    main()
