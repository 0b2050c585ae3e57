#!/usr/bin/env python3
"""Our draws against torchvision's distributions, and mixed batches, targets, losses and gradients against PyTorch's.

Seeds are fixed, so that a run has the same result as the last: a chi-square or Kolmogorov-Smirnov test at 1e-3 either finds a fault
or does not."""
import collections
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from scipy import stats
from torchvision import transforms
from torchvision.transforms import autoaugment, v2

TOOL = f"{os.environ['RINGMASTER_BUILD']}/tests/data/augment_tool"
COUNT, LEVEL = 10000, 1e-3


def tool(*words):
    return subprocess.run([TOOL, *map(str, words)], check=True, capture_output=True, text=True, timeout=300).stdout


def rows(*words):
    return [line.split() for line in tool(*words).splitlines()]


def steps(words):
    """(op, magnitude) pairs; magnitudes to six digits, for torch's are of single precision."""
    return tuple((op, round(float(magnitude), 6) + 0.0) for op, magnitude in zip(words[::2], words[1::2]))


def variants(space, op, index):
    """The magnitudes that `op` is equally likely to have."""
    values, signed = space[op] if op in space else (torch.tensor(0.0), False)
    value = 0.0 if index is None or values.ndim == 0 else float(values[index])
    return [steps((op, value))[0], steps((op, -value))[0]] if signed else [steps((op, value))[0]]


def expected_autoaugment(side):
    """Every outcome of torchvision's AutoAugment and its probability."""
    policy = autoaugment.AutoAugment()
    space, outcomes = policy._augmentation_space(10, (side, side)), collections.Counter()
    for pair in policy.policies:
        ways = []
        for op, probability, index in pair:
            choices = variants(space, op, index)
            ways.append([((), 1 - probability)] + [((choice,), probability / len(choices)) for choice in choices])
        for first, p in ways[0]:
            for second, q in ways[1]:
                outcomes[first + second] += p * q / len(policy.policies)
    return outcomes


def expected_single(space, indices):
    """Of one operation, any of the space at any of `indices`."""
    outcomes = collections.Counter()
    for op, (values, _) in space.items():
        choices = [choice for index in (indices if values.ndim else [None]) for choice in variants(space, op, index)]
        for choice in choices:
            outcomes[(choice,)] += 1 / len(space) / len(choices)
    return outcomes


def assert_drawn_from(name, drawn, expected):
    seen = collections.Counter(drawn)
    strange = [outcome for outcome in seen if expected[outcome] <= 0]
    assert not strange, f"{name}: torchvision never does {strange[:3]}"
    total = sum(seen.values())
    # Rare outcomes together, or the test's distribution is not chi-square.
    common = [outcome for outcome, p in expected.items() if p * total >= 8]
    observed = [seen[outcome] for outcome in common]
    frequencies = [expected[outcome] * total for outcome in common]
    if total - sum(frequencies) > 1:
        observed.append(total - sum(observed))
        frequencies.append(total - sum(frequencies))
    p = stats.chisquare(observed, np.array(frequencies) * total / sum(frequencies)).pvalue
    assert p > LEVEL, f"{name}: {len(observed)} kinds of outcomes are off torchvision's frequencies, p = {p:.2g}"
    print(f"{name}: {total} draws, {len(observed)} kinds of outcomes, p = {p:.3f}")


def check_policies():
    for side in (224, 176):
        drawn = [steps(words) for words in rows("draws", "autoaugment", side, COUNT)]
        assert_drawn_from(f"autoaugment at {side} px", drawn, expected_autoaugment(side))
    drawn = [steps(words) for words in rows("draws", "randaugment", 224, COUNT)]
    assert {len(pair) for pair in drawn} == {2}
    expected = expected_single(autoaugment.RandAugment()._augmentation_space(31, (224, 224)), [9])
    for place in (0, 1):
        assert_drawn_from(f"randaugment, operation {place + 1}", [pair[place:place + 1] for pair in drawn], expected)
    firsts = collections.defaultdict(list)
    for (first, _), (second, _) in drawn:
        firsts[first].append(second)
    independent = stats.chi2_contingency([[seconds.count(op) for op in firsts] for seconds in firsts.values()]).pvalue
    assert independent > LEVEL, f"the second operation depends on the first, p = {independent:.2g}"
    drawn = [steps(words) for words in rows("draws", "trivial", 224, COUNT)]
    assert_drawn_from("trivial", drawn, expected_single(autoaugment.TrivialAugmentWide()._augmentation_space(31), range(31)))


def check_translations():
    """The cut to whole pixels, at every size: the same pixel as torch's single precision gives."""
    for side in (28, 32, 96, 128, 160, 192, 224, 288, 331, 662):
        space = autoaugment.RandAugment()._augmentation_space(31, (side, side))
        wanted = int(float(space["TranslateX"][0][9]))
        ours = {abs(int(float(magnitude))) for words in rows("draws", "randaugment", side, 200)
                for op, magnitude in zip(words[::2], words[1::2]) if op.startswith("Translate")}
        assert ours == {wanted}, f"{side} px: {ours}, not {wanted}"


def check_same_distribution(name, ours, theirs):
    for column, label in enumerate(("top", "left", "height", "width")):
        p = stats.ks_2samp(ours[:, column], theirs[:, column]).pvalue
        assert p > LEVEL, f"{name}: {label} is not distributed as torchvision's, p = {p:.2g}"
    print(f"{name}: {len(ours)} rectangles")


def check_erasing():
    boxes = np.array(rows("erasing", 0.25, 224, COUNT), int)
    erased = boxes[(boxes[:, 2] > 0) & (boxes[:, 3] > 0)]
    p = stats.binomtest(len(erased), COUNT, 0.25).pvalue
    assert p > LEVEL, f"{len(erased)} of {COUNT} images are erased, not a quarter"
    torch.manual_seed(1)
    image = torch.empty(3, 224, 224)
    theirs = np.array([transforms.RandomErasing.get_params(image, (0.02, 0.33), (0.3, 3.3), [0.0])[:4] for _ in range(2000)])
    check_same_distribution("erasing", erased, theirs)


def check_mix_draws():
    table = np.array(rows("mixes", 0.2, 1.0, 0.5, 224, COUNT), float)
    mixup, cutmix = table[table[:, 0] == 1], table[table[:, 0] == 2]
    assert len(mixup) + len(cutmix) == COUNT
    assert stats.binomtest(len(cutmix), COUNT, 0.5).pvalue > LEVEL
    p = stats.kstest(mixup[:, 1], stats.beta(0.2, 0.2).cdf).pvalue
    assert p > LEVEL, f"Mixup's share is not of Beta(0.2, 0.2), p = {p:.2g}"
    torch.manual_seed(1)
    theirs = [v2.CutMix(alpha=1.0, num_classes=2).make_params([torch.empty(2, 3, 224, 224)]) for _ in range(2000)]
    check_same_distribution("CutMix", cutmix[:, 2:], np.array([(y1, x1, y2 - y1, x2 - x1) for x1, y1, x2, y2 in (p["box"] for p in theirs)]))
    assert np.abs(cutmix[:, 1] - (1 - cutmix[:, 4] * cutmix[:, 5] / 224**2)).max() < 1e-12
    narrow = np.array(rows("mixes", 100, 0, 0.5, 224, 2000), float)[:, 1]
    assert stats.kstest(narrow, stats.beta(100, 100).cdf).pvalue > LEVEL
    wide = np.array(rows("mixes", 0.01, 0, 0.5, 224, 2000), float)[:, 1]  # nearly all of one image, half of the time its own
    assert ((wide >= 0) & (wide <= 1)).all() and stats.binomtest(int((wide > 0.5).sum()), 2000, 0.5).pvalue > LEVEL


def torchvision_mix(kind, images, labels, classes, share, box):
    """What torchvision makes of a pair: in a batch of two, the one before is the other one."""
    top, left, height, width = box
    if kind == 1:
        mix, params = v2.MixUp(num_classes=classes), {"lam": share}
    else:
        mix, params = v2.CutMix(num_classes=classes), {"box": (left, top, left + width, top + height), "lam_adjusted": share}
    params.update(labels=labels, batch_size=2)
    return mix.transform(images, params), mix.transform(labels, params)


def hits(logits, targets):
    """accuracy() of torchvision's references/classification/utils.py, in images."""
    if targets.ndim == 2:
        targets = targets.max(dim=1)[1]
    order = logits.topk(5, 1, True, True)[1].t().eq(targets[None])
    return [int(order[:k].flatten().sum()) for k in (1, 5)]


def check_loss(kind, share, box, smoothing):
    batch, side, classes = 32, 24, 40
    generator = torch.Generator().manual_seed(int(share * 1000) + kind)
    images = torch.randn(batch, 3, side, side, generator=generator)
    targets = torch.randint(0, classes, (batch,), generator=generator)
    targets[1] = targets[0]  # a pair of one class
    logits = (torch.randn(batch, classes, generator=generator) * 3).requires_grad_()
    with tempfile.TemporaryDirectory() as work:
        for name, tensor in (("images", images), ("targets", targets), ("logits", logits.detach())):
            tensor.numpy().tofile(f"{work}/{name}")
        ours_hits = [int(word) for word in tool("loss", work, kind, repr(share), *box, batch, side, classes, smoothing).split()]
        ours = {name: torch.from_numpy(np.fromfile(f"{work}/{name}", np.float32)) for name in ("mixed", "loss", "gradient")}
    if kind == 0:
        mixed, weights = images, targets
    else:
        pairs = [torchvision_mix(kind, images[i:i + 2], targets[i:i + 2], classes, share, box) for i in range(0, batch, 2)]
        mixed, weights = (torch.cat(part) for part in zip(*pairs))
    loss = torch.nn.functional.cross_entropy(logits, weights, label_smoothing=smoothing)
    loss.backward()
    for name, theirs in (("mixed", mixed), ("loss", loss.detach()), ("gradient", logits.grad)):
        difference = (ours[name] - theirs.reshape(-1)).abs().max() / max(1, theirs.abs().max())
        assert difference <= 1e-6, f"{name} of kind {kind}, share {share}, smoothing {smoothing}: off by {difference:.2g}"
    assert ours_hits == hits(logits, weights), f"hits of kind {kind}, share {share}: {ours_hits}"


def check_losses():
    for smoothing in (0.0, 0.1):
        check_loss(0, 1.0, (0, 0, 0, 0), smoothing)
        for share in (0.7, 0.3, 0.0, 1.0, 0.9999):
            check_loss(1, share, (0, 0, 0, 0), smoothing)
        for box in ((3, 5, 10, 12), (0, 0, 24, 24), (0, 10, 24, 14), (4, 4, 0, 0)):
            check_loss(2, 1 - box[2] * box[3] / 24**2, box, smoothing)


def check_sizes():
    """get_resolution() of FFCV's ImageNet example."""
    for low, high, start, end in ((160, 192, 65, 76), (128, 192, 5, 14), (96, 224, 0, 50), (160, 192, 11, 13)):
        ours = [int(size) for size, in rows("sizes", low, high, start, end, 90)]
        theirs = [low if epoch <= start else high if epoch >= end else
                  int(np.round(np.interp([epoch], [start, end], [low, high])[0] / 32)) * 32 for epoch in range(90)]
        assert ours == theirs, (low, high, start, end)


def main():
    torch.set_num_threads(1)
    check_policies()
    check_translations()
    check_erasing()
    check_mix_draws()
    check_losses()
    check_sizes()


if __name__ == "__main__":
    sys.exit(main())
