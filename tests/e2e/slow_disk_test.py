#!/usr/bin/env python3
"""A disk that stands still in the middle of a save: the training goes on, waits for it at the epoch's end no longer than it was told,
says so, and begins no other save meanwhile; what was due is saved once the disk is back."""
import lab
import torture


def main():
    work = lab.workdir()
    torture.pack(f"{work}/data")  # 80 images: 4 steps an epoch
    folder = f"{work}/run"
    said = lab.run([f"{lab.BUILD}/tests/e2e/slow_disk_tool", f"{work}/data", folder])
    log = torture.log_lines(folder)
    assert [row["step"] for row in log if row["kind"] == "step"] == list(range(1, 9)), log
    first = next(i for i, row in enumerate(log) if row["kind"] == "saved")
    before = [(row["kind"], row["step"]) for row in log[:first]]
    assert ("step", 5) in before, f"the training stood still with the disk: {before}"
    assert [step for kind, step in before if kind == "save"] == [1], f"two saves at a time: {before}"
    failed = [row for row in log[:first] if row["kind"] == "save_failed"]
    assert [row["failed_step"] for row in failed] == [4], failed
    assert "still being written after 0.2 s" in failed[0]["error"] and failed[0]["error"] in said, failed
    assert log[first]["saved_step"] == 1, log[first]
    kinds = [row["kind"] for row in log if row["kind"] in ("save", "saved")]
    assert kinds == ["save", "saved"] * (len(kinds) // 2) and len(kinds) > 2, kinds
    assert all(row["wait_s"] >= row["copy_s"] > 0 for row in log if row["kind"] == "save")
    assert lab.load(f"{folder}/checkpoints/checkpoint.pt")["progress"]["step"] == 8
    print(f"the first save stood still for {before[-1][1] - 1} steps; {len(kinds) // 2} saves in all")


if __name__ == "__main__":
    main()
