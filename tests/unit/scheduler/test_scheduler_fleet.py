"""The fleet's workers are picked, and a dispatch says who was considered and which caps it was under."""

from __future__ import annotations

from typing import Any

import pytest

from events.catalog.current import FLEET, unsaid
from events.jobs.slots import Caps, Slot
from processors.scheduler.pool import token
from tests.unit.scheduler.makers import Bench


def test_the_fleet_waits_for_a_worker_that_serves_the_model() -> None:
    bench = Bench(fleet=True)
    bench.queue("o1.a", model="x")
    bench.workers(w1_y=1)
    assert bench.order == []
    bench.workers(w1_y=1, w2_x=1)
    assert [(one.job_id, one.worker) for one in bench.dispatched] == [("o1.a", "w2")]


@pytest.mark.parametrize("closed", [{"concurrent": 0}, {"concurrent": 100_000, "active": False}])
def test_a_closed_fleet_gets_nothing_until_it_is_open_again(closed: dict[str, Any]) -> None:
    bench = Bench(fleet=True)
    bench.limit(**closed)
    bench.workers(w1_x=2)
    bench.queue("o1.a", model="x")
    bench.queue("o1.b", model="x")
    assert bench.order == []
    bench.limit(1)
    assert bench.order == ["o1.a"]
    bench.limit(unsaid(FLEET).concurrent)
    assert bench.order == ["o1.a", "o1.b"]


def test_the_worker_with_the_least_in_flight_is_picked() -> None:
    bench = Bench(fleet=True)
    bench.workers(w1_x=2, w2_x=2)
    for name in "abcde":
        bench.queue(f"o1.{name}", model="x")
    assert [one.worker for one in bench.dispatched] == ["w1", "w2", "w1", "w2"]
    bench.end("o1.b")
    assert bench.dispatched[-1].worker == "w2"


def test_a_busy_model_holds_up_no_other() -> None:
    bench = Bench(fleet=True)
    bench.workers(w1_x=1, w2_y=1)
    for name, model in (("o1.a", "x"), ("o1.b", "x"), ("o2.a", "x"), ("o2.b", "y")):
        bench.queue(name, model=model)
    assert bench.order == ["o1.a", "o2.b"]
    bench.end("o1.a")
    assert bench.order[2:] == ["o1.b"]
    bench.end("o1.b")
    assert bench.order[3:] == ["o2.a"]


def test_a_dispatch_says_who_was_considered_without_naming_others() -> None:
    bench = Bench(concurrent=0)
    bench.queue("o1.a")
    bench.queue("o2.a", priority="HIGH")
    bench.limit(1)
    first, second, chosen = bench.dispatched[0].considered
    assert first == f"org:{token('o1')} w1 in-flight 0 waiting N1"
    assert second == f"org:{token('o2')} w1 in-flight 0 waiting H1"
    assert chosen == "chosen NORMAL m; org 0/16 acme 0/1; 2 organisations in turn"


def test_a_dispatch_says_what_all_four_caps_were() -> None:
    bench = Bench(concurrent=0)
    bench.org("o1", concurrent=5, per_api={"m": 4})
    bench.queue("o1.a")
    bench.limit(3, m=2)
    assert [one.caps for one in bench.dispatched] == [Caps(org=5, org_api=4, provider=3, provider_api=2)]
    assert bench.dispatched[0].slot == Slot("o1.a", 1, "o1", "acme", "m")
