#!/usr/bin/env python3
"""Our ResNets against torchvision's: names, order, shapes and dtypes; logits, loss, every gradient and running statistic."""
import os
import sys

import torch
import torchvision

sys.path.insert(0, f"{os.environ['RINGMASTER_SOURCE']}/tests/support")
import referee  # noqa: E402

LOGITS, GRADIENTS = 1e-5, 1e-4


def check_state(work, name):
    referee.tool("fresh", name=name, classes=17, out=f"{work}/fresh.pt")
    ours = referee.load(f"{work}/fresh.pt")["model"]
    model = torchvision.models.get_model(name, num_classes=17)
    theirs = model.state_dict()
    assert list(ours) == list(theirs), f"{name}: names or their order differ"
    for key, tensor in theirs.items():
        assert ours[key].shape == tensor.shape and ours[key].dtype == tensor.dtype, f"{name}: {key}"
        if tensor.dim() == 4 and tensor.numel() > 50000:
            assert abs(ours[key].std() / tensor.std() - 1) < 0.05, f"{name}: {key} is not drawn as torchvision does"
    model.load_state_dict(ours, strict=True)


def check_gradients(work, name, size, small_input=False):
    torch.manual_seed(1)
    model = torchvision.models.get_model(name, num_classes=11)
    if small_input:
        model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = torch.nn.Identity()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point() and tensor.dim() == 1:
            tensor.add_(torch.rand_like(tensor) * 0.2)  # or scales of 1 and shifts of 0 would hide a mix-up
    images, targets = torch.randn(6, 3, size, size), torch.randint(0, 11, (6,))
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    torch.save({**state, "images": images, "targets": targets}, f"{work}/in.pt")

    model.eval()
    eval_logits = model(images).detach()
    # Rounding flips a few rectifiers, and batch norm over so few pixels magnifies it: in training mode torchvision's own float32
    # gradients differ by 1e-2 from those in double precision, and as much between memory formats. So the referee uses ours.
    model.train().to(memory_format=torch.channels_last)
    logits = model(images.contiguous(memory_format=torch.channels_last))
    loss = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=0.1)
    loss.backward()
    referee.tool("gradients", name=name, classes=11, small_input=int(small_input), label_smoothing=0.1,
                 **{"in": f"{work}/in.pt", "out": f"{work}/out.pt"})
    ours = referee.load(f"{work}/out.pt")["model"]
    worst = max(referee.assert_close("logits in evaluation", ours["eval_logits"], eval_logits, LOGITS),
                referee.assert_close("logits", ours["logits"], logits.detach(), LOGITS))
    referee.assert_close("loss", ours["loss"], loss.detach(), 1e-6)
    gradients = [referee.assert_close(key, ours[f"grad.{key}"], parameter.grad, GRADIENTS)
                 for key, parameter in model.named_parameters()]
    for key, tensor in model.state_dict().items():
        referee.assert_close(f"state {key}", ours[f"state.{key}"], tensor, 1e-5)
    print(f"{name} at {size} px: logits {worst:.2g}, worst of {len(gradients)} gradients {max(gradients):.2g}")


def main():
    work = referee.workdir()
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "resnext50_32x4d"):
        check_state(work, name)
    for name in ("resnet18", "resnet50"):
        check_gradients(work, name, 96)
    check_gradients(work, "resnext50_32x4d", 64)
    check_gradients(work, "resnet18", 32, small_input=True)


if __name__ == "__main__":
    main()
