#!/usr/bin/env python3
"""A finished schedule is not extended by accident: more epochs are refused, unless they are allowed by name, and then both curves are
shown."""
import lab

RECIPE = {"global_batch": 16, "checkpoint_steps": 0}  # 80 images: 5 steps an epoch


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 8)
    folder = f"{work}/run"
    lab.run(lab.train_command(f"{work}/data", folder, epochs=1, **RECIPE))
    end = lab.lines(folder, "step")[-1]["lr"]
    again = lab.run(lab.train_command(f"{work}/data", folder, epochs=1, **RECIPE))
    assert "finished: 1 epochs, 5 steps" in again and len(lab.lines(folder, "step")) == 5, again

    refused = lab.run(lab.train_command(f"{work}/data", folder, epochs=3, **RECIPE), expect=2)
    assert "epochs: 1 -> 3" in refused and "--allow_change epochs" in refused, refused
    assert len(lab.lines(folder, "step")) == 5, "it trained all the same"

    out = lab.run(lab.train_command(f"{work}/data", folder, "--allow_change", "epochs", epochs=3, **RECIPE))
    table = out[out.index("learning rate after so many epochs"):].splitlines()[1:6]
    print("\n".join(table))
    assert table[0].split() == ["epochs", "before", "now"]
    assert [row.split()[:2] for row in (table[1], table[3], table[4])] == [["0", "0.002000"], ["2", "ended"], ["3", "ended"]], table
    here = table[2].lstrip(">").split()
    assert table[2].startswith(">") and here[:2] == ["1", f"{end:.6f}"], table
    first = lab.lines(folder, "step")[5]
    assert f"{first['lr']:.6f}" == here[2], "the run does not go on with the rate that was shown"


if __name__ == "__main__":
    main()
