#!/usr/bin/env python3
"""Packs ImageNet in miniature from every form that it is given in. The referee of labels and order is torchvision's own reader of the
official archives; the shards are read by docs/SHARD_FORMAT.md alone and Pillow opens every image."""
import gzip
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

from PIL import Image
from torchvision.datasets import ImageFolder, imagenet

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
import miniature_imagenet as mini  # noqa: E402
from shard_by_the_book import read_shard  # noqa: E402
from sharder import PROGRAM, contents, manifest, records, run, shards  # noqa: E402



def torchvision_view(archives, folder):
    """Has torchvision read the archives: {split: {name: label}} and the words of each label."""
    shutil.copytree(archives, folder)
    for split, (name, _) in list(imagenet.ARCHIVE_META.items()):
        imagenet.ARCHIVE_META[split] = (name, None)  # ours have other checksums than the real ones
    found, words = {}, None
    for split in ("train", "val"):
        data = imagenet.ImageNet(folder, split)
        found[split] = {os.path.relpath(path, folder): label for path, label in data.samples}
        words = [", ".join(names) for names in data.classes]
    return found, words


def packed_view(out):
    """{split: {name: label}} and {name: bytes} of what was packed; Pillow opens every image."""
    found, images = {}, {}
    for split, packed in records(out).items():
        found[split] = {name: record["label"] for name, record in packed.items()}
        for name, record in packed.items():
            images[name] = record["payload"]
            assert Image.open(io.BytesIO(record["payload"])).size == (record["width"], record["height"])
    return found, images


def check_forms(folder):
    """Archives, archives by name, Kaggle with either kind of labels, class folders: one data set, to the byte."""
    pack = ["--shards", 4, "--seed", 7]
    run("pack", "--input", f"{folder}/archives", "--output", f"{folder}/out", *pack)
    described = manifest(f"{folder}/out")
    found, images = packed_view(f"{folder}/out")
    wanted, words = torchvision_view(f"{folder}/archives", f"{folder}/torchvision")
    assert found == wanted, "other images or labels than torchvision's"
    assert described["classes"] == mini.WNIDS and described["class_words"] == words == [c[1] for c in mini.CLASSES]
    for name, payload in images.items():
        with open(f"{folder}/tree/{name}", "rb") as file:
            assert file.read() == payload, name
    sizes = {name: os.path.getsize(f"{folder}/archives/{name}") for name in (mini.TRAIN, mini.VAL, mini.DEVKIT)}
    assert {file["name"]: file["bytes"] for file in described["source_files"]} == sizes
    assert "train 54 val 20" in described["source"]
    want = shards(f"{folder}/out")
    forms = {"class folders": ["--input", f"{folder}/tree"], "Kaggle, CSV": ["--input", f"{folder}/csv"],
             "Kaggle, XML": ["--input", f"{folder}/xml/ILSVRC"],
             "named": ["--train", f"{folder}/archives/{mini.TRAIN}", "--val", f"{folder}/archives/{mini.VAL}",
                       "--devkit", f"{folder}/archives/{mini.DEVKIT}"],
             "unpacked": ["--train", f"{folder}/tree/train", "--val", f"{folder}/csv/ILSVRC/Data/CLS-LOC/val",
                          "--devkit", f"{folder}/archives/{mini.DEVKIT}"]}
    for form, source in forms.items():
        out = f"{folder}/{form.replace(' ', '_')}"
        run("pack", *source, "--output", out, *pack)
        assert shards(out) == want, f"{form}: other shards than those of the archives"
        assert manifest(out)["hash"] == described["hash"]
        assert ("class_words" in manifest(out)) == (form != "class folders")


def check_same_bytes(folder):
    """Workers, parts, and kill -9 at any moment change nothing."""
    pack = ["pack", "--input", f"{folder}/archives", "--shards", 12]
    began = time.monotonic()
    run(*pack, "--output", f"{folder}/w1", "--workers", 1)
    took = time.monotonic() - began
    want = contents(f"{folder}/w1")
    run(*pack, "--output", f"{folder}/w8", "--workers", 8, "--memory", 100000)
    assert contents(f"{folder}/w8") == want
    run(*pack, "--output", f"{folder}/one", "--part", "1/1")
    assert contents(f"{folder}/one") == want
    for part in (3, 1, 2):
        run(*pack, "--output", f"{folder}/parts", "--part", f"{part}/3")
    run("merge", f"{folder}/parts")
    assert contents(f"{folder}/parts") == want
    killed, out = 0, f"{folder}/killed"
    for attempt in range(25):
        with subprocess.Popen([PROGRAM, *map(str, pack), "--output", out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            time.sleep(random.Random(attempt).uniform(0, took / 2))
            program.send_signal(signal.SIGKILL)
            killed += program.wait(timeout=60) == -signal.SIGKILL
        for name, content in contents(out).items() if os.path.isdir(out) else ():
            assert not name.endswith(".rms") or content == want[name], f"{name} is damaged"
        if attempt % 5 == 4:
            run(*pack, "--output", out)
            assert contents(out) == want
            shutil.rmtree(out)
    assert killed >= 3, f"only {killed} packs were killed before they ended"
    run(*pack, "--output", f"{folder}/subset", "--subset", 2)
    assert set(manifest(f"{folder}/subset")["splits"][0]["class_counts"]) == {2}


def check_mixing(folder):
    """A shard is a random sample of the classes: not one of 4 shards lacks one of 6 classes of 9 images each, which has odds of 1 in 10."""
    for entry in manifest(f"{folder}/out")["splits"][0]["shards"]:
        with open(f"{folder}/out/{entry['name']}", "rb") as file:
            labels = [record["label"] for record in read_shard(file.read())["records"]]
        assert len(set(labels)) >= 5 and labels != sorted(labels), labels


def check_tar_forms(folder):
    """GNU, POSIX.1-1988 and pax archives, also with names of more than 100 letters and a folder before the name."""
    tree = f"{folder}/long"
    name = "n" * 120 + ".JPEG"
    for wnid in mini.WNIDS:
        mini.put(f"{tree}/{wnid}/{name}", mini.jpeg(Image.new("RGB", (20, 30), "red")))
        mini.put(f"{tree}/{wnid}/short.JPEG", mini.jpeg(Image.new("RGB", (30, 20), "blue")))
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(f"{folder}/train_{form}.tar", "w", format=form) as outer:
            for wnid in mini.WNIDS:
                with tarfile.open(f"{folder}/one.tar", "w", format=form) as inner:
                    for file in (name, "short.JPEG"):
                        inner.add(f"{tree}/{wnid}/{file}", f"./{file}")
                outer.add(f"{folder}/one.tar", f"train/{wnid}.tar")
        run("pack", "--train", f"{folder}/train_{form}.tar", "--output", f"{folder}/long_{form}")
        found, images = packed_view(f"{folder}/long_{form}")
        assert set(found["train"]) == {f"train/{wnid}/{file}" for wnid in mini.WNIDS for file in (name, "short.JPEG")}
        for file, payload in images.items():
            with open(f"{folder}/long/{file.removeprefix('train/')}", "rb") as want:
                assert want.read() == payload
    with tarfile.open(f"{folder}/train_up.tar", "w") as outer, tarfile.open(f"{folder}/up.tar", "w") as inner:
        inner.add(f"{tree}/{mini.WNIDS[0]}/short.JPEG", "../../escape.JPEG")
        inner.close()
        outer.add(f"{folder}/up.tar", "n00000001.tar")
    message = run("pack", "--train", f"{folder}/train_up.tar", "--output", f"{folder}/x", expect=3)
    assert "escape.JPEG, which leads out of the folder" in message, message


def check_damage(folder):
    """Damaged, truncated and missing archives are named, with the byte."""
    archives, bad = f"{folder}/archives", f"{folder}/bad"
    whole = contents(archives)

    def refused(change, *parts, expect=3):
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(archives, bad)
        change()
        message = run("pack", "--input", bad, "--output", f"{folder}/x", expect=expect)
        assert all(part in message for part in parts), f"{parts}: {message}"
        assert not os.path.exists(f"{folder}/x/manifest.json")

    def write(name, content):
        with open(f"{bad}/{name}", "wb") as file:
            file.write(content)

    train, val = whole[mini.TRAIN], whole[mini.VAL]
    with tarfile.open(f"{archives}/{mini.TRAIN}") as outer:
        second = outer.getmembers()[1]
    refused(lambda: write(mini.TRAIN, train[:second.offset_data + 700]), mini.TRAIN, f"byte {second.offset}", second.name, "truncated")
    refused(lambda: write(mini.TRAIN, train[:second.offset]), mini.TRAIN, f"ends at byte {second.offset}", "end mark")
    refused(lambda: write(mini.VAL, val[:100] + b"7" + val[101:]), mini.VAL, "no sound tar header at byte 0", "checksum")
    inner = second.offset_data
    refused(lambda: write(mini.TRAIN, train[:inner] + b"x" + train[inner + 1:]), f"{second.name} (at byte {inner})", "byte 0", "checksum")
    with tarfile.open(f"{archives}/{mini.VAL}") as outer:
        members = outer.getmembers()
    refused(lambda: write(mini.VAL, val[:members[3].offset] + val[members[4].offset:]), mini.VAL, members[3].name[:-5], "19 images", "20 labels")
    refused(lambda: os.remove(f"{bad}/{mini.DEVKIT}"), mini.VAL, "development kit", "--devkit", expect=2)
    refused(lambda: os.remove(f"{bad}/{mini.TRAIN}"), mini.TRAIN, "--train", expect=2)
    refused(lambda: write(mini.DEVKIT, whole[mini.DEVKIT][:900]), mini.DEVKIT)
    refused(lambda: mini.tar(f"{bad}/{mini.DEVKIT}", bad, [mini.VAL], "-z"), mini.DEVKIT, "has no meta.mat")
    refused(lambda: write(mini.VAL, gzip.compress(val)), mini.VAL, "gunzip")

    def other_truth():
        mini.make_devkit(f"{bad}/{mini.DEVKIT}", [mini.WNIDS[0]] * 21, f"{folder}/devkit21")
    refused(other_truth, "ILSVRC2012_val_00000021", "20 images", "21 labels")
    refused(lambda: write(mini.TRAIN, val), mini.TRAIN, "one tar a class")


def check_organise(folder, truth):
    lines = run("organise-val", "--input", f"{folder}/archives").splitlines()
    names = {line.split("\t")[0]: line.split("\t")[1] for line in lines}
    assert set(names) == {f"val/{wnid}/ILSVRC2012_val_{i + 1:08d}.JPEG" for i, wnid in enumerate(truth)}
    place = names[f"val/{truth[0]}/ILSVRC2012_val_00000001.JPEG"]
    assert place.startswith(f"{mini.VAL}: ILSVRC2012_val_00000001.JPEG at byte "), place
    for source, how in (("archives", "copy"), ("csv", "hardlink"), ("xml", "symlink")):
        view = f"{folder}/view_{how}"
        assert "20 of 20" in run("organise-val", "--input", f"{folder}/{source}", "--make", how, "--output", view)
        assert "0 of 20" in run("organise-val", "--input", f"{folder}/{source}", "--make", how, "--output", view)
        seen = {os.path.relpath(path, view): label for path, label in ImageFolder(f"{view}/val").samples}
        assert set(seen) == set(names)
        for name in names:
            with open(f"{view}/{name}", "rb") as got, open(f"{folder}/tree/{name}", "rb") as want:
                assert got.read() == want.read()
    message = run("organise-val", "--input", f"{folder}/archives", "--make", "symlink", "--output", f"{folder}/no", expect=2)
    assert "--make copy" in message, message


def main():
    with tempfile.TemporaryDirectory(prefix="ringmaster_test.") as folder:
        truth = mini.make_class_folders(f"{folder}/tree")
        mini.make_archives(f"{folder}/archives", f"{folder}/tree", truth, f"{folder}/scratch")
        mini.make_kaggle(f"{folder}/csv", f"{folder}/tree", truth, "csv")
        mini.make_kaggle(f"{folder}/xml", f"{folder}/tree", truth, "xml")
        before = contents(f"{folder}/archives")
        check_forms(folder)
        check_same_bytes(folder)
        check_mixing(folder)
        check_tar_forms(folder)
        check_damage(folder)
        check_organise(folder, truth)
        assert contents(f"{folder}/archives") == before, "the source was changed"
    print("six forms of one data set, the same shards; labels are torchvision's")


if __name__ == "__main__":
    main()
