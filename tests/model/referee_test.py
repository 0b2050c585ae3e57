#!/usr/bin/env python3
"""Our ResNets against torchvision's: names, order, shapes and dtypes; logits, loss, every gradient and running statistic."""
import os
import sys

import torch
import torchvision

sys.path.insert(0, f"{os.environ['RINGMASTER_SOURCE']}/tests/support")
import referee  # noqa: E402

LOGITS, GRADIENTS = 1e-5, 1e-4


class BlurConv(torch.nn.Module):
    """A binomial filter, then the convolution: as Composer (blur_first) and FFCV's recipe do."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("blur_filter", (torch.outer(row, row) / 16).repeat(conv.in_channels, 1, 1, 1))

    def forward(self, x):
        return self.conv(torch.nn.functional.conv2d(x, self.blur_filter, padding=1, groups=self.conv.in_channels))


class BlurMaxPool(torch.nn.Module):
    """The largest of 3x3 at every pixel, blurred, then every second."""

    def __init__(self):
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("filt2d", (torch.outer(row, row) / 16).view(1, 1, 3, 3))

    def forward(self, x):
        largest = torch.nn.functional.max_pool2d(x, 3, stride=1, padding=1)
        return torch.nn.functional.conv2d(largest, self.filt2d.repeat(x.shape[1], 1, 1, 1), stride=2, padding=1, groups=x.shape[1])


def blurred(model, kind):
    def visit(module):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.Conv2d) and max(child.stride) > 1 and child.in_channels >= 16:
                setattr(module, name, BlurConv(child))
            else:
                visit(child)
    if kind != "off":
        visit(model)
    if kind == "all":
        model.maxpool = BlurMaxPool()
    return model


def residual_blocks(model):
    return [block for stage in (model.layer1, model.layer2, model.layer3, model.layer4) for block in stage]


def with_stochastic_depth(model, scales):
    """Multiplies each block's branch, which ends in its last batch norm, by that block's row: what torchvision.ops.stochastic_depth
    does in mode "row" with the noise that it drew."""
    for block, scale in zip(residual_blocks(model), scales, strict=True):
        last = block.bn3 if hasattr(block, "bn3") else block.bn2
        last.register_forward_hook(lambda _module, _inputs, output, scale=scale: output * scale.view(-1, 1, 1, 1))


def check_depth_is_torchvisions(scales, rate):
    """Of each block's row: the same values as torchvision gives, which divides by the chance to survive."""
    blocks = scales.shape[0]
    for index, row in enumerate(scales):
        drop = rate * (index + 1) / blocks
        theirs = torchvision.ops.stochastic_depth(torch.ones(4000, 1), drop, "row", training=True)
        assert set(row.unique().tolist()) <= set(theirs.unique().tolist()), f"block {index}: {row.unique()}, not {theirs.unique()}"


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


def check_blur_state(work, kind):
    referee.tool("fresh", name="resnet50", classes=17, blur_pool=kind, out=f"{work}/blur.pt")
    ours = referee.load(f"{work}/blur.pt")["model"]
    plain = torchvision.models.resnet50(num_classes=17)
    model = blurred(torchvision.models.resnet50(num_classes=17), kind)
    assert list(ours) == list(model.state_dict()), f"blur_pool {kind}: names or their order differ"
    model.load_state_dict(ours, strict=True)
    assert plain.load_state_dict(ours, strict=False).missing_keys, "weights with blur must not go into a network without"


def check_gradients(work, name, size, small_input=False, blur_pool="off", stochastic_depth=0.0):
    torch.manual_seed(1)
    model = torchvision.models.get_model(name, num_classes=11)
    if small_input:
        model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = torch.nn.Identity()
    model = blurred(model, blur_pool)
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
    referee.tool("gradients", name=name, classes=11, small_input=int(small_input), label_smoothing=0.1, blur_pool=blur_pool,
                 stochastic_depth=stochastic_depth, **{"in": f"{work}/in.pt", "out": f"{work}/out.pt"})
    ours = referee.load(f"{work}/out.pt")["model"]
    if stochastic_depth:
        assert (ours["branch_scales"] == 0).any() and (ours["branch_scales"] != 0).any()
        check_depth_is_torchvisions(ours["branch_scales"], stochastic_depth)
        with_stochastic_depth(model, ours["branch_scales"])
    logits = model(images.contiguous(memory_format=torch.channels_last))
    loss = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=0.1)
    loss.backward()
    worst = max(referee.assert_close("logits in evaluation", ours["eval_logits"], eval_logits, LOGITS),
                referee.assert_close("logits", ours["logits"], logits.detach(), LOGITS))
    referee.assert_close("loss", ours["loss"], loss.detach(), 1e-6)
    gradients = [referee.assert_close(key, ours[f"grad.{key}"], parameter.grad, GRADIENTS)
                 for key, parameter in model.named_parameters()]
    for key, tensor in model.state_dict().items():
        referee.assert_close(f"state {key}", ours[f"state.{key}"], tensor, 1e-5)
    options = f", blur_pool {blur_pool}, stochastic depth {stochastic_depth}"
    print(f"{name} at {size} px{options}: logits {worst:.2g}, worst of {len(gradients)} gradients {max(gradients):.2g}")


def main():
    work = referee.workdir()
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "resnext50_32x4d"):
        check_state(work, name)
    for name in ("resnet18", "resnet50"):
        check_gradients(work, name, 96)
    check_gradients(work, "resnext50_32x4d", 64)
    check_gradients(work, "resnet18", 32, small_input=True)
    for kind in ("convs", "all"):
        check_blur_state(work, kind)
        check_gradients(work, "resnet18", 96, blur_pool=kind)
    check_gradients(work, "resnet50", 64, blur_pool="all", stochastic_depth=0.5)
    check_gradients(work, "resnet18", 64, stochastic_depth=0.5)


if __name__ == "__main__":
    main()
