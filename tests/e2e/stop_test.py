#!/usr/bin/env python3
"""A run that is asked to stop, by whom and when ever: the right exit code, a checkpoint of the last step done, nobody left behind; and
started again it ends with the bits of the unbroken run."""
import os
import signal
import subprocess
import sys
import time

import lab

sys.path.insert(0, f"{lab.SOURCE}/tests/support")
from imds_server import ImdsServer  # noqa: E402

RECIPE = {"epochs": 2, "global_batch": 20, "checkpoint_steps": 0, "eval_batch": 2}  # 200 images: 10 steps an epoch
GRACE_S = 30  # 1 step + 5 s, on a machine that builds something else beside


class Started:
    """A run in the background, until it has ended by itself."""

    def __init__(self, work, count, folder="run", before=(), **keys):
        self.folder = f"{work}/{folder}"
        self.rows_before = self.steps()
        command = [*before, *lab.ranks(count, lab.train_command(f"{work}/data", self.folder, **{**RECIPE, **keys}))]
        self.output = open(f"{work}/output", "w", encoding="utf-8")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.output, stderr=subprocess.STDOUT)

    def steps(self):
        try:
            return max((row["step"] for row in lab.lines(self.folder, "step")), default=0)
        except (OSError, ValueError):
            return 0  # not there yet, or a line half written

    def wait_until(self, condition, what):
        for _ in range(2400):
            if condition():
                return
            assert self.process.poll() is None, f"ended with {self.process.returncode} before {what}:\n{self.said()}"
            time.sleep(0.05)
        raise AssertionError(f"no {what} within two minutes")

    def wait_for_step(self, step):
        self.wait_until(lambda: self.steps() >= step, f"step {step}")

    def ranks(self):
        """Process ids: mpirun's children, or the program itself."""
        mpirun = mpirun_of(self.process.pid)
        return sorted(children(mpirun[0])) if mpirun else [self.process.pid]

    def said(self):
        with open(self.output.name, encoding="utf-8") as file:
            return file.read()

    def leaves(self, code, reason, ranks):
        """Ends with `code`, its log and checkpoint agree on the step, and no rank is left."""
        assert self.process.wait(timeout=GRACE_S) == code, f"exit code {self.process.returncode}, not {code}:\n{self.said()}"
        assert not [pid for pid in ranks if os.path.exists(f"/proc/{pid}/exe")], "a rank is still there"
        stop = lab.lines(self.folder, "stop")[-1]
        assert (stop["reason"], stop["exit_code"]) == (reason, code), stop
        newest = f"{self.folder}/checkpoints/checkpoint.pt"  # absent where it was asked before its first step, on a slow machine
        saved = lab.load(newest)["progress"]["step"] if os.path.exists(newest) else 0
        assert saved == stop["step"] == self.steps(), (saved, stop, self.steps())
        print(f"{reason}: {code} at step {saved}")
        return saved


def children(pid, *options):
    found = subprocess.run(["pgrep", "-P", str(pid), *options], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def mpirun_of(launcher):
    """[mpirun's process id], or [] where it has not been started by local_mpirun.sh."""
    return children(launcher, "-x", "mpirun")


def by_signals(work):
    """Four lives of one run: TERM to the launcher, INT to one rank, USR2 to mpirun in the evaluation, and to the end."""
    run = Started(work, 2)
    run.wait_for_step(2)
    ranks = run.ranks()
    run.process.send_signal(signal.SIGTERM)
    run.leaves(143, "SIGTERM", ranks)

    run = Started(work, 2)
    run.wait_for_step(run.rows_before + 2)
    ranks = run.ranks()
    os.kill(ranks[1], signal.SIGINT)  # the other rank has to agree
    run.leaves(130, "SIGINT", ranks)

    # Behind the epoch's last step: into the evaluation of 100 batches, or what little is between.
    run = Started(work, 2)
    run.wait_for_step(10)
    ranks = run.ranks()
    os.kill(mpirun_of(run.process.pid)[0], signal.SIGUSR2)
    assert run.leaves(75, "SIGUSR2", ranks) == 10, "it went on into the next epoch"
    assert not lab.lines(run.folder, "epoch"), "an evaluation that was stopped must not close its epoch"

    for folder in ("run", "whole"):
        lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/{folder}", **RECIPE)))
    lab.assert_same_weights(f"{work}/whole/checkpoints/checkpoint.pt", f"{work}/run/checkpoints/checkpoint.pt")
    hits = [[row["val_hits1"] for row in lab.lines(f"{work}/{folder}", "epoch")] for folder in ("run", "whole")]
    assert hits[0] == hits[1] and len(hits[0]) == 2, hits


def by_lost_peers(work):
    """Under the supervisor: a rank is killed, then one stands still; the run comes back from both by itself, and ends as `whole` did."""
    run = Started(work, 2, "supervised", [f"{lab.SOURCE}/launch/supervise.sh", "--backoff", 0], checkpoint_steps=3, step_deadline_s=5,
                  eval_batch=50)

    def ranks():
        launcher = children(run.process.pid)
        mpirun = mpirun_of(launcher[0]) if launcher else []
        return sorted(children(mpirun[0])) if mpirun else []

    for step, how in ((4, signal.SIGKILL), (14, signal.SIGSTOP)):
        run.wait_for_step(step)
        attempts = len(lab.lines(run.folder, "start") + lab.lines(run.folder, "resume"))
        os.kill(ranks()[1], how)
        run.wait_until(lambda n=attempts: len(lab.lines(run.folder, "start") + lab.lines(run.folder, "resume")) > n,
                       f"new attempt after {how.name}")
    assert run.process.wait(timeout=240) == 0, run.said()
    for part in ("rank 1", "attempt 1 ended with 75", "attempt 2 ended with 75"):
        assert part in run.said(), f"{part!r} is not in:\n{run.said()}"
    lab.assert_same_weights(f"{work}/whole/checkpoints/checkpoint.pt", f"{run.folder}/checkpoints/checkpoint.pt")
    print("killed and stopped ranks: the same bits as the unbroken run")


def by_notices(work):
    """The service misbehaves in every way first; then it recommends to rebalance, and at last takes the instance back."""
    service = ImdsServer()
    run = Started(work, 2, "notices", epochs=1000, eval_batch=50, spot_notices="on", imds_endpoint=service.endpoint, spot_poll_s=0.05)
    for trouble in ("500", "401", "garbage", "slow", None):
        service.trouble, before = trouble, service.asked
        run.wait_until(lambda n=before: service.asked >= n + 2, f"questions in spite of {trouble}")
    service.forget_tokens()
    service.recommend_rebalance()
    saves = len(lab.lines(run.folder, "save"))
    run.wait_until(lambda: len(lab.lines(run.folder, "save")) > saves, "save on the recommendation")
    ranks = run.ranks()
    service.interrupt()
    run.leaves(75, "spot interruption notice", ranks)
    assert "can't be read" in run.said() and "can be read again" in run.said(), run.said()
    assert "rebalance recommendation" in run.said(), run.said()


def by_time_limit(work):
    """One rank without a launcher; its allocation has twelve seconds left, of which it uses half."""
    os.environ["SLURM_JOB_END_TIME"] = str(int(time.time()) + 12)
    run = Started(work, 1, "limit", epochs=1000, eval_batch=50)
    del os.environ["SLURM_JOB_END_TIME"]
    run.leaves(75, "time limit", [run.process.pid])


def while_it_starts(work):
    """A signal that comes before the first step: nothing to save, and the same exit code."""
    run = Started(work, 2, "start")
    run.wait_until(lambda: mpirun_of(run.process.pid) and run.ranks(), "ranks")
    run.process.send_signal(signal.SIGTERM)
    code = run.process.wait(timeout=GRACE_S)
    assert code == 143, f"exit code {code}, not 143:\n{run.said()}"


def by_a_second_signal(work):
    """Rank 1 stands still, so rank 0 can't come to its step's end: the second signal leaves at once and says what is not saved."""
    run = Started(work, 2, "twice", epochs=1000, checkpoint_steps=3)
    run.wait_until(lambda: run.steps() >= 4 and lab.lines(run.folder, "saved"), "save")
    ranks = run.ranks()
    os.kill(ranks[1], signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(ranks[0], signal.SIGTERM)
    time.sleep(1.5)  # what comes within a second is taken for the same request
    os.kill(ranks[0], signal.SIGTERM)
    assert run.process.wait(timeout=GRACE_S) == 143, run.said()
    saved = max(row["saved_step"] for row in lab.lines(run.folder, "saved"))
    for part in ("second signal (SIGTERM)", f"steps {saved + 1} to {run.steps()} are not saved"):
        assert part in run.said(), f"{part!r} is not in:\n{run.said()}"
    assert not [pid for pid in ranks if os.path.exists(f"/proc/{pid}/exe")], "a rank is still there"
    print("a second signal leaves at once")


def by_a_rank_that_does_not_start(work):
    """A rank that stands still before MPI has begun, where no step's deadline runs yet."""
    run = Started(work, 2, "unstarted", step_deadline_s=5)
    run.wait_until(lambda: len(run.ranks()) == 2, "ranks")
    ranks = run.ranks()
    os.kill(ranks[1], signal.SIGSTOP)
    assert run.process.wait(timeout=2 * GRACE_S) == 75, run.said()
    assert "MPI's start took more than" in run.said(), run.said()
    assert not [pid for pid in ranks if os.path.exists(f"/proc/{pid}/exe")], "a rank is still there"
    print("a rank that does not start ends the others")


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 20)
    by_signals(work)
    by_lost_peers(work)
    by_a_second_signal(work)
    while_it_starts(work)
    by_a_rank_that_does_not_start(work)
    by_time_limit(work)
    by_notices(work)


if __name__ == "__main__":
    main()
