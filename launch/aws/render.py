#!/usr/bin/env python3
"""Fills the templates for AWS in, after checking every value. Talks to nobody.

    launch/aws/render.py SETTINGS --output DIR [TEMPLATE ...]

SETTINGS: a copy of settings.example.cfg beside this file. TEMPLATE: default all of launch/aws/ and ami/; only what these name must be filled in.
A ${NAME} in capitals is replaced; DIR gets files of the same names (policies/ below it). Exit code: 0, or 2 with every problem on a line.
"""
import argparse
import glob
import os
import re
import sys

sys.dont_write_bytecode = True  # a checkout may be read only
import settings  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def all_templates():
    return sorted(path for pattern in ("launch/aws/*.yaml", "launch/aws/policies/*.json", "ami/*.yaml") for path in glob.glob(f"{ROOT}/{pattern}"))


def name_in_output(path):
    return f"policies/{os.path.basename(path)}" if path.endswith(".json") else os.path.basename(path)


def fill_in(text, values):
    """(rendered text, problems)."""
    problems = []

    def value(match):
        name = match.group(1)
        problem = settings.problem_of(name, values.get(name, "")) if name in settings.SETTINGS else f"there is no setting {name}"
        if problem:
            problems.append(problem)
        return values.get(name, "")

    return PLACE.sub(value, text), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings")
    parser.add_argument("templates", nargs="*", default=all_templates())
    parser.add_argument("--output", required=True)
    arguments = parser.parse_intermixed_args()
    try:
        with open(arguments.settings, encoding="utf-8") as file:
            values, problems = settings.parse(file.read(), arguments.settings)
        rendered, wanted_by = {}, {}
        for path in arguments.templates:
            with open(path, encoding="utf-8") as file:
                rendered[name_in_output(path)], found = fill_in(file.read(), values)
            for problem in dict.fromkeys(found):
                wanted_by.setdefault(problem, []).append(os.path.basename(path))
        problems += [f"{problem} [{' '.join(files)}]" for problem, files in wanted_by.items()]
        if not problems:
            for name, text in rendered.items():
                target = os.path.join(arguments.output, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "w", encoding="utf-8") as file:
                    file.write(text)
    except OSError as error:
        problems = [str(error)]
    for problem in problems:
        print(f"render.py: {problem}", file=sys.stderr)
    if not problems:
        print(f"{len(rendered)} files in {arguments.output}")
    return 2 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
