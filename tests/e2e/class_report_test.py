#!/usr/bin/env python3
"""eval of weights that torchvision and safetensors hold, class by class: numpy counts the same, on 1, 2 and 3 ranks."""
import json

import lab


def reference(logits, targets, classes, worst):
    """Class counts and confusions by numpy, from a matrix of truth and prediction."""
    import numpy
    predicted = logits.argmax(1)
    order = numpy.argsort(-logits, axis=1, kind="stable")[:, :5]
    top5 = (order == targets[:, None]).any(1)
    matrix = numpy.zeros((classes, classes), int)
    numpy.add.at(matrix, (targets, predicted), 1)
    totals, hits = matrix.sum(1), numpy.diag(matrix)
    counts = [{"n": int(totals[k]), "hits1": int(hits[k]), "hits5": int(top5[targets == k].sum())} for k in range(classes)]
    lowest = sorted((hits[k] / totals[k], k) for k in range(classes) if totals[k] > 0)[:worst]
    pairs = sorted((-int(matrix[a, b]), a, b) for a in range(classes) for b in range(classes) if a != b and matrix[a, b] > 0)[:worst]
    return counts, [k for _, k in lowest], [(a, b, -count) for count, a, b in pairs]


def torch_logits(state, images):
    import torch
    import torchvision
    model = torchvision.models.resnet18(num_classes=10)
    model.load_state_dict(state, strict=True)
    model.eval()
    with torch.no_grad():
        return model(images).numpy()


def main():
    import safetensors.torch
    import torch
    work = lab.workdir()
    lab.pack(f"{work}/data", 37)
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/run", epochs=3, global_batch=32, eval_batch=16)))
    state = lab.load(f"{work}/run/checkpoints/checkpoint.pt")["model"]
    torch.save({"state_dict": {f"module.model.{key}": tensor for key, tensor in state.items()}}, f"{work}/wrapped.pth")
    safetensors.torch.save_file({key: tensor.contiguous() for key, tensor in state.items()}, f"{work}/weights.safetensors")

    images, labels = lab.images_of(f"{work}/data", "val")
    with open(f"{work}/data/manifest.json", encoding="utf-8") as file:
        names = json.load(file)["classes"]
    logits = torch_logits(state, images)
    classes, worst, confused = reference(logits, labels.numpy(), 10, 4)
    assert sum(count["hits1"] for count in classes) > 40 and len(confused) == 4, "nothing learned, or nothing confused"

    results = []
    for count, path in ((1, f"{work}/wrapped.pth"), (2, f"{work}/weights.safetensors"), (3, f"{work}/run/checkpoints/checkpoint.pt")):
        options = [] if path.endswith(".pt") else ["--image_size", 28, "--eval_resize", 0]
        command = [lab.TRAINER, "eval", "--checkpoint", path, "--data", f"{work}/data", "--threads", 1, "--eval_batch", 16, *options]
        out = lab.run(lab.ranks(count, [*command, "--worst", 4, "--json"]))
        result = json.loads(out.strip().splitlines()[-1])
        assert [entry.pop("name") for entry in result["classes"]] == names
        assert result["classes"] == classes, f"{count} ranks: {result['classes']}, numpy: {classes}"
        assert result["worst"] == [names[k] for k in worst], result["worst"]
        assert result["confused"] == [{"class": names[a], "taken_for": names[b], "images": n} for a, b, n in confused], result["confused"]
        assert (result["n"], result["hits1"]) == (370, sum(entry["hits1"] for entry in classes))
        results.append(result)
    assert results[0] == results[1] == results[2], "the ranks' number changes the digits"

    text = lab.run([*command, "--worst", 1])
    first = classes[worst[0]]
    assert f"({first['hits1']} of {first['n']})  {names[worst[0]]}" in text, text
    assert f"{confused[0][2]} of {classes[confused[0][0]]['n']} images of {names[confused[0][0]]} taken for {names[confused[0][1]]}" in text, text
    print(text)


if __name__ == "__main__":
    main()
