"""What fails again and again is left alone for a while; its jobs wait and use up no attempts."""

from __future__ import annotations

import pytest

from events.catalog.current import FLEET
from events.jobs.events import Category
from processors.scheduler.breakers import FAULTS, OPEN_FIRST, OPEN_LONGEST, THRESHOLD, Breakers
from tests.unit.scheduler.makers import START, Bench

FIRST_S, LONGEST_S = OPEN_FIRST.total_seconds(), OPEN_LONGEST.total_seconds()


def troubled(model: str = "m") -> Bench:
    """A provider of whose model five calls in a row have failed; the last job waits for it, and a new one too."""
    bench = Bench(concurrent=20)
    bench.queue("o1.a", model=model)
    for _ in range(THRESHOLD):
        bench.fail("o1.a")
    bench.queue("o2.b", model=model)
    return bench


def test_an_open_breaker_keeps_jobs_waiting_and_uses_up_none_of_their_attempts() -> None:
    bench = troubled()
    assert bench.jobs["o1.a"].lease == THRESHOLD
    assert bench.jobs["o2.b"].phase == "queued"
    bench.wait(FIRST_S - 1)
    assert len(bench.dispatched) == THRESHOLD
    assert [(one.model, one.until) for one in bench.breakers] == [("m", START + OPEN_FIRST)]


def test_other_models_of_the_provider_go_on() -> None:
    bench = troubled()
    bench.queue("o2.c", model="other")
    assert bench.order[-1] == "o2.c"


def test_when_its_time_is_over_one_job_is_let_through() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    assert len(bench.dispatched) == THRESHOLD + 1
    assert bench.breakers[-1].until is None


def test_a_success_lets_all_through() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    bench.succeed(bench.order[-1])
    bench.queue("o3.c")
    assert set(bench.order[THRESHOLD:]) == {"o1.a", "o2.b", "o3.c"}


def test_another_failure_opens_it_for_twice_as_long_and_five_minutes_at_most() -> None:
    bench = troubled()
    waited = FIRST_S
    for _ in range(6):
        before = len(bench.dispatched)
        bench.wait(waited - 1)
        assert len(bench.dispatched) == before
        bench.wait(1)
        assert len(bench.dispatched) == before + 1
        bench.fail(bench.order[-1])
        waited = min(waited * 2, LONGEST_S)
    assert waited == LONGEST_S


def test_where_nothing_is_heard_of_the_one_that_was_let_through_another_goes() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    gone = bench.order[-1]
    bench.end(gone)
    assert len(bench.dispatched) == THRESHOLD + 2
    assert bench.order[-1] != gone


@pytest.mark.parametrize("category", ["rate_limit", "content_policy", "input_validation", "billing", "contract"])
def test_what_is_not_the_providers_fault_opens_nothing(category: Category) -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    for _ in range(3 * THRESHOLD):
        bench.fail("o1.a", category)
    assert bench.breakers == []
    assert len(bench.dispatched) == 3 * THRESHOLD + 1


def test_a_success_in_between_begins_the_count_anew() -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    for _ in range(THRESHOLD - 1):
        bench.fail("o1.a")
    bench.queue("o1.b")
    bench.succeed("o1.b")
    for _ in range(THRESHOLD - 1):
        bench.fail("o1.a")
    assert bench.breakers == []


def test_our_own_workers_have_no_breaker() -> None:
    """One that dies is gone from the list; the others do what it did."""
    breakers = Breakers()
    for category in FAULTS:
        for _ in range(THRESHOLD):
            assert not breakers.failed(FLEET, "local/picture", category, START)
    assert not breakers.blocks(FLEET, "local/picture")
