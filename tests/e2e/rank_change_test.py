#!/usr/bin/env python3
"""A run that is killed and goes on with 1, then 3, then 2 ranks sees in every step the samples of the unbroken run, in the same order,
and logs every step and epoch once.

    rank_change_test.py [--kills N] [--seed S]
"""
import argparse
import random

import lab
import torture

RANKS = [1, 3, 2]


def check_samples(seen, expected, complete):
    for step, ids in seen.items():
        assert ids == expected[step], f"step {step}: samples {ids}, not {expected[step]}"
        complete.add(step)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    work = lab.workdir()
    torture.pack(f"{work}/data")
    lab.run(torture.command(f"{work}/data", f"{work}/whole", 2))
    expected = torture.samples_of(f"{work}/whole", 2)
    steps = torture.rows(f"{work}/whole", "step")
    assert len(expected) == len(steps) == 36

    folder, complete, used = f"{work}/run", set(), []
    with open(f"{work}/output.txt", "w", encoding="utf-8") as log:
        for kill in range(arguments.kills + 1):
            ranks = RANKS[kill % len(RANKS)]
            used.append(ranks)
            life = torture.Life(f"{work}/data", folder, ranks, log)
            if kill < arguments.kills:
                life.wait_for_steps(chance.randint(3, 1 + 30 // arguments.kills))
                life.strike("kill all", chance)
            code = life.end()
            assert kill < arguments.kills or code == 0, f"exit code {code} without a kill"
            check_samples(torture.samples_of(folder, ranks), expected, complete)
            torture.require_nothing_lost(life, folder)
    # A kill may tear a step's lines apart that was saved all the same.
    assert len(complete) >= len(steps) - arguments.kills, f"samples of steps {sorted(set(expected) - complete)} never seen"
    assert [(row["step"], row["epoch"], row["lr"]) for row in torture.rows(folder, "step")] == \
        [(row["step"], row["epoch"], row["lr"]) for row in steps]
    assert [row["val_n"] for row in torture.rows(folder, "epoch")] == [row["val_n"] for row in torture.rows(f"{work}/whole", "epoch")]
    print(f"ranks {used}: {len(complete)} steps with the samples of the unbroken run")


if __name__ == "__main__":
    main()
