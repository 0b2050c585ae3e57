"""For the tests of the files for AWS: the environment with their checkers, no network, and the rendered files."""
import os
import re
import shutil
import socket
import subprocess
import sys

SOURCE = os.environ["RINGMASTER_SOURCE"]
SETTINGS = f"{SOURCE}/tests/support/aws_settings.cfg"
RENDER = f"{SOURCE}/launch/aws/render.py"


def enter():
    """Starts the script that calls it anew, with the Python that has ParallelCluster and cfn-lint, in a network namespace without a way out:
    nothing here may reach AWS."""
    if os.environ.get("RINGMASTER_CLOUD") != "entered":
        folder = subprocess.run([f"{SOURCE}/ami/install.sh", "--print-cloud"], capture_output=True, text=True, check=True).stdout.strip()
        python = f"{folder}/venv/bin/python"
        assert os.path.exists(python), f"{python} is missing: ami/install.sh --tests"
        isolated = next((words for words in (["unshare", "-n"], ["unshare", "-rn"])
                         if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0), [])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment.update(RINGMASTER_CLOUD="entered", RINGMASTER_ISOLATED="yes" if isolated else "no", AWS_EC2_METADATA_DISABLED="true",
                           PYTHONDONTWRITEBYTECODE="1")
        words = [*isolated, python, *sys.argv]
        os.execvpe(words[0], words, environment)
    if os.environ["RINGMASTER_ISOLATED"] == "yes":
        names = [name for _, name in socket.if_nameindex()]
        assert all(name == "lo" or name.endswith("0") and name[:-1] in ("tunl", "sit", "ip6tnl", "gre", "gretap", "erspan", "ip_vti",
                                                                       "ip6_vti", "ip6gre") for name in names), names
        try:
            socket.create_connection(("192.0.2.1", 80), timeout=5).close()  # an address for documentation: nobody's
            raise AssertionError("there is a network here")
        except OSError:
            pass
    else:
        print("no network namespace to be had here: nothing is asked of AWS, but nothing would stop it either")


def settings():
    with open(SETTINGS, encoding="utf-8") as file:
        return dict(re.findall(r"^([A-Z_]+) = (.*)$", file.read(), re.M))


def rendered(folder):
    """All templates, filled in with made-up settings: {file name: text}."""
    subprocess.run([sys.executable, RENDER, SETTINGS, "--output", folder], check=True, capture_output=True)
    texts = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), encoding="utf-8") as file:
                texts[name] = file.read()
    assert len(texts) >= 10, sorted(texts)
    return texts


def edited(text, old, new):
    """`text` with its first `old` replaced; a test that edits nothing would prove nothing."""
    assert old in text, f"nothing to break: there is no {old!r}"
    return text.replace(old, new, 1)


def refused(problems, expected, what):
    """Asserts that one of the problems says `expected`."""
    assert any(expected in problem for problem in problems), f"{what}: expected a problem with {expected!r}, got {problems}"


def shellcheck(script, name):
    assert shutil.which("shellcheck"), "shellcheck is missing: ami/install.sh --tests"
    done = subprocess.run(["shellcheck", "--shell=bash", "-"], input=script, text=True, capture_output=True, check=False)
    return [f"{name}: {line}" for line in done.stdout.splitlines()]
