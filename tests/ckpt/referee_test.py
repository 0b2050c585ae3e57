#!/usr/bin/env python3
"""Our files in PyTorch, and PyTorch's files (sound, odd and hostile ones) in ours."""
import argparse
import collections
import io
import os
import pickle
import sys
import zipfile

import torch
import torchvision

sys.path.insert(0, f"{os.environ['RINGMASTER_SOURCE']}/tests/support")
import referee  # noqa: E402


def ours_in_pytorch(work):
    """Weights go into torchvision strictly, the optimizer into torch.optim.SGD, and that goes on as if it had been its own."""
    torch.manual_seed(3)
    model = torch.nn.Linear(20, 10)
    start = {f"p.{name}": parameter.detach().clone() for name, parameter in sorted(model.named_parameters())}
    gradients = [{name: torch.randn_like(parameter) for name, parameter in model.named_parameters()} for _ in range(3)]

    def step(wanted, net, sgd):
        for name, parameter in net.named_parameters():
            parameter.grad = wanted[name].clone()
        sgd.step()

    # Names sort as "bias", "weight": the order in which our tool numbers them.
    numbered = torch.optim.SGD([model.bias, model.weight], lr=0.1, momentum=0.9, weight_decay=1e-3, nesterov=True)
    for wanted in gradients[:2]:
        step(wanted, model, numbered)
    flat = dict(start)
    for index, wanted in enumerate(gradients[:2]):
        flat |= {f"g.{index}.{name}": tensor for name, tensor in wanted.items()}
    torch.save(flat, f"{work}/in.pt")
    referee.tool("optimize", steps=2, lr=0.1, momentum=0.9, weight_decay=1e-3, nesterov=1,
                 **{"in": f"{work}/in.pt", "out": f"{work}/a.pt"})
    saved = referee.load(f"{work}/a.pt")
    other = torch.nn.Linear(20, 10)
    other.load_state_dict(saved["model"], strict=True)
    resumed = torch.optim.SGD([other.bias, other.weight], lr=99.0)
    resumed.load_state_dict(saved["optimizer"])
    group = resumed.param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"], group["nesterov"]) == (0.1, 0.9, 1e-3, True), group
    step(gradients[2], model, numbered)
    step(gradients[2], other, resumed)
    for name, parameter in model.named_parameters():
        referee.assert_close(name, dict(other.named_parameters())[name].detach(), parameter.detach(), 1e-6)

    referee.tool("resave", **{"in": f"{work}/a.pt", "out": f"{work}/b.pt"})
    with open(f"{work}/a.pt", "rb") as a, open(f"{work}/b.pt", "rb") as b:
        assert a.read() == b.read(), "a checkpoint read and written again is another file"
    assert zipfile.ZipFile(f"{work}/a.pt").testzip() is None
    assert zipfile.ZipFile(f"{work}/a.pt").comment.startswith(b"ringmaster-xxh3-128:")
    assert set(saved) == {"ringmaster_format", "model", "optimizer", "progress", "numbers", "texts"}, set(saved)

    referee.tool("fresh", name="resnet50", out=f"{work}/r.pt")
    torchvision.models.resnet50().load_state_dict(torch.load(f"{work}/r.pt", weights_only=True, mmap=True)["model"], strict=True)


def same(path, wanted):
    ours = referee.load(path)["model"]
    assert list(ours) == list(wanted), (list(ours)[:5], list(wanted)[:5])
    for name, tensor in wanted.items():
        assert ours[name].dtype == tensor.dtype and torch.equal(ours[name], tensor), name


def pytorch_in_ours(work):
    def check(content, wanted, **save):
        torch.save(content, f"{work}/theirs.pt", **save)
        referee.tool("weights", **{"in": f"{work}/theirs.pt", "out": f"{work}/back.pt"})
        same(f"{work}/back.pt", wanted)

    model = torchvision.models.resnet18(num_classes=5)
    state = model.state_dict()
    check(state, state)
    check({"model": state}, state)
    check({"epoch": 3, "state_dict": dict(state), "best": 0.5, "big": 1 << 100, "set": {1, 2}, "bytes": b"x"}, state)
    # As a training script saves it: DDP's names, the optimizer, a scheduler's state, arguments of a class of their own.
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(2, 3, 64, 64)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=10)
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    check({"model": state, "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(),
           "args": argparse.Namespace(lr=0.1, names=["a"]), "rng": torch.get_rng_state()}, state)
    check({name: torch.nn.Parameter(tensor) for name, tensor in state.items() if tensor.is_floating_point()},
          {name: tensor for name, tensor in state.items() if tensor.is_floating_point()})
    # Views: transposed, sliced, of one storage, expanded within it; every element type.
    base = torch.arange(60.0).reshape(3, 4, 5)
    odd = {"t": base.permute(2, 0, 1), "s": base[1:, ::2, 3], "whole": base, "scalar": torch.tensor(7), "none": torch.empty(0, 3),
           "cl": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)}
    odd |= {str(dtype): torch.tensor([0, 1, 1]).to(dtype) for dtype in
            (torch.float64, torch.float16, torch.bfloat16, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
    check(odd, odd)


class Storage:
    def __init__(self, kind, key, count):
        self.id = ("storage", kind, key, "cpu", count)


class Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, Storage) else None


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def tensor(offset=0, size=(4,), stride=(1,), key="0", count=4, kind=torch.FloatStorage):
    """What torch.save pickles for a tensor, right or wrong."""
    rebuild = torch._utils._rebuild_tensor_v2  # pylint: disable=protected-access
    return Call(rebuild, Storage(kind, key, count), offset, size, stride, False, collections.OrderedDict())


def write_archive(path, root, storage=bytes(16), compress=zipfile.ZIP_STORED, byteorder=b"little"):
    """The file of `root` and of one storage, whole and with right CRCs."""
    out = io.BytesIO()
    Pickler(out, 2).dump(root)
    with zipfile.ZipFile(path, "w", compress) as file:
        file.writestr("archive/data.pkl", out.getvalue())
        file.writestr("archive/byteorder", byteorder)
        file.writestr("archive/data/0", storage)


def hostile_weights(work):
    """Files that lie: each is refused, by name, in a moment and in little memory."""

    def refused(root, part, code=3, **options):
        write_archive(f"{work}/hostile.pt", root, **options)
        error = referee.tool("weights", expect=code, **{"in": f"{work}/hostile.pt", "out": f"{work}/never.pt"})
        assert part in error and "hostile.pt" in error, f"{part!r} or the file's name is not in: {error}"

    write_archive(f"{work}/hostile.pt", {"w": tensor()})
    referee.tool("weights", **{"in": f"{work}/hostile.pt", "out": f"{work}/back.pt"})
    same(f"{work}/back.pt", {"w": torch.zeros(4)})
    for lie in ({"size": (5,)}, {"offset": 1}, {"offset": -1}, {"size": (-4,)}, {"stride": (-1,)}, {"size": (2, 2)},
                {"size": (1 << 40,), "stride": (0,)}, {"size": (1 << 32, 1 << 32, 4), "stride": (0, 0, 1)},
                {"size": (3, 1 << 62), "stride": (1 << 62, 1)}, {"size": (1,) * 30, "stride": (1,) * 30}):
        refused({"w": tensor(**lie)}, "outside its storage")
    refused({"w": tensor(count=1 << 60)}, "another size")
    refused({"w": tensor(), "x": tensor(kind=torch.IntStorage)}, "two element types")
    refused({"w": tensor()}, "another size", storage=bytes(15))
    refused({"w": tensor(key="9")}, "missing")
    refused({"w": tensor(key="../data.pkl")}, "missing")
    refused({"w": tensor(size=4)}, "without a shape")
    refused({"w": tensor(size=("a",))}, "no number")
    refused({"w": tensor(kind=torch.ComplexFloatStorage)}, "ComplexFloatStorage", code=2)
    refused({"w": tensor(), "v": 3}, "v is no tensor")
    refused({"w": tensor(), 3: tensor()}, "no text")
    refused([tensor()], "no weights")
    refused({"w": Call(os.system, "true")}, "no weights")
    refused({"w": tensor()}, "compressed", compress=zipfile.ZIP_DEFLATED)
    refused({"w": tensor()}, "big-endian", code=2, byteorder=b"big")
    torch.save({"w": torch.zeros(3)}, f"{work}/old.pt", _use_new_zipfile_serialization=False)
    assert "not a zip file" in referee.tool("weights", expect=3, **{"in": f"{work}/old.pt", "out": f"{work}/never.pt"})
    assert not os.path.exists(f"{work}/never.pt")


def odd_snapshots(work):
    """Checkpoints with the right checksum that are not a run's, or a later version's."""
    group = {"lr": 0.1, "momentum": 0, "dampening": 0, "weight_decay": 0.5, "nesterov": False, "params": [0]}
    good = {"ringmaster_format": 1, "model": {"w": tensor()}, "progress": {"step": 3}, "numbers": {"x": 0.5}, "texts": {"t": "x"},
            "optimizer": {"state": {0: {"momentum_buffer": tensor()}}, "param_groups": [group]}}

    def resave(change, expect):
        write_archive(f"{work}/open.pt", {**good, **change})
        referee.tool("seal", **{"in": f"{work}/open.pt", "out": f"{work}/sealed.pt"})
        return referee.tool("resave", expect=expect, **{"in": f"{work}/sealed.pt", "out": f"{work}/resaved.pt"})

    resave({}, 0)
    assert referee.load(f"{work}/resaved.pt")["optimizer"]["param_groups"][0]["weight_decay"] == 0.5
    assert "layout 2" in resave({"ringmaster_format": 2}, 2)
    for key in good:
        assert key in resave({key: None}, 3), key
    assert "wrong type" in resave({"progress": {"step": "three"}}, 3)
    assert "in no group" in resave({"optimizer": {"state": {1: {}}, "param_groups": [group]}}, 3)
    assert "in no group" in resave({"optimizer": {"state": {-1: {}}, "param_groups": [group]}}, 3)
    assert "nesterov" in resave({"optimizer": {"state": {}, "param_groups": [{**group, "nesterov": 1}]}}, 3)
    # A later version's checkpoint is not damage: falling back to an older one would lose what it holds.
    os.mkdir(f"{work}/run")
    resave({}, 0)
    os.rename(f"{work}/sealed.pt", f"{work}/run/model_000.pt")
    assert "model_000.pt" in referee.tool("newest", folder=f"{work}/run")
    resave({"ringmaster_format": 2}, 2)
    os.rename(f"{work}/sealed.pt", f"{work}/run/checkpoint.pt")
    assert "layout 2" in referee.tool("newest", expect=2, folder=f"{work}/run")
    # A foreign file has no checksum over all its bytes: it is no checkpoint to go on from.
    torch.save({"model": {}}, f"{work}/foreign.pt")
    assert "checksum" in referee.tool("resave", expect=3, **{"in": f"{work}/foreign.pt", "out": f"{work}/never.pt"})


def main():
    work = referee.workdir()
    ours_in_pytorch(work)
    pytorch_in_ours(work)
    hostile_weights(work)
    odd_snapshots(work)


if __name__ == "__main__":
    main()
