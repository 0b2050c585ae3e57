#!/usr/bin/env python3
"""launch/aws/render.py: every bad setting is refused with its name and what to do, nothing is written then, and what is written has no gaps."""
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ["RINGMASTER_SOURCE"]
sys.path.insert(0, f"{SOURCE}/tests/support")
import cloud  # noqa: E402


def render(settings, *templates):
    """(exit code, what was said, {file: text}) for the text of a settings file."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/my.cfg", "w", encoding="utf-8") as file:
            file.write(settings)
        done = subprocess.run([sys.executable, cloud.RENDER, f"{folder}/my.cfg", "--output", f"{folder}/out", *templates],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        texts = {}
        for place, _, names in os.walk(f"{folder}/out"):
            for name in names:
                with open(f"{place}/{name}", encoding="utf-8") as file:
                    texts[name] = file.read()
        return done.returncode, done.stdout.replace(folder, ""), texts


def with_setting(good, name, value):
    return re.sub(rf"^{name} = .*$", f"{name} = {value}", good, flags=re.M)


def main():
    with open(cloud.SETTINGS, encoding="utf-8") as file:
        good = file.read()
    code, said, texts = render(good)
    assert code == 0 and len(texts) >= 10, (code, said)
    for name, text in texts.items():
        assert not re.search(r"\$\{[A-Z]", text), f"{name} has a gap"
    print(f"{len(texts)} files are rendered")

    # The example as it is: everything that only its reader knows is asked for, with where to find it; the rest has values that pass.
    with open(f"{SOURCE}/launch/aws/settings.example.cfg", encoding="utf-8") as file:
        example = file.read()
    code, said, texts = render(example)
    asked = set(re.findall(r"render.py: ([A-Z_]+) is not filled in: \S", said))
    empty = set(re.findall(r"^([A-Z_]+) =$", example, re.M))
    assert code == 2 and not texts and asked == empty and len(empty) >= 6, (asked ^ empty, said)
    assert set(cloud.settings()) == set(re.findall(r"^([A-Z_]+) =", example, re.M))
    assert "SSH_FROM = 255.255.255.255/32" in example  # closed unless opened

    bad = [
        (with_setting(good, "ACCOUNT", "12345"), "ACCOUNT = 12345: it must be"),
        (with_setting(good, "REGION", "Virginia"), "REGION = Virginia"),
        (with_setting(good, "BUCKET", "My_Bucket"), "BUCKET = My_Bucket"),
        (with_setting(good, "COMPUTE_SUBNET", "vpc-0123456789abcdef0"), "COMPUTE_SUBNET"),
        (with_setting(good, "CUSTOM_AMI", "ami-latest"), "pcluster describe-image"),
        (with_setting(good, "FSX_GIB", "1300"), "FSX_GIB = 1300: FSx sells 1200, or a multiple of 2400"),
        (with_setting(good, "FSX_MBS_PER_TIB", "300"), "FSX_MBS_PER_TIB = 300"),
        (with_setting(good, "FLAVOUR", "cuda11"), "FLAVOUR = cuda11"),
        (with_setting(good, "SSH_FROM", "0.0.0.0/0"), "opens SSH to much of the world"),
        (with_setting(good, "SSH_FROM", "128.0.0.0/1"), "opens SSH to much of the world"),
        (with_setting(good, "SSH_FROM", "203.0.113.7/24"), "has host bits set"),
        (with_setting(good, "BUDGET_EMAIL", 'a@b.org"}'), "BUDGET_EMAIL"),
        (with_setting(good, "PROJECT", "x\"}\n  evil: yes"), "expected NAME = VALUE"),
        (good + "NODE = 3\n", "there is no setting NODE. There are: ACCOUNT"),
        (good + "NODES = 3\n", "NODES was given before"),
        (good + "PROFILE\n", "expected NAME = VALUE"),
        (good + f"# {'AKIA' + 'IOSFODNN7EXAMPLE'}\n", "looks like an access key"),
        (good + f"# {'wJalrXUtnFEMI/K7MDENG/' + 'bPxRfiCYEXAMPLEKEY'}\n", "looks like an access key"),
        (re.sub(r"^BUCKET = .*\n", "", good, flags=re.M), "BUCKET is not filled in"),
    ]
    for settings, expected in bad:
        code, said, texts = render(settings)
        assert code == 2 and expected in said and not texts, f"expected {expected!r}:\n{said}{sorted(texts)}"
    print(f"{len(bad)} bad settings are refused")

    # A template asks only for what it names; one that names what there is not is refused.
    code, said, texts = render(with_setting(good, "CUSTOM_AMI", ""), f"{SOURCE}/ami/image.yaml")
    assert code == 0 and list(texts) == ["image.yaml"], said
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as template:
        template.write("Region: ${REGOIN}\n")
        template.flush()
        code, said, texts = render(good, template.name)
    assert code == 2 and "there is no setting REGOIN" in said and not texts, said


if __name__ == "__main__":
    main()
