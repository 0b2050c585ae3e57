#!/usr/bin/env python3
"""Every kind of augmentation at once, with images that grow: a run killed in mid-epoch ends with the bits of the unbroken one."""
import lab
import lives

RECIPE = {"epochs": 2, "global_batch": 16, "checkpoint_steps": 4, "augment": "autoaugment", "random_erasing": 0.3, "mixup_alpha": 0.2,
          "cutmix_alpha": 1.0, "min_image_size": 20, "resize_end_epoch": 1, "eval_image_size": 32, "flip": "true"}


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 16)  # 10 steps an epoch
    command = {name: lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/{name}", **RECIPE)) for name in ("whole", "killed")}
    lab.run(command["whole"])
    for step in (6, 16):  # at 20 pixels and at 28
        lives.kill_nine(lives.start_and_wait(command["killed"], f"{work}/killed", step))
    lab.run(command["killed"])
    lab.assert_same_weights(f"{work}/whole/checkpoints/checkpoint.pt", f"{work}/killed/checkpoints/checkpoint.pt")
    for kind in ("step", "epoch"):
        assert lives.rows(f"{work}/killed", kind) == lives.rows(f"{work}/whole", kind), f"{kind} rows differ"

    odd = lab.run(lab.train_command(f"{work}/data", f"{work}/odd", **{**RECIPE, "global_batch": 15}), expect=2)
    assert "mixup_alpha and cutmix_alpha mix images two by two" in odd, odd
    print("killed and resumed: the same bits and rows")


if __name__ == "__main__":
    main()
