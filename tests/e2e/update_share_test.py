#!/usr/bin/env python3
"""The ranks of a host divide an update among them; with algorithm mpi each makes all of it. Two ranks add gradients to the same bits either
way, so that weights, averages, momentum and every line of the log must be equal, in a run and in one that was resumed."""
import lab

RECIPE = {"epochs": 2, "global_batch": 32, "momentum": 0.9, "ema_decay": 0.9, "checkpoint_steps": 3}
RULES = {"sgd": {"nesterov": "true", "decay_norm_and_bias": "false"}, "lars": {"optimizer": "lars", "max_lr": 2}}
COLUMNS = ("step", "loss", "grad_norm", "lr")


def train(work, name, algorithm, *words, **keys):
    folder = f"{work}/{name}"
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", folder, *words, algorithm=algorithm, **{**RECIPE, **keys})))
    rows = [[row.get(column) for column in COLUMNS] for row in lab.lines(folder, "step")]
    evaluations = [(row["val_loss"], row["val_hits1"], row["ema_val_loss"]) for row in lab.lines(folder, "epoch")]
    return f"{folder}/checkpoints/checkpoint.pt", rows, evaluations


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 16)  # 160 images: 5 steps an epoch
    for rule, keys in RULES.items():
        alone, expected_rows, expected = train(work, f"{rule}_mpi", "mpi", **keys)
        assert len(expected_rows) == 10 and expected_rows[0][1] != expected_rows[-1][1], expected_rows
        divided, rows, evaluations = train(work, f"{rule}_ring", "ring", **keys)
        assert rows == expected_rows, f"{rule}: {rows}, each for itself: {expected_rows}"
        assert evaluations == expected, f"{rule}: {evaluations}, each for itself: {expected}"
        lab.assert_same_weights(divided, alone)
        # Once more from the end of the first epoch: the momentum is restored where all ranks have it.
        _, again, _ = train(work, f"{rule}_ring", "ring", "--resume", f"{work}/{rule}_ring/checkpoints/model_000.pt", **keys)
        assert again == expected_rows, f"{rule}, resumed: {again}"
        lab.assert_same_weights(divided, alone)
        print(f"{rule}: the same bits, divided, resumed and each for itself")


if __name__ == "__main__":
    main()
