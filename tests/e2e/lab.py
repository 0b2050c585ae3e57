"""What the end-to-end tests share: the programs, small shards of real images, ranks, and how to read what a run wrote."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ["RINGMASTER_SOURCE"], os.environ["RINGMASTER_BUILD"]
FASHION = "/usr/share/datasets/fashion-mnist"
SHARDER, TRAINER = f"{BUILD}/bin/ringmaster-shard", f"{BUILD}/bin/ringmaster"
# A run of seconds: ResNet-18 on 28-pixel images, no randomness but order.
SMALL = {"model": "resnet18", "image_size": 28, "eval_resize": 0, "crop": "none", "flip": "false", "device": "cpu", "threads": 1, "seed": 3,
         "max_lr": 0.05, "weight_decay": 5e-4, "log_steps": 1, "step_deadline_s": 60,
         "spot_notices": "off"}


def workdir():
    """A fresh folder that goes away with the test."""
    import atexit
    path = tempfile.mkdtemp(prefix="ringmaster_e2e.")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def run(command, expect=0, **kwargs):
    """Runs to the end, within five minutes; the output is shown where the exit code is not the expected one."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300, check=False, **kwargs)
    if done.returncode != expect:
        print(done.stdout)
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}, not {expect}")
    return done.stdout


def ranks(count, command):
    """`command` on `count` ranks of this machine; a single rank is started without a launcher."""
    return list(command) if count == 1 else [f"{SOURCE}/launch/local_mpirun.sh", count, *command]


def pack(out, per_class, *options):
    return run([SHARDER, "pack", "--input", FASHION, "--output", out, "--subset", per_class, "--shards", 3, *options])


def train_command(data, folder, *words, **keys):
    options = [word for key, value in {**SMALL, **keys}.items() for word in (f"--{key}", value)]
    return [TRAINER, "train", "--data", data, "--run", folder, *options, *words]


def lines(folder, kind):
    with open(f"{folder}/log.jsonl", encoding="utf-8") as file:
        return [entry for entry in map(json.loads, file) if entry["kind"] == kind]


def normalised(pixels):
    """[N, 3, H, W] of 0 to 255, with ImageNet's mean and deviation: (x / 255 - mean) / deviation, rounded as the loader rounds it,
    for training makes much of an input's last bit."""
    import torch
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return pixels * (1 / (255 * deviation))[:, None, None] + (-mean / deviation)[:, None, None]


def _pixels_of(record):
    """[height, width, 3] of a raw or PNG record."""
    import io
    import numpy
    from PIL import Image
    if record["codec"] == 3:
        grey = numpy.frombuffer(record["payload"], numpy.uint8).reshape(record["height"], record["width"], 1)
        return numpy.repeat(grey, 3, axis=2)
    return numpy.array(Image.open(io.BytesIO(record["payload"])).convert("RGB"))


def images_of(data, split):
    """All images of a split as PyTorch wants them, normalised, and their labels: read by the format's own page, not by our code."""
    import torch
    sys.path.insert(0, f"{SOURCE}/tests/support")
    from shard_by_the_book import read_shard
    records = []
    for name in sorted(os.listdir(data)):
        if name.startswith(f"{split}-"):
            with open(f"{data}/{name}", "rb") as file:
                records += read_shard(file.read())["records"]
    pixels = torch.stack([torch.from_numpy(_pixels_of(record)).permute(2, 0, 1).float() for record in records])
    return normalised(pixels), torch.tensor([record["label"] for record in records])


def load(path):
    import torch
    return torch.load(path, weights_only=True, map_location="cpu")


def assert_same_weights(path_a, path_b):
    """Every tensor of the two checkpoints' models, averages and optimizers has the same bits."""
    import torch
    a, b = load(path_a), load(path_b)
    assert list(a["model"]) == list(b["model"])
    for name, tensor in a["model"].items():
        assert torch.equal(tensor, b["model"][name]), f"{name} differs"
    assert a.get("ema", {}).keys() == b.get("ema", {}).keys()
    for name, tensor in a.get("ema", {}).items():
        assert torch.equal(tensor, b["ema"][name]), f"the average of {name} differs"
    momentum_a, momentum_b = a["optimizer"]["state"], b["optimizer"]["state"]
    assert momentum_a.keys() == momentum_b.keys() and len(momentum_a) > 0
    for index, state in momentum_a.items():
        assert torch.equal(state["momentum_buffer"], momentum_b[index]["momentum_buffer"]), f"momentum {index} differs"
