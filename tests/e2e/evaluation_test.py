#!/usr/bin/env python3
"""One checkpoint on 1, 2, 3 and 5 ranks: the same integer hits, the same loss to the last digit; and PyTorch counts the same."""
import json

import lab


def torch_hits(checkpoint, data):
    """Top-1 hits by torchvision's model on the same validation images."""
    import torch
    import torchvision
    images, labels = lab.images_of(data, "val")
    model = torchvision.models.resnet18(num_classes=10)
    model.load_state_dict(lab.load(checkpoint)["model"], strict=True)
    model.eval()
    with torch.no_grad():
        return int((model(images).argmax(1) == labels).sum())


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 37)  # 370 images: not a multiple of anything here
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/run", epochs=3, global_batch=32, eval_batch=16)))
    checkpoint = f"{work}/run/checkpoints/checkpoint.pt"
    results = {}
    for count in (1, 2, 3, 5):
        out = lab.run(lab.ranks(count, [lab.TRAINER, "eval", "--checkpoint", checkpoint, "--data", f"{work}/data", "--json",
                                        "--threads", 1]))
        results[count] = json.loads(out.strip().splitlines()[-1])
        print(count, results[count])
    first = results[1]
    assert first["n"] == 370, first
    for count, result in results.items():
        assert result == first, f"{count} ranks: {result}, 1 rank: {first}"
    logged = lab.lines(f"{work}/run", "epoch")[-1]
    assert (logged["val_hits1"], logged["val_n"]) == (first["hits1"], first["n"]), (logged, first)
    expected = torch_hits(checkpoint, f"{work}/data")
    assert first["hits1"] == expected, f"PyTorch counts {expected} hits, ours {first['hits1']}"
    assert 40 < expected, "the network learned nothing: this test would not see a wrong label"


if __name__ == "__main__":
    main()
