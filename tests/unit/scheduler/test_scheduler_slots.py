"""Slots: released once an attempt is over, tried again where there was none, and counted by a standby, too."""

from __future__ import annotations

from datetime import timedelta

from events.catalog.current import CurrentProvider
from events.jobs.slots import Slot
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import BreakerChanged, Dispatch, Release
from tests.unit.scheduler.makers import START, Bench
from tests.unit.scheduler.turns import dispatches, queued


def test_a_slot_is_released_once_the_log_says_that_its_attempt_is_over() -> None:
    bench = Bench()
    bench.queue("o1.a")
    bench.change("o1.a", phase="running")
    bench.change("o1.a", phase="stopping")
    assert bench.released == []
    bench.end("o1.a")
    assert bench.released == ["o1.a.1"]


def test_the_slot_of_an_attempt_that_failed_is_released_before_the_next_one_takes_its_own() -> None:
    bench, core = Bench(), Scheduler()
    bench.queue("o1.a")
    core.ready(START)
    core.on_job("o1.a", bench.jobs["o1.a"], START)
    decided = core.on_job("o1.a", bench.jobs["o1.a"].model_copy(update={"phase": "queued"}), START)
    assert [type(one) for one in decided] == [Release, Dispatch]
    assert [one.slot.holder for one in decided if not isinstance(one, BreakerChanged)] == ["o1.a.1", "o1.a.2"]


def test_the_slot_of_a_dispatch_that_the_decider_refused_stays_for_it_may_be_another_schedulers() -> None:
    bench, core = Bench(), Scheduler()
    bench.queue("o1.a")
    core.ready(START)
    core.on_job("o1.a", queued(bench, "o1.a"), START)
    assert core.on_refused("o1.a", 1, START) == ()
    assert core.on_job("o1.a", bench.jobs["o1.a"], START) == ()


def test_the_slot_of_a_job_that_ended_before_its_dispatch_is_released() -> None:
    bench, core = Bench(), Scheduler()
    bench.queue("o1.a")
    core.ready(START)
    core.on_job("o1.a", queued(bench, "o1.a"), START)
    assert core.on_job("o1.a", None, START) == (Release(Slot("o1.a", 1, "o1", "acme", "m")),)


def test_what_found_no_slot_is_tried_again_with_the_next_tick_and_nothing_in_its_place_before() -> None:
    bench, core = Bench(concurrent=0), Scheduler()
    core.ready(START)
    core.on_provider(CurrentProvider(provider="acme", active=True, concurrent=1, version=1), START)
    bench.queue("o1.a")
    bench.queue("o1.b")
    assert [one.job_id for one in dispatches(core.on_job("o1.a", bench.jobs["o1.a"], START))] == ["o1.a"]
    assert core.on_job("o1.b", bench.jobs["o1.b"], START) == ()
    core.on_refused("o1.a", 1, START, by_decider=False)
    assert core.slots() == (Slot("o1.b", 1, "o1", "acme", "m"),)


def test_while_slots_cannot_be_taken_nothing_is_dispatched_and_then_all_goes_on() -> None:
    bench, core = Bench(concurrent=0), Scheduler()
    core.ready(START)
    core.hold()
    bench.queue("o1.a")
    assert core.on_job("o1.a", bench.jobs["o1.a"], START) == ()
    assert core.tick(START + timedelta(seconds=60)) == ()
    assert [one.job_id for one in dispatches(core.go_on(START))] == ["o1.a"]


def test_a_standby_knows_everything_and_schedules_what_becomes_its_own() -> None:
    bench, core = Bench(concurrent=0), Scheduler()
    core.ready(START)
    core.own(lambda provider: provider == "other")
    bench.queue("o1.a")
    jobs = [bench.jobs["o1.a"], bench.jobs["o1.a"].model_copy(update={"job_id": "o1.b", "provider": "other"})]
    told = [dispatches(core.on_job(job.job_id, job, START)) for job in jobs]
    assert [[one.job_id for one in some] for some in told] == [[], ["o1.b"]]
    core.own(lambda _: True)
    assert [one.job_id for one in dispatches(core.tick(START))] == ["o1.a"]


def test_what_others_dispatched_counts_for_a_standby() -> None:
    bench, core = Bench(), Scheduler()
    core.ready(START)
    core.own(lambda _: False)
    core.on_provider(CurrentProvider(provider="acme", active=True, concurrent=1, version=1), START)
    bench.queue("o1.a")
    core.on_job("o1.a", bench.jobs["o1.a"], START)
    core.on_job("o1.b", queued(bench, "o1.a").model_copy(update={"job_id": "o1.b"}), START)
    core.own(lambda _: True)
    assert core.tick(START) == ()
    assert [type(one) for one in core.on_job("o1.a", None, START)] == [Release, Dispatch]
