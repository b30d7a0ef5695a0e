"""Random scenarios: a few of every day's, as many as `SIMULATION_SEEDS` says otherwise."""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

import pytest

from tests.simulation.run import Report, run
from tests.simulation.scenario import drawn
from tests.simulation.shrink import shrunk

SEEDS: Final = int(os.environ.get("SIMULATION_SEEDS", "16"))
FIRST: Final = int(os.environ.get("SIMULATION_FIRST", "0"))
AT_ONCE: Final = 8
LAST_LINES: Final = 60

chunks = pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, AT_ONCE))


@chunks
def test_what_heals_comes_to_its_end(first: int) -> None:
    """Liveness: after a minute of faults every accepted job ends once, paid for once, and nobody lags behind."""
    ended: Counter[str] = Counter()
    for seed in range(first, min(first + AT_ONCE, FIRST + SEEDS)):
        report = run(drawn(seed))
        assert report.violation is None, _told(report)
        ended.update(report.ended)
    assert ended["succeeded"] > 0 or SEEDS < AT_ONCE, f"nothing is found where nothing is done: {ended}"


@chunks
def test_whatever_happens_nothing_is_done_twice_or_beyond_its_bounds(first: int) -> None:
    """Safety: faults as many as they come, and nobody waits for the end of them."""
    for seed in range(first, min(first + AT_ONCE, FIRST + SEEDS)):
        report = run(drawn(seed, heals=False))
        assert report.violation is None, _told(report)


def _told(report: Report) -> str:
    """What is left of it when everything is left out that it fails without."""
    assert report.violation is not None
    small = run(shrunk(report.scenario, report.violation.rule))
    last = "\n".join(small.story[-LAST_LINES:])
    mode = "" if report.scenario.heals else " safety"
    return (
        f"{small.violation}\n{last}\n{small.scenario!r}\n"
        f"again: python -m tests.simulation {report.scenario.seed}{mode}; keep it in tests/simulation/test_found.py"
    )
