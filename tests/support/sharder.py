"""What the tests of ringmaster-shard share: the program, and how to read what it wrote (by docs/SHARD_FORMAT.md, not by our code)."""
import json
import os
import subprocess

from shard_by_the_book import read_shard

PROGRAM = f"{os.environ['RINGMASTER_BUILD']}/bin/ringmaster-shard"


def run(*arguments, expect=0):
    """Runs ringmaster-shard to its end; gives what it printed: with --json its standard output alone."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == expect, f"{arguments}: exit code {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
    return done.stdout if "--json" in arguments else done.stdout + done.stderr


def contents(folder):
    """{name: bytes} of the files in a folder, which need not exist."""
    found = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(f"{folder}/{name}", "rb") as file:
            found[name] = file.read()
    return found


def shards(folder):
    return {name: content for name, content in contents(folder).items() if name.endswith(".rms")}


def manifest(folder):
    with open(f"{folder}/manifest.json", encoding="utf-8") as file:
        return json.load(file)


def records(folder):
    """{split: {source name: record}} of a data set of record shards, as its manifest lists them."""
    files = contents(folder)
    return {split["name"]: {record["name"].decode(): record for entry in split["shards"]
                            for record in read_shard(files[entry["name"]])["records"]}
            for split in manifest(folder)["splits"]}
