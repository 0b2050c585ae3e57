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
    """What struck it, and the seconds until all ranks were gone; None where the run had come to its end before."""
    life = torture.Life(data, folder, RANKS, log)
    running = chance.random() < 0.8  # else: perhaps while it starts
    if running:
        life.wait_for_steps(chance.randint(1, 9))
        time.sleep(chance.uniform(0, 0.1))
    else:
        time.sleep(chance.uniform(0, 3))
    if not running and kind.startswith("SIG"):
        kind = "kill all"  # signals are promised something from the first step on
    kind, code = life.strike(kind, chance)
    struck = time.monotonic()
    returned = life.end()
    if returned == 0:
        return None
    assert code is None or returned == code, f"{kind}: exit code {returned}, not {code}"
    torture.require_nothing_lost(life, folder)
    return kind, time.monotonic() - struck


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
    began, runs, gone_after = time.monotonic(), 0, {}
    with open(f"{work}/output.txt", "w", encoding="utf-8") as log:
        todo = kinds(arguments.kills, chance)
        folder = f"{work}/run0"
        while todo:
            blow = one_life(f"{work}/data", folder, todo[-1], chance, log)
            if blow is not None:
                kind, seconds = blow
                todo.pop()
                gone_after.setdefault(kind, []).append(seconds)
                print(f"{time.monotonic() - began:7.1f} s  kill {arguments.kills - len(todo)}: {kind}, gone after {seconds:.1f} s", flush=True)
                continue
            torture.require_same_run(whole, folder)
            runs += 1
            shutil.rmtree(folder)
            folder = f"{work}/run{runs}"
        finish(f"{work}/data", folder, log)
    torture.require_same_run(whole, folder)
    print(f"{arguments.kills} kills in {runs + 1} runs, {time.monotonic() - began:.0f} s: every run ended as the unbroken one")
    for kind, seconds in sorted(gone_after.items()):
        print(f"  {len(seconds):4d}  {kind}: all ranks gone after {max(seconds):.1f} s at most")


if __name__ == "__main__":
    main()
