#!/usr/bin/env python3
"""What users get wrong: each gets one clear message, the documented exit code, and leaves no damaged file behind."""
import os
import shutil
import subprocess
import sys

import lab


def refused(command, code, *parts, **kwargs):
    out = lab.run(command, expect=code, **kwargs)
    for part in parts:
        assert part in out, f"{part!r} is not in:\n{out}"
    print(f"{code}: {out.strip().splitlines()[-1]}")


def full_disk(work):
    """A run whose folder lies on a file system too small for its checkpoint. Mounted in a private mount namespace: nothing is left."""
    inside = f"{work}/small"
    os.mkdir(inside)
    command = lab.train_command(f"{work}/data", f"{inside}/run", epochs=1, global_batch=16, checkpoint_steps=0)
    script = 'mount -t tmpfs -o size=20m tmpfs "$1" && shift && "$@"; code=$?; ls -R "$0"; exit $code'
    refused(["unshare", "--mount", "sh", "-c", script, inside, inside, *command], 4, "No space left", "checkpoint")
    return lab.run(["unshare", "--mount", "sh", "-c", script, inside, inside, *command], expect=4)


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 8)
    lab.pack(f"{work}/other", 8, "--seed", 5)  # as many images, mixed in another order
    train = lab.train_command

    os.makedirs(f"{work}/empty/train/cat")
    os.makedirs(f"{work}/empty/val/cat")
    refused([lab.SHARDER, "pack", "--input", f"{work}/empty", "--output", f"{work}/out"], 3, "no images", "empty")
    assert not os.path.exists(f"{work}/out/manifest.json")

    refused(train(f"{work}/data", f"{work}/r1", "--max_lrr", 1), 2, "max_lrr", "max_lr")
    refused(train(f"{work}/data", f"{work}/r1", max_lr="fast"), 2, "max_lr", "fast")
    refused(train(f"{work}/data", f"{work}/r1", model="resnet51"), 2, "resnet51", "resnet50")
    refused(train(f"{work}/data", f"{work}/r1", device="cuda"), 2, "cuda")
    refused(train(f"{work}/data", f"{work}/r1", precision="tf32"), 2, "tf32", "GPU", "bf16")
    refused(train(f"{work}/nowhere", f"{work}/r1"), 4, "nowhere")
    refused(lab.ranks(3, train(f"{work}/data", f"{work}/r1", global_batch=16)), 2, "global_batch")
    refused([lab.TRAINER, "trian"], 2, "trian", "train")

    shutil.copytree(f"{work}/data", f"{work}/cut")
    shard = next(name for name in sorted(os.listdir(f"{work}/cut")) if name.startswith("train") and not name.endswith("json"))
    os.truncate(f"{work}/cut/{shard}", os.path.getsize(f"{work}/cut/{shard}") - 100)
    refused(train(f"{work}/cut", f"{work}/r2", global_batch=16), 3, shard)
    refused([lab.SHARDER, "verify", f"{work}/cut"], 3, shard)
    shutil.copytree(f"{work}/data", f"{work}/mixed")
    shutil.copy(f"{work}/other/manifest.json", f"{work}/mixed/manifest.json")
    refused(train(f"{work}/mixed", f"{work}/r2", global_batch=16), 3, "data set")

    lab.run(train(f"{work}/data", f"{work}/run", epochs=1, global_batch=16))
    refused(train(f"{work}/other", f"{work}/run", epochs=1, global_batch=16), 2, "data set")
    refused(train(f"{work}/data", f"{work}/run", epochs=1, global_batch=16, max_lr=0.5), 2, "max_lr")
    refused([lab.TRAINER, "eval", "--checkpoint", f"{work}/data/manifest.json", "--data", f"{work}/data"], 3, "manifest.json")

    if os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0:
        listing = full_disk(work)
        assert ".pt" not in listing.split("checkpoints:")[-1], f"a damaged checkpoint was left:\n{listing}"
    else:
        # Without root there is no small file system to mount; tests/ckpt injects the same error into the same code.
        print("full disk: not tried here, mounting needs root; all else is as it should be")
        sys.exit(77)


if __name__ == "__main__":
    main()
