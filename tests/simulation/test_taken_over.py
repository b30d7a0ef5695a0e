"""What one dispatcher has left behind when it died, the next one sees to."""

from __future__ import annotations

import re

import pytest

from tests.simulation.run import Report, run
from tests.simulation.scenario import Fault, Order, Scenario

LONGEST_S = 600


def lost_sight_of(seed: int, provider: str) -> Scenario:
    """A provider stands still, so that its attempt fails and is not stopped; then the dispatcher dies that knows so."""
    faults = (Fault("provider_stalls", 2.0, provider, 40.0), Fault("crash", 25.0, "dispatcher-0"))
    order = Order(1.0, 0, f"{provider}/a")
    return Scenario(seed, (order,), faults, (provider,), orgs=1, partitions=1, max_runtime_s=LONGEST_S)


def accepted_at(report: Report) -> dict[int, float]:
    """Attempt → when its provider took it, in virtual seconds."""
    lines = (re.match(r" *([\d.]+)  \w+ accepted \w+\.(\d+) as ", line) for line in report.story)
    return {int(line[2]): float(line[1]) for line in lines if line is not None}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("provider", ["blind", "asked"])
def test_what_has_failed_and_may_still_run_is_stopped_by_whoever_comes_next(seed: int, provider: str) -> None:
    report = run(lost_sight_of(seed, provider))
    assert report.violation is None
    accepted = accepted_at(report)
    assert accepted[2] < accepted[1] + LONGEST_S
