"""What the tests with PyTorch as the referee share: our tool, temporary folders, comparisons."""
import atexit
import os
import shutil
import subprocess
import sys
import tempfile

import torch

# One thread here and in our tool: the number decides the order of sums.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"

TOOL = f"{os.environ['RINGMASTER_BUILD']}/tests/model/referee_tool"


def workdir():
    """A fresh folder that goes away with the test."""
    path = tempfile.mkdtemp(prefix="ringmaster_referee.")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def tool(command, expect=0, **options):
    """Runs a command of tests/model/referee_tool.cc. Gives its standard output, or where it is expected to fail its error."""
    words = [f"{key}={value}" for key, value in options.items()]
    done = subprocess.run([TOOL, command, *words], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != expect:
        sys.exit(f"{command} {' '.join(words)}: exit code {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
    return done.stderr if expect else done.stdout


def load(path):
    return torch.load(path, weights_only=True)


def relative_error(ours, theirs):
    """Of the whole tensor: the norm of the difference over the norm of the reference."""
    ours, theirs = ours.double(), theirs.double()
    assert ours.shape == theirs.shape, f"shape {tuple(ours.shape)}, not {tuple(theirs.shape)}"
    return ((ours - theirs).norm() / theirs.norm().clamp_min(1e-30)).item()


def assert_close(name, ours, theirs, limit):
    error = relative_error(ours, theirs)
    assert error <= limit, f"{name}: relative error {error:.3g} above {limit:.3g}"
    return error
