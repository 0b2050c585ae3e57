#!/usr/bin/env python3
"""`ringmaster plot` draws a run's plots again, from its log alone."""
import json
import os
import shutil
import subprocess

import lab

PLOTS = ("loss", "accuracy", "lr")


def is_png(path):
    with open(path, "rb") as file:
        return file.read(8) == b"\x89PNG\r\n\x1a\n"


def refused(folder, code, says):
    done = subprocess.run([lab.TRAINER, "plot", folder], capture_output=True, text=True, check=False)
    assert done.returncode == code and says in done.stderr, done


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 2)
    lab.run(lab.train_command(f"{work}/data", f"{work}/run", epochs=2, global_batch=10))
    shutil.rmtree(f"{work}/run/plots")
    said = json.loads(lab.run([lab.TRAINER, "plot", f"{work}/run", "--json"]))
    assert said == {"epochs": 2, "plots": [f"{work}/run/plots/{name}.png" for name in PLOTS]}, said
    assert all(is_png(path) for path in said["plots"])

    os.makedirs(f"{work}/moved")
    shutil.copy(f"{work}/run/log.jsonl", f"{work}/moved")
    text = lab.run([lab.TRAINER, "plot", f"{work}/moved", "--output", f"{work}/elsewhere"])
    assert text.startswith("2 epochs:") and all(is_png(f"{work}/elsewhere/{name}.png") for name in PLOTS), text
    assert os.listdir(f"{work}/moved") == ["log.jsonl"]

    refused(f"{work}/nothing", 4, "log.jsonl is not there")
    with open(f"{work}/moved/log.jsonl", encoding="utf-8") as file:
        first = file.readline()
    with open(f"{work}/moved/log.jsonl", "w", encoding="utf-8") as file:
        file.write(first)
    refused(f"{work}/moved", 3, "no finished epoch")
    print("plots are drawn again from the log, here or elsewhere")


if __name__ == "__main__":
    main()
