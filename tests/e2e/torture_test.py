#!/usr/bin/env python3
"""A run on two ranks that is killed again and again, at random times and in random ways, ends with the bits, the rows, the table and the
scalars of the unbroken run, and never goes back behind what it has called saved.

    torture_test.py [--kills N] [--seed S] [--folder DIR]      in the tests: 7 kills, one or two of a kind; the long form: --kills 200
"""
import argparse
import random
import shutil
import time

import lab
import torture

RANKS = 2


def kinds(count, chance):
    """So many, every kind about as often as any other."""
    drawn = []
    while len(drawn) < count:
        drawn += chance.sample(torture.KINDS, len(torture.KINDS))
    return drawn[:count]


def one_life(data, folder, kind, chance, log):
    """True where the run was killed, False where it had come to its end before."""
    life = torture.Life(data, folder, RANKS, log)
    running = chance.random() < 0.8  # else: perhaps while it starts
    if running:
        life.wait_for_steps(chance.randint(1, 9))
        time.sleep(chance.uniform(0, 0.1))
    else:
        time.sleep(chance.uniform(0, 3))
    if not running and not kind.startswith("kill"):
        kind = "kill all"  # signals and stops are promised something from the first step on
    code = life.strike(kind, chance)
    returned = life.end()
    if returned == 0:
        return False
    assert code is None or returned == code, f"{kind}: exit code {returned}, not {code}"
    torture.require_nothing_lost(life, folder)
    return True


def finish(data, folder, log):
    life = torture.Life(data, folder, RANKS, log)
    code = life.end()
    assert code == 0, f"{folder}: exit code {code} without a kill"
    torture.require_nothing_lost(life, folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="keep everything here")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    work = arguments.folder or lab.workdir()
    torture.pack(f"{work}/data")
    whole = f"{work}/whole"
    lab.run(torture.command(f"{work}/data", whole, RANKS))
    began, killed, runs, counts = time.monotonic(), 0, 0, {}
    with open(f"{work}/output.txt", "w", encoding="utf-8") as log:
        todo = kinds(arguments.kills, chance)
        folder = f"{work}/run0"
        while todo:
            if one_life(f"{work}/data", folder, todo[-1], chance, log):
                kind = todo.pop()
                counts[kind] = counts.get(kind, 0) + 1
                killed += 1
                print(f"{time.monotonic() - began:7.1f} s  kill {killed}: {kind}", flush=True)
                continue
            torture.require_same_run(whole, folder)
            runs += 1
            shutil.rmtree(folder)
            folder = f"{work}/run{runs}"
        finish(f"{work}/data", folder, log)
    torture.require_same_run(whole, folder)
    print(f"{killed} kills in {runs + 1} runs, {time.monotonic() - began:.0f} s: every run ended as the unbroken one")
    for kind, count in sorted(counts.items()):
        print(f"  {count:4d}  {kind}")


if __name__ == "__main__":
    main()
