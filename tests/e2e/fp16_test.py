#!/usr/bin/env python3
"""Training in float16: the loss scale goes as torch.amp.GradScaler's would, steps that overflow are counted, logged and change nothing,
rates and averages wait for them; a run that was killed and goes on ends with the bits of the unbroken one."""
import lab
import lives

# 160 images: 10 steps an epoch, of a second each, for processors compute float16 slowly.
RECIPE = {"epochs": 2, "global_batch": 16, "checkpoint_steps": 4, "ema_decay": 0.9, "clip_norm": 5, "precision": "fp16"}
STEPS, MAX_LR = 20, lab.SMALL["max_lr"]


def check_log(folder):
    """Against GradScaler and OneCycleLR, given which steps overflowed."""
    import torch
    rows, skips = lab.lines(folder, "step"), lab.lines(folder, "skip")
    assert len(rows) == STEPS
    overflows = {row["step"] for row in skips}
    assert overflows and all(row["reason"] == "overflow" for row in skips), "no step overflowed: this test sees nothing"
    assert overflows == {row["step"] for row in rows if row.get("skipped")}
    assert [row["skipped_steps"] for row in skips] == list(range(1, len(skips) + 1))

    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=MAX_LR)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, MAX_LR, total_steps=STEPS, cycle_momentum=False)
    scaler = torch.amp.GradScaler("cpu")
    for row in rows:
        rate = optimizer.param_groups[0]["lr"]
        assert abs(row["lr"] - rate) <= 1e-9, f"step {row['step']}: rate {row['lr']}, not {rate}: the schedule did not wait"
        scale = scaler.scale(torch.tensor(1.0)).item()
        assert row["loss_scale"] == scale, f"step {row['step']}: scale {row['loss_scale']}, GradScaler's is {scale}"
        parameter.grad = torch.full((1,), torch.inf if row["step"] in overflows else 0.0)
        scaler.step(optimizer)
        scaler.update()
        if row["step"] not in overflows:
            schedule.step()
    saved = lab.load(f"{folder}/checkpoints/checkpoint.pt")
    assert saved["scaler"] == scaler.state_dict(), f"{saved['scaler']}, GradScaler's is {scaler.state_dict()}"
    assert saved["progress"]["skipped"] == len(skips) and saved["progress"]["step"] == STEPS
    diff = lab.run([lab.TRAINER, "checkpoint", "diff", f"{folder}/checkpoints/model_000.pt", f"{folder}/checkpoints/checkpoint.pt"])
    assert "scaler.growth_tracker" in diff, diff
    print(f"{len(skips)} of {STEPS} steps overflowed; the scale went from {rows[0]['loss_scale']:g} to {saved['scaler']['scale']:g}")


def check_first_step_changes_nothing(work):
    """One step that overflows leaves weights, averages and running statistics at what the run began with."""
    import torch
    lab.pack(f"{work}/few", 1)
    lab.run(lab.train_command(f"{work}/few", f"{work}/single", **{**RECIPE, "epochs": 1, "global_batch": 10}))
    assert lab.lines(f"{work}/single", "skip"), "the only step did not overflow"
    saved = lab.load(f"{work}/single/checkpoints/checkpoint.pt")
    assert not saved["optimizer"]["state"], "momentum of a step that was skipped"
    for name, tensor in saved["model"].items():
        if name.endswith("running_mean"):
            assert torch.equal(tensor, torch.zeros_like(tensor)), f"{name} moved"
        assert torch.equal(tensor, saved["ema"][name]), f"{name}: not what the run began with"


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 16)
    command = {name: lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/{name}", **RECIPE)) for name in ("whole", "killed")}
    lab.run(command["whole"])
    check_log(f"{work}/whole")
    for step in (5, 14):
        lives.kill_nine(lives.start_and_wait(command["killed"], f"{work}/killed", step))
    lab.run(command["killed"])
    lab.assert_same_weights(f"{work}/whole/checkpoints/checkpoint.pt", f"{work}/killed/checkpoints/checkpoint.pt")
    whole, killed = (lab.load(f"{work}/{name}/checkpoints/checkpoint.pt") for name in ("whole", "killed"))
    assert whole["scaler"] == killed["scaler"]
    for kind in ("step", "epoch", "skip"):
        assert lives.rows(f"{work}/killed", kind) == lives.rows(f"{work}/whole", kind), f"{kind} rows differ"
    print("killed and resumed: the same bits, scales and rows")
    check_first_step_changes_nothing(work)


if __name__ == "__main__":
    main()
