#!/usr/bin/env python3
"""checkpoint import and export: torchvision's strict load_state_dict() and the safetensors package as referees, and what is refused."""
import json

import lab


def words(*parts):
    return [lab.TRAINER, "checkpoint", *parts]


def refused(code, *parts, says):
    out = lab.run(words(*parts), expect=code)
    for text in says:
        assert text in out, f"{text!r} is not in:\n{out}"
    assert out.count("\n") == 1, f"more than one line:\n{out}"


def assert_equal(a, b, order=True):
    import torch
    assert (list(a) == list(b)) if order else (set(a) == set(b)), "other names"
    for name, tensor in a.items():
        assert tensor.dtype == b[name].dtype and torch.equal(tensor, b[name]), f"{name} differs"


def torchvision_state(name, classes=10):
    """Weights that say where they came from: no two values alike by chance, counters that are not 0."""
    import torch
    import torchvision
    torch.manual_seed(4)
    model = getattr(torchvision.models, name)(num_classes=classes)
    for key, buffer in model.named_buffers():
        buffer.copy_(torch.tensor(17) if key.endswith("tracked") else torch.rand_like(buffer) + 0.5)
    return model.state_dict()


def check_round_trip(work, name):
    """torchvision -> ours -> torchvision and safetensors -> ours: every bit."""
    import safetensors.torch
    import torch
    import torchvision
    state = torchvision_state(name)
    torch.save(state, f"{work}/{name}.pth")
    said = json.loads(lab.run(words("import", f"{work}/{name}.pth", f"{work}/{name}.pt", "--json")))
    assert (said["model"], said["classes"], said["tensors"]) == (name, 10, len(state)), said
    assert_equal(lab.load(f"{work}/{name}.pt")["model"], state)
    lab.run(words("verify", f"{work}/{name}.pt"))

    lab.run(words("export", f"{work}/{name}.pt", f"{work}/{name}_out.pth"))
    lab.run(words("export", f"{work}/{name}.pt", f"{work}/{name}.safetensors"))
    model = getattr(torchvision.models, name)(num_classes=10)
    for loaded in (lab.load(f"{work}/{name}_out.pth"), safetensors.torch.load_file(f"{work}/{name}.safetensors")):
        assert_equal(dict(loaded), state, order=False)
        assert all(tensor.is_contiguous() for tensor in loaded.values())
        model.load_state_dict(loaded, strict=True)
    assert list(lab.load(f"{work}/{name}_out.pth")) == list(state)
    with open(f"{work}/{name}.safetensors", "rb") as file:
        ours = file.read()
    assert ours == safetensors.torch.save({key: tensor.contiguous() for key, tensor in state.items()}), "not the package's bytes"

    safetensors.torch.save_file(state, f"{work}/{name}_py.safetensors", metadata={"format": "pt"})
    lab.run(words("import", f"{work}/{name}_py.safetensors", f"{work}/{name}_again.pt"))
    assert_equal(lab.load(f"{work}/{name}_again.pt")["model"], state)


def check_shapes_of_files(work):
    """All that people's checkpoints look like; the same weights come out."""
    import torch
    state = torchvision_state("resnet18")
    wrapped = {f"module.{key}": tensor for key, tensor in state.items()}
    twice = {f"module.model.{key}": tensor for key, tensor in state.items()}
    compiled = {f"_orig_mod.module.{key}": tensor for key, tensor in state.items()}
    old = {key: tensor for key, tensor in state.items() if not key.endswith("num_batches_tracked")}
    files = {"model": {"model": wrapped, "epoch": 3}, "state_dict": {"state_dict": twice, "best_acc1": torch.tensor(7.5)}, "bare": compiled,
             "half": {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()},
             "old": old}
    for name, content in files.items():
        torch.save(content, f"{work}/{name}.pth")
        lab.run(words("import", f"{work}/{name}.pth", f"{work}/from_{name}.pt"))
        loaded = lab.load(f"{work}/from_{name}.pt")["model"]
        expected = state
        if name == "half":
            expected = {key: tensor.half().to(tensor.dtype) for key, tensor in state.items()}
        if name == "old":
            expected = {key: old.get(key, torch.zeros_like(tensor)) for key, tensor in state.items()}
        assert_equal(loaded, expected)


def check_refusals(work):
    import torch
    state = torchvision_state("resnet18")

    def saved(name, change):
        content = dict(state)
        change(content)
        torch.save(content, f"{work}/{name}.pth")
        return f"{work}/{name}.pth"
    out = f"{work}/never.pt"
    refused(2, "import", saved("missing", lambda s: s.pop("layer3.0.bn2.weight")), out, says=["missing.pth has no layer3.0.bn2.weight"])
    refused(2, "import", saved("extra", lambda s: s.update({"layer9.weight": torch.zeros(1)})), out, says=["layer9.weight"])
    refused(2, "import", saved("shape", lambda s: s.update({"layer1.0.conv1.weight": torch.zeros(64, 64, 1, 1)})), out,
            says=["layer1.0.conv1.weight has shape [64, 64, 1, 1]", "[64, 64, 3, 3]"])
    refused(2, "import", saved("counter", lambda s: s.pop("bn1.num_batches_tracked")), out, says=["bn1.num_batches_tracked"])
    refused(2, "import", saved("other", lambda s: (s.clear(), s.update({"features.0.weight": torch.zeros(2)}))), out,
            says=["no model here", "features.0.weight"])
    refused(2, "import", f"{work}/resnet18.pth", out, "--model", "resnet34", says=["layer1.2.conv1.weight"])
    torch.save(state, f"{work}/legacy.pth", _use_new_zipfile_serialization=False)
    refused(2, "import", f"{work}/legacy.pth", out, says=["before PyTorch 1.6"])
    refused(2, "export", f"{work}/resnet18.pt", f"{work}/resnet18.onnx", says=["does not say its format"])
    refused(2, "export", f"{work}/resnet18.pt", f"{work}/resnet18.safetensors", says=["exists already"])
    refused(2, "export", f"{work}/resnet18.pt", f"{work}/ema.pth", "--weights", "ema", says=["no averaged weights"])
    refused(4, "import", f"{work}/nowhere.pth", out, says=["nowhere.pth"])
    with open(f"{work}/resnet18.safetensors", "rb") as file:
        content = file.read()
    with open(f"{work}/cut.safetensors", "wb") as file:
        file.write(content[:-1])
    refused(3, "import", f"{work}/cut.safetensors", out, says=["cut.safetensors", "cut off"])


def main():
    work = lab.workdir()
    for name in ("resnet18", "resnet50", "resnext50_32x4d"):
        check_round_trip(work, name)
    check_shapes_of_files(work)
    check_refusals(work)
    print("both ways, every bit")


if __name__ == "__main__":
    main()
