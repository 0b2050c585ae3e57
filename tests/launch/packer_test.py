#!/usr/bin/env python3
"""Packer itself accepts ami/packer, in its form and in its formatting, and refuses broken variants. Without a network; 77 (skipped) where the
distribution has no Packer any more."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ["RINGMASTER_SOURCE"]
sys.path.insert(0, f"{SOURCE}/tests/support")
import cloud  # noqa: E402

cloud.enter()
TEMPLATE = "ringmaster.pkr.hcl"
# What Debian's Packer (1.6.6, before the plugins went their own ways) does not know yet.
NEWER = [r'  imds_support = "v2\.0"\n', r"  metadata_options \{\n(?:    http_\w+ += .*\n)+  \}\n"]


def problems(text):
    """What `packer validate` and `packer fmt -check` say of a template."""
    with tempfile.TemporaryDirectory() as folder:
        # Packer reads the whole folder, and wants the file that the template uploads.
        with open(f"{folder}/{TEMPLATE}", "w", encoding="utf-8") as file:
            file.write(text)
        with open(f"{folder}/ringmaster.tar.gz", "w", encoding="utf-8"):
            pass
        environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "HOME": folder, "PACKER_CONFIG_DIR": folder}
        found = []
        for words in (["validate", "-var", "region=us-east-1", "-var", "subnet=subnet-0123456789abcdef0", "."], ["fmt", "-check", "."]):
            done = subprocess.run(["packer", *words], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=60, check=False)
            if done.returncode != 0:
                found.append(f"packer {words[0]}: {done.stdout}")
        return found


def main():
    if not shutil.which("packer"):
        print("not tried here: this distribution has no Packer")
        return 77
    with open(f"{SOURCE}/ami/packer/{TEMPLATE}", encoding="utf-8") as file:
        text = file.read()
    for pattern in NEWER:
        text, count = re.subn(pattern, "", text)
        assert count == 1, f"{TEMPLATE} no longer has {pattern}: is IMDSv2 still required?"
    assert not problems(text), problems(text)
    assert 'http_tokens                 = "required"' in open(f"{SOURCE}/ami/packer/{TEMPLATE}", encoding="utf-8").read()
    print("packer accepts the template")
    broken = [
        ("instance_type        =", "instance_typ         =", "instance_typ"),
        ('sources = ["source.amazon-ebs.ringmaster"]', 'sources = ["source.amazon-ebs.other"]', "other"),
        ("var.flavour", "var.flavor", "flavor"),
        ('ssh_interface        = "session_manager"', 'ssh_interface        = "open_port"', "open_port"),
        ('  iam_instance_profile = "ringmaster-packer"\n', "", "iam_instance_profile"),
        ('source      = "ringmaster.tar.gz"', 'source      = "absent.tar.gz"', "absent.tar.gz"),
        ("    volume_size           = 60", "    volume_size = 60", "fmt"),
    ]
    for old, new, expected in broken:
        cloud.refused(problems(cloud.edited(text, old, new)), expected, f"{old} -> {new}")
    print(f"{len(broken)} broken templates are refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
