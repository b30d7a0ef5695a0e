"""`python -m tests.simulation SEED [safety]`: one run with its story, and what can be left out of it where it fails.

`python -m tests.simulation for SECONDS [SEED]`: as many as there is time for, from this seed on.
"""

from __future__ import annotations

import sys

from tests.simulation.long import search
from tests.simulation.run import run
from tests.simulation.scenario import drawn
from tests.simulation.shrink import shrunk


def main(arguments: list[str]) -> int:
    if arguments[0] == "for":
        return min(1, search(float(arguments[1]), int(arguments[2]) if arguments[2:] else None))
    scenario = drawn(int(arguments[0]), heals="safety" not in arguments)
    report = run(scenario)
    if report.violation is not None and "whole" not in arguments:
        report = run(shrunk(scenario, report.violation.rule))
    sys.stdout.write("\n".join(report.story) + f"\n\n{report.scenario}\n{report.ended} {report.effects} effects\n")
    sys.stdout.write(f"{report.violation or 'nothing found'}\n")
    return 0 if report.violation is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
