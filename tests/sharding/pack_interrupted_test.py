#!/usr/bin/env python3
"""Kills the real program at several moments of packing Fashion-MNIST; the same command then ends with the bytes of an unbroken pack."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
from sharder import PROGRAM, contents  # noqa: E402

FASHION = "/usr/share/datasets/fashion-mnist"  # Debian's dataset-fashion-mnist
SHARDS = 200


def command(out):
    return [PROGRAM, "pack", "--input", FASHION, "--output", out, "--shards", str(SHARDS), "--workers", "2"]


def shards_in(folder):
    return sum(name.endswith(".rms") for name in os.listdir(folder)) if os.path.isdir(folder) else 0


def interrupt(out, after_shards, sent):
    """Starts a pack, sends it a signal once it has written so many shards, and gives its return code."""
    with subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        while shards_in(out) < after_shards and program.poll() is None:
            time.sleep(0.0005)
        program.send_signal(sent)
        return program.wait(timeout=60)


def check_left(out, want):
    for name, content in contents(out).items():
        assert name.endswith((".tmp", ".audit", ".lock")) or content == want[name], f"{name} is damaged"


def main():
    with tempfile.TemporaryDirectory(prefix="ringmaster_test.") as folder:
        subprocess.run(command(f"{folder}/whole"), check=True, capture_output=True, timeout=120)
        want = contents(f"{folder}/whole")
        assert len(want) > SHARDS, len(want)

        # Killed again and again, a little later each time, in one folder.
        out, killed = f"{folder}/killed", 0
        for after in (0, 1, 17, 60, 120, 199):
            killed += interrupt(out, after, signal.SIGKILL) == -signal.SIGKILL
            check_left(out, want)
        assert killed >= 5, f"only {killed} of 6 packs were killed before they ended"
        subprocess.run(command(out), check=True, capture_output=True, timeout=120)
        assert contents(out) == want

        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            shutil.rmtree(out)
            assert interrupt(out, 5, sent) == code
            left = [name for name in os.listdir(out) if not name.endswith(".audit")]
            assert 5 <= len(left) < len(want) and all(name.endswith(".rms") for name in left), left
            check_left(out, want)
            subprocess.run(command(out), check=True, capture_output=True, timeout=120)
            assert contents(out) == want
    print(f"killed {killed} times, stopped twice: the same {len(want)} files")


if __name__ == "__main__":
    main()
