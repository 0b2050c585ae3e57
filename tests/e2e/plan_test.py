#!/usr/bin/env python3
"""plan without data or GPU, and every configuration of configs/: it parses, has a plan, and says on top what it gives and who says so."""
import glob
import json
import os
import re

import lab

# A configuration's comment: what it is, what to expect, and whether that was published or measured.
EXPECTED = re.compile(r"^# Expected: .+ % top-1|^# Expected: not known", re.M)
PUBLISHED = re.compile(r"Published elsewhere \([^)]*(arXiv:\d{4}\.\d{5}|README)[^)]*\), not measured")
MEASURED = re.compile(r"Measured here: \d+\.\d+ % \([^)]*\d{4}-\d\d-\d\d\)")


def head_of(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    head = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    assert all(len(line) <= 160 for line in lines), f"{path}: a line is too long to read"
    return "\n".join(lines[:head])


def plan(*words, expect=0):
    return lab.run([lab.TRAINER, "plan", *words], expect=expect)


def check_config(path):
    head = head_of(path)
    assert EXPECTED.search(head), f"{path}: its comment must have a line '# Expected: … % top-1'"
    said = [bool(PUBLISHED.search(head.replace("\n# ", " "))), bool(MEASURED.search(head.replace("\n# ", " ")))]
    assert sum(said) == 1, f"{path}: its comment must say 'Published elsewhere (source), not measured here' or 'Measured here: N % (how, date)'"
    small = os.path.basename(path).startswith(("fashion", "cpu_"))
    made = json.loads(plan("--config", path, "--data_set", "fashion-mnist" if small else "imagenet", "--nodes", "1,2", "--json"))
    possible = [row for row in made["machines"] if "refusal" not in row]
    assert possible and len(made["machines"]) == 8, made["machines"]
    assert made["total_steps"] == made["epochs"] * made["steps_per_epoch"] == len(made["rates"]) * made["steps_per_epoch"]
    for row in possible:
        assert row["rank_batch"] * row["ranks"] == made["global_batch"]
        assert 0 < row["step_s"] and 0 < row["dollars"] and 0 < row["comm_bytes"] and all("(" in line for line in row["assumptions"])
    print(f"{os.path.basename(path)}: {len(possible)} of {len(made['machines'])} machines, {made['total_steps']} steps")


def saved_elements(name, pixels):
    """What autograd keeps of one image's forward pass with PyTorch: bytes of all saved storages but the parameters', as float32."""
    import torch
    import torchvision
    model = getattr(torchvision.models, name)()
    own = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor
    sizes = {}
    for count in (2, 4):
        kept.clear()
        images = torch.randn(count, 3, pixels, pixels)
        own.add(images.untyped_storage().data_ptr())
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            output = model(images)
        sizes[count] = sum(size for size, _ in kept.values())
        del output
    return (sizes[4] - sizes[2]) / 2 / 4


def check_memory():
    """Twice the micro-batch on a machine without fixed memory: the difference is what the images leave, as PyTorch keeps it."""
    for name, pixels in (("resnet18", 64), ("resnet50", 96)):
        rows = [json.loads(plan("--model", name, "--image_size", pixels, "--global_batch", 2 * share, "--machine", "cpu", "--json"))
                for share in (1000, 2000)]
        ours = (rows[1]["machines"][0]["memory_gb"] - rows[0]["machines"][0]["memory_gb"]) * 1e9 / 4 / 1000 - 3 * pixels * pixels
        theirs = saved_elements(name, pixels)
        print(f"{name} at {pixels}: {ours:.0f} elements an image, PyTorch keeps {theirs:.0f}")
        assert abs(ours / theirs - 1) < 0.001, "memory is far from what autograd keeps"


def refused(*words, says):
    out = plan(*words, expect=2)
    assert says in out and out.count("\n") == 1, out


def main():
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    configs = sorted(glob.glob(f"{lab.SOURCE}/configs/*.cfg"))
    assert len(configs) >= 10, configs
    for path in configs:
        check_config(path)
    check_memory()

    text = plan("--config", f"{lab.SOURCE}/configs/imagenet_resnet50.cfg", "--machine", "p4d", "--nodes", "1,2", "--precision", "bf16")
    for part in ("5004 an epoch, 450360 in 90 epochs", "25557032 parameters", "4.089 billion", "estimates, not measurements", "DeepLearningExamples"):
        assert part in text, f"{part!r} is not in:\n{text}"

    # The same errors as training's, with the same exit code.
    refused("--machine", "p4d", "--global_batch", 100, says="global_batch 100 can't be dealt to 8 ranks")
    refused("--machine", "p5", says="p5 is not in the table")
    refused("--data_set", "imagnet", says="did you mean 'imagenet'")
    refused("--nodes", "0", says="nodes takes")

    work = lab.workdir()
    with open(f"{lab.SOURCE}/configs/machines.json", encoding="utf-8") as file:
        table = json.load(file)
    table["machines"]["p4d"]["price_per_hour"]["value"] = 1000
    with open(f"{work}/mine.json", "w", encoding="utf-8") as file:
        json.dump(table, file)
    usual, mine = (json.loads(plan("--machine", "p4d", "--precision", "bf16", "--json", *words))["machines"][0]["dollars"]
                   for words in ((), ("--table", f"{work}/mine.json")))
    assert mine > 40 * usual, (usual, mine)

    lab.pack(f"{work}/data", 20)
    made = json.loads(plan("--data", f"{work}/data", "--machine", "cpu", "--global_batch", 20, "--image_size", 28, "--json"))
    assert made["steps_per_epoch"] == 10, made


if __name__ == "__main__":
    main()
