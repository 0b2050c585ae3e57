#!/usr/bin/env python3
"""SGD, LARS, the average of weights and the schedules against torch.optim or a paper's formula, over whole runs."""
import os
import sys

import torch

sys.path.insert(0, f"{os.environ['RINGMASTER_SOURCE']}/tests/support")
import referee  # noqa: E402

STEPS = 20
RATES = 1e-7


def check_sgd(work, lr_step=0.0, **options):
    torch.manual_seed(2)
    start = {"a.weight": torch.randn(8, 5, 3, 3), "b.bias": torch.randn(7), "c.weight": torch.randn(1000, 33)}
    gradients = [{name: torch.randn_like(tensor) for name, tensor in start.items()} for _ in range(STEPS)]
    parameters = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in start.items()}
    exempt = not options.pop("decay_norm_and_bias", True)
    groups = [{"params": [p for p in parameters.values() if p.dim() >= 2 or not exempt]}]
    if exempt:
        groups.append({"params": [p for p in parameters.values() if p.dim() < 2], "weight_decay": 0.0})
    optimizer = torch.optim.SGD(groups, lr=0.1, **options)
    for step, wanted in enumerate(gradients):
        for name, parameter in parameters.items():
            parameter.grad = wanted[name].clone()
        for group in optimizer.param_groups:
            group["lr"] = 0.1 + lr_step * step
        optimizer.step()

    flat = {f"p.{name}": tensor for name, tensor in start.items()}
    for step, wanted in enumerate(gradients):
        flat |= {f"g.{step}.{name}": tensor for name, tensor in wanted.items()}
    torch.save(flat, f"{work}/in.pt")
    words = {key: int(value) if isinstance(value, bool) else value for key, value in options.items()}
    referee.tool("optimize", steps=STEPS, lr=0.1, lr_step=lr_step, decay_norm_and_bias=int(not exempt), **words,
                 **{"in": f"{work}/in.pt", "out": f"{work}/out.pt"})
    ours = referee.load(f"{work}/out.pt")
    worst = max(referee.assert_close(name, ours["model"][name], parameter.detach(), 1e-6)
                for name, parameter in parameters.items())
    if not exempt and options.get("momentum"):
        for index, parameter in enumerate(parameters.values()):
            referee.assert_close("momentum", ours["optimizer"]["state"][index]["momentum_buffer"],
                                 optimizer.state[parameter]["momentum_buffer"], 1e-6)
    print(f"SGD {options}, {STEPS} steps: {worst:.2g}")


def check_lars(work, weight_decay, exempt):
    """Algorithm 1 of arXiv:1708.03888 in float64, and the average in torch.optim.swa_utils' form with TensorFlow's warm-up."""
    torch.manual_seed(4)
    momentum, trust, lr, decay = 0.9, 0.01, 2.0, 0.9
    weights = {"a.weight": torch.randn(8, 5, 3, 3), "b.bias": torch.randn(7), "c.weight": torch.randn(100, 33), "d.weight": torch.zeros(4, 3)}
    flat = {f"p.{name}": tensor for name, tensor in weights.items()}
    now = {name: tensor.double() for name, tensor in weights.items()}
    buffers = {name: torch.zeros_like(tensor) for name, tensor in now.items()}
    average = {name: tensor.clone() for name, tensor in now.items()}
    for step in range(STEPS):
        share = min(decay, (1 + step) / (10 + step))
        for name, w in now.items():
            gradient = torch.randn(w.shape)
            flat[f"g.{step}.{name}"] = gradient
            g, beta = gradient.double(), weight_decay if w.dim() >= 2 or not exempt else 0.0
            rate = lr
            if w.dim() >= 2 and w.norm() > 0 and g.norm() > 0:
                rate = lr * trust * w.norm() / (g.norm() + weight_decay * w.norm())
            buffers[name] = momentum * buffers[name] + rate * (g + beta * w)
            now[name] = w - buffers[name]
            average[name] = share * average[name] + (1 - share) * now[name]
    torch.save(flat, f"{work}/in.pt")
    referee.tool("optimize", lars=1, steps=STEPS, lr=lr, momentum=momentum, weight_decay=weight_decay, trust_coefficient=trust,
                 decay_norm_and_bias=int(not exempt), ema_decay=decay, **{"in": f"{work}/in.pt", "out": f"{work}/out.pt"})
    ours = referee.load(f"{work}/out.pt")
    worst = max(referee.assert_close(name, ours["model"][name], tensor.float(), 1e-5) for name, tensor in now.items())
    for name, tensor in average.items():
        referee.assert_close(f"average of {name}", ours["ema"][name], tensor.float(), 1e-5)
    print(f"LARS, weight decay {weight_decay}, {STEPS} steps: {worst:.2g}")


def check_schedule(make, total, warm_up=0, start_factor=0.0, **options):
    """`make(optimizer)` gives what follows the warm-up, in torch.optim.lr_scheduler's terms."""
    words = {key: value for key, value in options.items() if value is not None}
    ours = [tuple(map(float, line.split()))
            for line in referee.tool("schedule", total_steps=total, max_lr=0.4, warm_up=warm_up, start_factor=start_factor,
                                     **words).splitlines()]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4, momentum=0.9)
    schedule = make(optimizer)
    if warm_up:
        line = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=start_factor, total_iters=warm_up)
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [line, schedule], milestones=[warm_up])
    assert len(ours) == total
    worst = 0.0
    for step in range(total):
        group = optimizer.param_groups[0]
        lr, momentum = ours[step]
        worst = max(worst, abs(lr - group["lr"]) / max(group["lr"], 1e-12))
        assert worst <= RATES, f"{options}: step {step}: rate {lr}, PyTorch's is {group['lr']}"
        assert abs(momentum - group["momentum"]) <= RATES, f"{options}: step {step}: momentum {momentum}"
        optimizer.step()
        if step + 1 < total:
            schedule.step()
    print(f"{options['kind']}, {total} steps, warm-up {warm_up}: {worst:.2g}")


def check_schedules():
    lr = torch.optim.lr_scheduler
    for total, share in ((1000, 0.3), (101, 0.45), (7, 0.3), (50, 1.0), (40, 0.0), (1, 0.3)):
        check_schedule(lambda o, t=total, s=share: lr.OneCycleLR(o, max_lr=0.4, total_steps=t, pct_start=s), total,
                       kind="onecycle", pct_start=share)
    check_schedule(lambda o: lr.OneCycleLR(o, max_lr=0.4, total_steps=300, div_factor=10, final_div_factor=100), 300,
                   kind="onecycle", div_factor=10, final_div_factor=100)
    check_schedule(lambda o: lr.OneCycleLR(o, max_lr=0.4, total_steps=300, anneal_strategy="linear"), 300, kind="triangular")
    check_schedule(lambda o: lr.CosineAnnealingLR(o, T_max=500, eta_min=0.01), 500, kind="cosine", min_lr=0.01)
    check_schedule(lambda o: lr.CosineAnnealingLR(o, T_max=450), 500, kind="cosine", warm_up=50, start_factor=0.01)
    check_schedule(lambda o: lr.MultiStepLR(o, milestones=[30, 60]), 90, kind="step", milestones="30,60")
    # A scheduler that follows another one counts its own steps from 0.
    check_schedule(lambda o: lr.MultiStepLR(o, milestones=[25, 55], gamma=0.2), 90, kind="step", milestones="30,60", gamma=0.2,
                   warm_up=5, start_factor=0.1)
    check_schedule(lambda o: lr.PolynomialLR(o, total_iters=200, power=2), 200, kind="polynomial")
    check_schedule(lambda o: lr.PolynomialLR(o, total_iters=180, power=1), 200, kind="polynomial", power=1, warm_up=20,
                   start_factor=0.25)


def check_scaler(work):
    """torch.amp.GradScaler's scales under overflows of every kind, its gradients to the bit, and its state dict."""
    torch.manual_seed(5)
    interval, steps = 4, 60
    scaler = torch.amp.GradScaler("cpu", growth_interval=interval)
    parameter = torch.nn.Parameter(torch.zeros(300))
    optimizer = torch.optim.SGD([parameter], lr=0.0)
    flat, scales, unscaled, overflows = {}, [], [], 0
    for step in range(steps):
        gradient = torch.randn(300) * 1000
        if step in (0, 1, 9, 14, 15, 40):  # in a row, and within and at the end of an interval
            gradient[step] = (torch.inf, -torch.inf, torch.nan)[step % 3]
            overflows += 1
        flat[f"g.{step}"] = gradient.clone()
        scales.append(scaler.scale(torch.tensor(1.0)).item())
        parameter.grad = gradient
        scaler.unscale_(optimizer)
        unscaled.append(parameter.grad.clone())
        scaler.step(optimizer)
        scaler.update()
    scales.append(scaler.get_scale())
    torch.save(flat, f"{work}/in.pt")
    printed = referee.tool("scaler", growth_interval=interval, **{"in": f"{work}/in.pt", "out": f"{work}/out.pt"})
    assert [float(line) for line in printed.split()] == scales, f"{printed.split()} is not PyTorch's {scales}"
    out = referee.load(f"{work}/out.pt")
    for step, gradient in enumerate(unscaled):
        assert torch.equal(out["model"][f"u.{step}"].nan_to_num(7), gradient.nan_to_num(7)), f"gradients of step {step}"
    assert out["scaler"] == scaler.state_dict(), f"{out['scaler']} is not PyTorch's {scaler.state_dict()}"
    torch.amp.GradScaler("cpu").load_state_dict(out["scaler"])
    print(f"GradScaler, {steps} steps, {overflows} overflows: the same {len(set(scales))} scales")


def main():
    work = referee.workdir()
    check_sgd(work)
    check_sgd(work, momentum=0.9, weight_decay=1e-4, lr_step=0.01)
    check_sgd(work, momentum=0.9, weight_decay=5e-4, nesterov=True)
    check_sgd(work, momentum=0.9, dampening=0.1, weight_decay=0.01)
    check_sgd(work, momentum=0.9, weight_decay=0.1, decay_norm_and_bias=False)
    check_lars(work, 1e-4, True)
    check_lars(work, 0.05, False)
    check_scaler(work)
    check_schedules()


if __name__ == "__main__":
    main()
