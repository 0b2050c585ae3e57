"""What TensorBoard itself reads: one line `tag step value` a point.

events_referee.py FOLDER             of the event files in FOLDER
events_referee.py FOLDER OLD_FOLDER  as a TensorBoard sees it that has read OLD_FOLDER's files before, and then finds FOLDER's
"""
import logging
import os
import shutil
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def copy_events(source, target):
    for name in os.listdir(source):
        if ".tfevents." in name:
            shutil.copy(os.path.join(source, name), target)


def main():
    logging.disable(logging.WARNING)  # it says when it drops what was undone
    folder, *old = sys.argv[1:]
    with tempfile.TemporaryDirectory() as watched:
        accumulator = EventAccumulator(watched)
        for source in [*old, folder]:
            copy_events(source, watched)
            accumulator.Reload()
        for tag in sorted(accumulator.Tags()["scalars"]):
            for point in accumulator.Scalars(tag):
                print(tag, point.step, f"{point.value:.9g}")


if __name__ == "__main__":
    main()
