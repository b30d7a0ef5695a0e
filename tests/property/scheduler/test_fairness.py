"""How fair turns are, in figures: shares of any window, the longest wait, and what a decision costs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.jobs.events import Priority
from processors.scheduler.queues import PRIORITY_WEIGHTS
from processors.scheduler.rotation import Rotation
from tests.unit.scheduler.makers import Bench

WINDOW = 1000
PRIORITIES: tuple[Priority, ...] = ("HIGH", "NORMAL", "LOW")


def served(weights: Sequence[int], turns: int) -> list[int]:
    """Whose each turn is, while all of them always want one."""
    rotation: Rotation[int] = Rotation()
    for key, weight in enumerate(weights):
        rotation.enter(key, weight)
    order: list[int] = []
    while len(order) < turns:
        chosen = rotation.first()
        assert chosen is not None
        rotation.charge(chosen)
        order.append(chosen)
    return order


def ahead(order: Iterable[int], key: int, share: float) -> Iterator[float]:
    """By how many turns `key` is ahead of its share after each turn."""
    return accumulate(((one == key) - share for one in order), initial=0.0)


def most_off(order: Sequence[int], key: int, share: float) -> float:
    """By how many turns `key` is off its share in that window of all windows where it is off most."""
    least = most = off = 0.0
    for now in ahead(order, key, share):
        off = max(off, now - least, most - now)
        least, most = min(least, now), max(most, now)
    return off


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=60))
def test_in_every_window_everybody_is_within_one_round_of_its_share(weights: list[int]) -> None:
    """A round has `weight` turns for each; there may be any number of them, and of organisations."""
    order, whole = served(weights, min(4 * sum(weights) + 50, 3000)), sum(weights)
    for key in {0, len(weights) // 2, len(weights) - 1}:
        off = most_off(order, key, weights[key] / whole)
        assert off <= 1 + (len(weights) - 2) * weights[key] / whole + 1e-6
        assert int(off) <= weights[key]


def test_a_thousand_organisations_are_within_one_round_too() -> None:
    weights = [1 + n % 9 for n in range(1000)]
    order = served(weights, 3 * sum(weights))
    assert max(int(most_off(order, key, weights[key] / sum(weights))) / weights[key] for key in range(9)) <= 1


def run(orgs: Mapping[str, int], turns: int) -> list[str]:
    """The organisation of each dispatch at a provider with one place; all of them always have something waiting."""
    bench, made = Bench(concurrent=0), 0
    for org, weight in orgs.items():
        bench.org(org, weight=weight)
        for _ in range(2):
            made += 1
            bench.queue(f"{org}.{made}", priority=PRIORITIES[made % 3])
    bench.limit(1)
    while len(bench.order) < turns:
        made += 1
        bench.queue(f"{bench.order[-1].split('.')[0]}.{made}", priority=PRIORITIES[made % 3])
        bench.end(bench.order[-1])
    return [name.split(".")[0] for name in bench.order]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=20), st.integers(0, 200))
def test_of_any_thousand_dispatches_everybody_has_its_share_within_five_percent(weights: list[int], begin: int) -> None:
    """And one dispatch: a share may be a few of a thousand."""
    orgs = {f"o{n}": weight for n, weight in enumerate(weights)}
    counts = Counter(run(orgs, begin + WINDOW)[begin : begin + WINDOW])
    for org, weight in orgs.items():
        share = WINDOW * weight / sum(weights)
        assert abs(counts[org] - share) <= 0.05 * share + 1


def turns_until(k: int, weight: int, others: Iterable[int]) -> int:
    """No more turns than these are had until one of this weight has had its k-th, whoever of the others comes when."""
    return k + sum(k * other // weight + 1 for other in others)


def longest_wait(before: int, models: int, priority: Priority, weight: int, others: Iterable[int]) -> int:
    """Dispatches of its pool until a job has had its own, at most.

    `before` it in its own line wait so many; its priority has jobs for so many models, its organisation jobs of all
    priorities; `others` are the weights of all organisations that take part until then.
    """
    own = PRIORITY_WEIGHTS[priority]
    of_priority = turns_until(before + 1, 1, [1] * (models - 1))
    of_org = turns_until(of_priority, own, [one for name, one in PRIORITY_WEIGHTS.items() if name != priority])
    return turns_until(of_org, weight, others)


def latest(bench: Bench) -> str:
    return bench.dispatched[-1].job_id


def newcomer(bench: Bench, name: str, weight: int) -> None:
    bench.org(name, weight=weight)
    bench.queue(f"{name}.a", priority="HIGH")
    bench.queue(f"{name}.b", priority="LOW")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(PRIORITIES),
    st.integers(0, 4),
    st.integers(1, 4),
    st.integers(1, 5),
    st.lists(st.integers(1, 5), max_size=4),
    st.lists(st.integers(1, 9), max_size=12),
    st.integers(0, 30),
)
def test_no_job_waits_longer_than_can_be_computed(
    priority: Priority, before: int, models: int, weight: int, others: list[int], newcomers: list[int], played: int
) -> None:
    """Others always have something of each priority waiting, and with every dispatch a newcomer may arrive."""
    bench, made = Bench(concurrent=0), 0
    orgs = {"mine": weight, **{f"o{n}": one for n, one in enumerate(others)}}

    def refill(org: str) -> None:
        nonlocal made
        for one in PRIORITIES:
            for model in range(models if one == priority else 1):
                made += 1
                if org != "mine" or (one, model) != (priority, 0):
                    bench.queue(f"{org}.{made}", priority=one, model=f"m{model}")

    for org, one in orgs.items():
        bench.org(org, weight=one)
        for _ in range(before + 2):
            refill(org)
    bench.limit(1)
    for _ in range(played):
        refill(latest(bench).split(".")[0])
        bench.end(latest(bench))
    for n in range(before + 1):
        bench.queue(f"mine.line{n}", priority=priority, model="m0")
    began, limit = len(bench.dispatched), longest_wait(before, models, priority, weight, (*others, *newcomers))
    coming = list(newcomers)
    while latest(bench) != f"mine.line{before}":
        refill(latest(bench).split(".")[0])
        if coming:
            newcomer(bench, f"n{len(coming)}", coming.pop())
        bench.end(latest(bench))
        assert len(bench.dispatched) - began <= limit


def steps_of(act: Callable[[], object]) -> int:
    """How many lines of the scheduler are executed: what a decision costs, on whatever machine."""
    steps = 0

    def count(frame: Any, event: str, _arg: Any) -> Any:
        nonlocal steps
        if "/scheduler/" not in frame.f_code.co_filename:
            return None
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        act()
    finally:
        sys.settrace(before)
    return steps


def cost(orgs: int, jobs_each: int) -> float:
    """Of a job's end and the dispatch that follows, on average over a hundred of them."""
    bench = Bench(concurrent=0)
    for org in range(orgs):
        for n in range(jobs_each):
            bench.queue(f"o{org}.{n}", priority=PRIORITIES[n % 3], model=f"m{n % 4}")
    bench.limit(1)
    return sum(steps_of(lambda: bench.end(bench.order[-1])) for _ in range(100)) / 100


@pytest.mark.parametrize(("orgs", "jobs_each"), [(16, 1024), (512, 32)])
def test_a_decision_costs_no_more_steps_where_more_waits(orgs: int, jobs_each: int) -> None:
    """Sixty-four times as many jobs, of as many or of more organisations; heaps alone grow, by the logarithm."""
    assert cost(orgs, jobs_each) <= 1.1 * cost(16, 16)


def drained(orgs: int, first: int) -> float:
    """The same where everybody has one job and goes, after so many have gone."""
    bench = Bench(concurrent=0)
    for org in range(orgs):
        bench.queue(f"o{org}.a", priority=PRIORITIES[org % 3], model=f"m{org % 4}")
    bench.limit(1)
    for _ in range(first):
        bench.end(latest(bench))
    return sum(steps_of(lambda: bench.end(latest(bench))) for _ in range(100)) / 100


def test_a_decision_costs_no_more_where_many_have_just_gone() -> None:
    assert drained(5000, 3000) <= 1.2 * drained(300, 100)


def parked(orgs: int) -> int:
    """What a change of one organisation costs, where so many wait each for a cap of its own."""
    bench = Bench(concurrent=10 * orgs)
    for org in range(orgs):
        bench.org(f"o{org}", per_api={"m": 1})
        bench.queue(f"o{org}.a")
        bench.queue(f"o{org}.b")
    return steps_of(lambda: bench.org("o1", weight=2, per_api={"m": 1}))


def test_a_change_of_one_organisation_costs_no_more_where_many_wait() -> None:
    assert parked(800) <= 1.2 * parked(20)
