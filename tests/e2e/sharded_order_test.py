#!/usr/bin/env python3
"""order = sharded with staged shards: a killed run ends with the unbroken one's bits, a node copies
only what its ranks read, later runs use the copies, and a run can't change its order in the middle."""
import os
import signal
import time
import subprocess

import lab

KEYS = {"epochs": 2, "global_batch": 16, "checkpoint_steps": 4, "order": "sharded", "order_window": 64}


def wait_for_step(command, folder, step):
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(2400):
        try:
            if any(row["step"] >= step for row in lab.lines(folder, "step")):
                return process
        except (OSError, ValueError):
            pass
        assert process.poll() is None, f"ended by itself with {process.returncode}"
        time.sleep(0.05)
    raise AssertionError(f"no step {step} within two minutes")


def staged_files(folder):
    return sorted(name for _, _, names in os.walk(folder) for name in names if name.endswith(".rms"))


def main():
    work = lab.workdir()
    data = f"{work}/data"
    lab.run([lab.SHARDER, "pack", "--input", lab.FASHION, "--output", data, "--subset", 20, "--shards", 8, "--ranks", 4])
    command = {name: lab.ranks(count, lab.train_command(data, f"{work}/{name}", *more, **KEYS))
               for name, count, more in (("two", 2, ()), ("killed", 2, ("--stage", f"{work}/nvme")))}
    lab.run(command["two"])
    assert len(lab.lines(f"{work}/two", "step")) == 24

    process = wait_for_step(command["killed"], f"{work}/killed", 6)
    process.send_signal(signal.SIGKILL)  # mpirun; its ranks die with it
    process.wait()
    time.sleep(1)
    out = lab.run(command["killed"])
    assert ": 0 shards, 0 bytes; " in out, out
    lab.assert_same_weights(f"{work}/two/checkpoints/checkpoint.pt", f"{work}/killed/checkpoints/checkpoint.pt")
    assert len([name for name in staged_files(f"{work}/nvme") if name.startswith("train")]) == 8
    print("killed and resumed from staged shards: the same bits")

    out = lab.run(lab.ranks(2, lab.train_command(data, f"{work}/two", **{**KEYS, "order": "global", "epochs": 3})), expect=2)
    assert "order" in out and "another recipe" in out, out
    out = lab.run(lab.ranks(3, lab.train_command(data, f"{work}/three", **{**KEYS, "global_batch": 48})), expect=2)
    assert "--ranks 3" in out, out

    # A copy that rots is made again; where it can't be (the source is gone), the shard is named.
    name = staged_files(f"{work}/nvme")[0]
    folder = next(path for path, _, names in os.walk(f"{work}/nvme") if name in names)
    with open(f"{folder}/{name}", "r+b") as file:
        file.seek(100)
        file.write(b"\xff\xff")
    out = lab.run([lab.TRAINER, "eval", "--checkpoint", f"{work}/two/checkpoints/checkpoint.pt", "--data", data, "--stage", f"{work}/nvme2"])
    assert {name[:3] for name in staged_files(f"{work}/nvme2")} == {"val"}
    out = lab.run(lab.ranks(2, lab.train_command(data, f"{work}/four", "--stage", f"{work}/nvme", **{**KEYS, "epochs": 1})))
    assert "1 shards" in out, out
    print("only what is read is staged, and a damaged copy is replaced")


if __name__ == "__main__":
    main()
