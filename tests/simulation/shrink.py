"""Leaves out of a scenario that fails whatever it fails without."""

from __future__ import annotations

from dataclasses import replace

from tests.simulation.run import run
from tests.simulation.scenario import Scenario


def shrunk(scenario: Scenario, rule: str) -> Scenario:
    """The smallest that was found and still breaks the same rule."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _candidates(scenario):
            report = run(candidate)
            if report.violation is not None and report.violation.rule == rule:
                scenario, smaller = candidate, True
                break
    return scenario


def _candidates(scenario: Scenario) -> list[Scenario]:
    found = [scenario.without(index) for index in range(len(scenario.faults))]
    found += [scenario.with_fewer_orders(index) for index in range(len(scenario.orders)) if len(scenario.orders) > 1]
    for change in ({"badness": 0.0}, {"slow": 0.0}, {"deciders": 1}, {"dispatchers": 1}, {"sweepers": 1}):
        changed = replace(scenario, **change)
        if changed != scenario and _all_there(changed):
            found.append(changed)
    return found


def _all_there(scenario: Scenario) -> bool:
    gone = {f"{kind}-1" for kind in ("decider", "dispatcher", "sweepers") if getattr(scenario, _count(kind)) == 1}
    return not any(fault.node in gone for fault in scenario.faults)


def _count(kind: str) -> str:
    return kind if kind.endswith("s") else f"{kind}s"
