#!/usr/bin/env python3
"""launch/scaling_local.sh over one to four hosts (network namespaces with capped links): it trains the series, goes on with what is missing,
and `ringmaster scale-report` makes table, JSON and plots of it. No speed is asserted, only that every number is there and adds up."""
import json
import os
import subprocess
import sys

sys.path.insert(0, f"{os.environ['RINGMASTER_SOURCE']}/tests/e2e")
import lab  # noqa: E402

CLUSTER = f"{lab.SOURCE}/tests/support/netns_cluster.sh"
os.environ.update(NC_PREFIX="rmscale", NC_NET="10.82.0", RINGMASTER_BIN=f"{lab.BUILD}/bin", SCALING_BYTES="1048576", SCALING_ITERATIONS="1")


def series(work, counts):
    options = [word for key, value in lab.SMALL.items() for word in (f"--{key}", value) if key not in ("log_steps", "spot_notices")]
    return lab.run([f"{lab.SOURCE}/launch/scaling_local.sh", "--out", f"{work}/series", "--data", f"{work}/data", "--counts", counts,
                    "--batch", 4, "--seconds", 0, "--", *options, "--eval_batch", 10, "--algorithm", "ring"])


def is_png(path):
    with open(path, "rb") as file:
        return file.read(8) == b"\x89PNG\r\n\x1a\n"


def check(work, hosts):
    table = series(work, "1 2 4" if hosts else "1 2")
    report = json.loads(lab.run([lab.TRAINER, "scale-report", f"{work}/series", "--json", "--sizes", "64,4096"]))
    rows = {(row["mode"], row["ranks"]): row for row in report["rows"]}
    sizes = (1, 2, 4) if hosts else (1, 2)
    assert sorted(rows) == sorted((mode, size) for mode in ("weak", "strong") for size in sizes), rows.keys()
    for (mode, size), row in rows.items():
        assert row["hosts"] == (size if hosts else 1), row
        parts = row["step_s"], row["images_per_second"], row["predicted_images_per_second"], row["gradient_bytes"]
        assert all(part > 0 for part in parts) and row["steps"] >= 3, row
        assert (row["predicted_exposed_s"] > 0) == (size > 1), row
        assert f"| {mode} | {row['hosts']} | {size} |" in table, table
        start = lab.lines(f"{work}/series/{mode}-{size}", "start")[0]
        # Hosts of the test are namespaces of this machine.
        assert abs(start["threads_per_core"] - size / len(os.sched_getaffinity(0))) < 0.002, start
        batch = 4 * (size if mode == "weak" else max(sizes))
        steps = [line for line in lab.lines(f"{work}/series/{mode}-{size}", "step") if line["epoch"] == 1]
        assert len(steps) == 80 // batch, (mode, size, len(steps))
    assert report["beta_s_per_byte"] >= 0 and [one["gpus"] for one in report["forecasts"]] == [64, 4096], report
    assert all(is_png(f"{work}/series/{name}.png") for name in ("scaling", "forecast"))
    print(table)


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 8)  # 80 images
    if os.geteuid() != 0:
        check(work, hosts=False)
        print("over hosts: not tried here, network namespaces need root; on one host all is as it should be")
        sys.exit(77)
    os.chmod(work, 0o755)
    subprocess.run([CLUSTER, "down"], check=True)  # what a test that was killed has left
    subprocess.run([CLUSTER, "up", "4", "1gbit"], check=True, stdout=subprocess.DEVNULL)
    os.environ["SCALING_RUN"] = f"{CLUSTER} mpirun"
    try:
        check(work, hosts=True)
    finally:
        subprocess.run([CLUSTER, "down"], check=False)
    before = os.path.getmtime(f"{work}/series/weak-2/log.jsonl")
    series(work, "1 2 4")  # without hosts now: nothing is left to run
    assert os.path.getmtime(f"{work}/series/weak-2/log.jsonl") == before, "a run that was there was run again"


if __name__ == "__main__":
    main()
