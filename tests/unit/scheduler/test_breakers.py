"""What fails again and again is left alone for a while; its jobs wait and use up no attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from events.catalog.current import FLEET
from events.jobs.events import Category
from processors.scheduler.breakers import (
    FAULTS,
    OPEN_FIRST,
    OPEN_LONGEST,
    PAUSE_LONGEST,
    PROBE_MARGIN,
    THRESHOLD,
    Breakers,
    Failure,
)
from tests.unit.scheduler.makers import START, Bench, stamp

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
    assert [(one.model, one.state, one.until) for one in bench.breakers] == [("m", "open", START + OPEN_FIRST)]


def test_other_models_of_the_provider_go_on() -> None:
    bench = troubled()
    bench.queue("o2.c", model="other")
    assert bench.order[-1] == "o2.c"


def test_when_its_time_is_over_one_job_is_let_through() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    assert len(bench.dispatched) == THRESHOLD + 1


def test_whoever_asks_why_a_job_waits_for_that_one_is_told_until_when_at_most() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    probe = bench.order[-1]
    longest = timedelta(seconds=bench.jobs[probe].max_runtime_s) + PROBE_MARGIN
    assert [(one.state, one.until) for one in bench.breakers[1:]] == [("half_open", bench.now + longest)]
    bench.succeed(probe)
    assert (bench.breakers[-1].state, bench.breakers[-1].until) == (None, None)


def test_and_no_longer_than_it_is_awaited() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    waits = {"o1.a": "o2.b", "o2.b": "o1.a"}[bench.order[-1]]
    bench.end(waits)
    bench.end(bench.order[-1])
    assert (bench.breakers[-1].state, bench.breakers[-1].until) == (None, None)


@pytest.mark.parametrize("category", ["rate_limit", "unknown", "content_policy", None])
@pytest.mark.parametrize("left", [{"phase": "queued", "unstopped": True}, {"phase": "stopping"}])
def test_one_that_was_let_through_and_may_still_run_holds_back_no_other(
    category: Category | None, left: dict[str, Any]
) -> None:
    """It has failed by no fault of the provider's; None: its lease has expired, or its job was cancelled."""
    bench = troubled()
    bench.wait(FIRST_S)
    probe = bench.order[-1]
    if category is not None:
        failure = Failure("acme", "m", f"{probe}.{bench.jobs[probe].lease}", category)
        bench._decided(bench.core.on_failed(failure, bench.now))
    bench.change(probe, **left)
    assert len(bench.dispatched) == THRESHOLD + 2
    assert bench.order[-1] != probe
    bench.queue("o3.c")
    assert bench.jobs["o3.c"].phase == "queued", "one at a time"


def test_a_failure_whose_job_is_told_of_first_lets_the_next_one_through() -> None:
    bench = troubled()
    bench.wait(FIRST_S)
    probe = bench.order[-1]
    failure = Failure("acme", "m", f"{probe}.{bench.jobs[probe].lease}", "rate_limit")
    bench.change(probe, phase="running")
    bench._decided(bench.core.on_failed(failure, bench.now))
    assert len(bench.dispatched) == THRESHOLD + 2


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


@pytest.mark.parametrize(
    "category", ["rate_limit", "content_policy", "input_validation", "billing", "contract", "unknown"]
)
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
            assert breakers.failed(Failure(FLEET, "local/picture", "job_1.1", category), START) is None
    assert not breakers.blocks(FLEET, "local/picture")


def old_call() -> Bench:
    """A call began before the breaker opened; since then one job has been let through."""
    bench = Bench(concurrent=20)
    bench.queue("o9.old")
    bench.queue("o1.a")
    for _ in range(THRESHOLD):
        bench.fail("o1.a")
    bench.queue("o2.b")
    bench.wait(FIRST_S)
    assert len(bench.dispatched) == 1 + THRESHOLD + 1
    return bench


def test_while_one_is_let_through_an_older_calls_failure_says_nothing() -> None:
    bench = old_call()
    bench.fail("o9.old", again_in=3600)
    bench.succeed(bench.order[-1])
    assert {job.phase for job in bench.jobs.values() if job.job_id != "o9.old"} == {"dispatched"}


def test_nor_does_its_success() -> None:
    bench = old_call()
    before = len(bench.dispatched)
    bench.succeed("o9.old")
    assert len(bench.dispatched) == before
    bench.fail(bench.order[-1])
    bench.wait(FIRST_S)
    assert len(bench.dispatched) == before


def test_a_failure_that_is_told_after_its_call_was_over_counts_all_the_same() -> None:
    """The state of jobs and their events come by two ways."""
    bench = troubled()
    bench.wait(FIRST_S)
    probe = bench.order[-1]
    lease = bench.jobs[probe].lease
    bench.change(probe, phase="queued", not_before=stamp(bench.now + timedelta(hours=1)))
    told = len(bench.breakers)
    bench._decided(bench.core.on_failed(Failure("acme", "m", f"{probe}.{lease}", "outage"), bench.now))
    bench.queue("o3.c")
    assert len(bench.breakers) > told
    assert bench.jobs["o3.c"].phase == "queued"


def test_calls_that_go_unanswered_open_it_too() -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    for _ in range(THRESHOLD):
        bench.fail("o1.a", "unknown", trouble="silent")
    assert [one.model for one in bench.breakers] == ["m"]


def test_who_asks_for_a_wait_is_left_alone_with_this_model_until_then() -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    bench.queue("o1.b")
    bench.fail("o1.a", "rate_limit", busy_s=60, again_in=60)
    for n in range(5):
        bench.queue(f"o2.{n}")
    bench.queue("o2.c", model="other")
    assert bench.order == ["o1.a", "o1.b", "o2.c"]
    assert (bench.breakers[-1].state, bench.breakers[-1].until) == ("paused", START + timedelta(seconds=60))
    bench.succeed("o1.b")
    assert len(bench.dispatched) == 3
    bench.wait(60)
    assert len(bench.dispatched) == 9
    assert bench.breakers[-1].until is None


def test_no_wait_is_longer_than_ten_minutes() -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    bench.fail("o1.a", "rate_limit", busy_s=3600)
    assert bench.breakers[-1].until == START + PAUSE_LONGEST


def test_an_empty_account_ends_one_job_and_keeps_the_others_waiting_of_all_models() -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    bench.fail("o1.a", "billing", trouble="account", again_in=3600)
    bench.queue("o1.b")
    bench.queue("o2.c", model="other")
    assert bench.order == ["o1.a"]
    assert [(one.model, one.until) for one in bench.breakers] == [("", START + OPEN_FIRST)]
    bench.wait(FIRST_S)
    assert len(bench.dispatched) == 2
    bench.succeed(bench.order[-1])
    assert sorted(bench.order[1:]) == ["o1.b", "o2.c"]


def test_a_key_that_is_refused_keeps_its_model_waiting_at_once() -> None:
    bench = Bench(concurrent=20)
    bench.queue("o1.a")
    bench.fail("o1.a", "contract", trouble="account", again_in=3600)
    bench.queue("o1.b")
    bench.queue("o2.c", model="other")
    assert bench.order == ["o1.a", "o2.c"]
