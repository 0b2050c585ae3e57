"""ImageNet in miniature, as image-net.org and Kaggle give it: real photographs (Debian's lomiri-wallpapers-16.04) in a tar of class tars,
a tar of validation images, and a development kit whose meta.mat scipy writes. ILSVRC2012_IDs are in another order than the WordNet ids."""
import glob
import io
import os
import random
import subprocess

import numpy as np
import scipy.io
from PIL import Image

# WordNet id, words, ILSVRC2012_ID.
CLASSES = [("n01440764", "tench, Tinca tinca", 5), ("n01514668", "cock", 2), ("n02105855", "Shetland sheepdog, Shetland sheep dog, Shetland", 6),
           ("n02123159", "tiger cat", 1), ("n03995372", "power drill", 3), ("n04517823", "vacuum, vacuum cleaner", 4)]
PARENTS = [("n02512053", "fish", 1001), ("n00001740", "entity", 1002)]
WNIDS = [wnid for wnid, _, _ in CLASSES]
TRAIN, VAL, DEVKIT = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz"


def photographs(seed=1):
    """Endless crops of real photographs, about 120 x 100 pixels."""
    paths = sorted(glob.glob("/usr/share/backgrounds/*_by_*.jpg"))
    assert len(paths) >= 10, "no photographs: apt-get install lomiri-wallpapers-16.04"
    large = [Image.open(path).convert("RGB").resize((960, 600)) for path in paths[:10]]
    draw = random.Random(seed)
    while True:
        image = draw.choice(large)
        width, height = draw.randint(90, 150), draw.randint(80, 120)
        x, y = draw.randrange(960 - width), draw.randrange(600 - height)
        yield image.crop((x, y, x + width, y + height))


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 92, **options})
    return out.getvalue()


def put(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def make_class_folders(folder, per_class=9, val=20):
    """train/WNID/WNID_N.JPEG and val/WNID/ILSVRC2012_val_N.JPEG. Gives the wnid of each validation image, from number 1."""
    source = photographs()
    for wnid in WNIDS:
        for number in random.Random(wnid).sample(range(30000), per_class):
            put(f"{folder}/train/{wnid}/{wnid}_{number}.JPEG", jpeg(next(source)))
    truth = [random.Random(i).choice(WNIDS) for i in range(val)]
    for i, wnid in enumerate(truth):
        put(f"{folder}/val/{wnid}/ILSVRC2012_val_{i + 1:08d}.JPEG", jpeg(next(source)))
    return truth


def tar(archive, folder, names, *options):
    subprocess.run(["tar", *options, "-cf", archive, "-C", folder, *names], check=True)


def write_meta(path, compress=True):
    fields = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images"]
    rows = [(number, wnid, words, "a gloss", float(wnid in dict((p[0], 0) for p in PARENTS)), 1.0, 0.0, 1300.0)
            for wnid, words, number in sorted(CLASSES, key=lambda c: c[2]) + PARENTS]
    array = np.zeros((len(rows), 1), dtype=[(name, object) for name in fields])
    for i, row in enumerate(rows):
        array[i, 0] = tuple(float(value) if isinstance(value, int) else value for value in row)
    scipy.io.savemat(path, {"synsets": array}, do_compression=compress)


def make_devkit(path, truth, scratch):
    ids = {wnid: number for wnid, _, number in CLASSES}
    data = f"{scratch}/ILSVRC2012_devkit_t12/data"
    put(f"{data}/ILSVRC2012_validation_ground_truth.txt", "".join(f"{ids[wnid]}\n" for wnid in truth).encode())
    put(f"{scratch}/ILSVRC2012_devkit_t12/readme.txt", b"Development kit\n")
    write_meta(f"{data}/meta.mat")
    tar(path, scratch, ["ILSVRC2012_devkit_t12"], "-z")


def make_archives(folder, tree, truth, scratch, *options):
    """The three archives in `folder`, of the class folders in `tree`; `options` are tar's."""
    os.makedirs(folder, exist_ok=True)
    os.makedirs(f"{scratch}/classes", exist_ok=True)
    for wnid in WNIDS:
        names = sorted(os.listdir(f"{tree}/train/{wnid}"))
        random.Random(wnid).shuffle(names)  # ImageNet's are in no order either
        tar(f"{scratch}/classes/{wnid}.tar", f"{tree}/train/{wnid}", names, *options)
    tar(f"{folder}/{TRAIN}", f"{scratch}/classes", [f"{wnid}.tar" for wnid in reversed(WNIDS)], *options)
    flatten(tree, truth, f"{scratch}/flat")
    tar(f"{folder}/{VAL}", f"{scratch}/flat", sorted(os.listdir(f"{scratch}/flat"), reverse=True), *options)
    make_devkit(f"{folder}/{DEVKIT}", truth, f"{scratch}/devkit")


def flatten(tree, truth, folder):
    os.makedirs(folder, exist_ok=True)
    for i, wnid in enumerate(truth):
        name = f"ILSVRC2012_val_{i + 1:08d}.JPEG"
        if not os.path.exists(f"{folder}/{name}"):
            os.link(f"{tree}/val/{wnid}/{name}", f"{folder}/{name}")


def make_kaggle(folder, tree, truth, labels):
    """Kaggle's layout with `labels` from "csv" or "xml"."""
    images = f"{folder}/ILSVRC/Data/CLS-LOC"
    os.makedirs(images, exist_ok=True)
    os.symlink(os.path.abspath(f"{tree}/train"), f"{images}/train")
    flatten(tree, truth, f"{images}/val")
    put(f"{images}/test/ILSVRC2012_test_00000001.JPEG", b"not read")
    put(f"{folder}/LOC_synset_mapping.txt", "".join(f"{wnid} {words}\n" for wnid, words, _ in CLASSES).encode())
    rows = [f"ILSVRC2012_val_{i + 1:08d},{wnid} 1 2 30 40 {wnid} 5 6 70 80 \n" for i, wnid in enumerate(truth)]
    random.Random(3).shuffle(rows)
    if labels == "csv":
        put(f"{folder}/LOC_val_solution.csv", ("ImageId,PredictionString\n" + "".join(rows)).encode())
    for i, wnid in enumerate(truth if labels == "xml" else []):
        box = f"<object><name>{wnid}</name><bndbox><xmin>1</xmin></bndbox></object>"
        put(f"{folder}/ILSVRC/Annotations/CLS-LOC/val/ILSVRC2012_val_{i + 1:08d}.xml",
            f"<annotation><folder>val</folder>{box}{box}</annotation>".encode())
