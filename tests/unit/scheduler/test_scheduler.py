"""Who is dispatched next: fairness, caps, retries, the fleet and what is said about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from events.catalog.current import FLEET, CurrentProvider, unsaid
from events.jobs.current import CurrentJob
from events.jobs.slots import Caps, Slot
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import BreakerChanged, Decisions, Dispatch, Release
from processors.scheduler.pool import token
from tests.unit.scheduler.makers import START, Bench, stamp


def drain(bench: Bench, count: int) -> list[str]:
    """Ends the oldest dispatch, again and again; what is dispatched in its place."""
    for _ in range(count):
        bench.end(bench.order[len(bench.order) - bench.in_flight.total()])
    return bench.order


def test_a_queued_job_is_dispatched_at_once() -> None:
    bench = Bench()
    bench.queue("o1.a")
    (decided,) = bench.dispatched
    assert (decided.job_id, decided.lease, decided.provider, decided.worker) == ("o1.a", 1, "acme", None)


def dispatches(decisions: Decisions) -> list[Dispatch]:
    return [one for one in decisions if isinstance(one, Dispatch)]


def test_nothing_is_dispatched_before_all_is_caught_up() -> None:
    bench = Bench()
    bench.queue("o1.a")
    core = Scheduler()
    assert core.on_job("o1.a", bench.jobs["o1.a"].model_copy(update={"phase": "queued"}), START) == ()
    assert [one.job_id for one in dispatches(core.ready(START))] == ["o1.a"]


def test_an_unknown_provider_takes_eight_at_a_time() -> None:
    bench = Bench()
    for n in range(10):
        bench.queue(f"o1.{n}")
    assert len(bench.order) == 8
    bench.end("o1.0")
    assert bench.order[8:] == ["o1.8"]


def test_organisations_take_turns() -> None:
    bench = Bench(concurrent=0)
    for name in ("o1.a", "o1.b", "o1.c", "o2.a", "o2.b", "o3.a"):
        bench.queue(name)
    bench.limit(1)
    assert drain(bench, 5) == ["o1.a", "o2.a", "o3.a", "o1.b", "o2.b", "o1.c"]


def test_a_heavier_organisation_has_more_turns() -> None:
    bench = Bench(concurrent=0)
    bench.org("o1", weight=3)
    for n in range(30):
        bench.queue(f"o1.{n}")
        bench.queue(f"o2.{n}")
    bench.limit(1)
    drain(bench, 11)
    assert sum(name.startswith("o1") for name in bench.order) == 9


def test_priorities_share_six_to_three_to_one() -> None:
    bench = Bench(concurrent=0)
    for n in range(20):
        for priority in ("LOW", "NORMAL", "HIGH"):
            bench.queue(f"o1.{priority}.{n}", priority=priority)
    bench.limit(1)
    first = drain(bench, 19)
    assert [sum(f".{p}." in name for name in first) for p in ("HIGH", "NORMAL", "LOW")] == [12, 6, 2]


def test_priorities_share_as_they_are_set_to() -> None:
    bench = Bench(concurrent=0, weights={"HIGH": 1, "NORMAL": 1, "LOW": 2})
    for n in range(20):
        for priority in ("LOW", "NORMAL", "HIGH"):
            bench.queue(f"o1.{priority}.{n}", priority=priority)
    bench.limit(1)
    first = drain(bench, 15)
    assert [sum(f".{p}." in name for name in first) for p in ("HIGH", "NORMAL", "LOW")] == [4, 4, 8]


def test_models_take_turns_within_a_priority() -> None:
    bench = Bench(concurrent=0)
    for n in range(3):
        bench.queue(f"o1.x{n}", model="x")
    bench.queue("o1.y0", model="y")
    bench.limit(1)
    assert drain(bench, 3) == ["o1.x0", "o1.y0", "o1.x1", "o1.x2"]


def test_the_oldest_of_a_model_is_first_and_a_retry_keeps_its_place() -> None:
    bench = Bench(concurrent=1)
    bench.queue("o1.a")
    bench.wait(1)
    bench.queue("o1.b")
    bench.change("o1.a", phase="queued", not_before=stamp(bench.now))
    assert bench.order == ["o1.a", "o1.a"]
    assert [one.lease for one in bench.dispatched] == [1, 2]


def test_an_organisation_stays_below_its_limit() -> None:
    bench = Bench()
    bench.org("o1", concurrent=1)
    for name in ("o1.a", "o1.b", "o2.a"):
        bench.queue(name)
    assert bench.order == ["o1.a", "o2.a"]
    bench.end("o1.a")
    assert bench.order[2:] == ["o1.b"]


def test_an_organisations_limit_holds_over_all_providers() -> None:
    bench = Bench()
    bench.org("o1", concurrent=1)
    bench.queue("o1.a")
    bench.queue("o1.b", provider="other")
    assert bench.order == ["o1.a"]
    bench.end("o1.a")
    assert bench.order == ["o1.a", "o1.b"]


def test_a_raised_limit_takes_effect_at_once() -> None:
    bench = Bench()
    bench.org("o1", concurrent=1)
    bench.queue("o1.a")
    bench.queue("o1.b")
    bench.org("o1", concurrent=2)
    assert bench.order == ["o1.a", "o1.b"]


def test_a_model_stays_below_the_providers_limit_for_it_and_others_pass() -> None:
    bench = Bench()
    bench.limit(8, x=1)
    for name, model in (("o1.a", "x"), ("o2.a", "x"), ("o1.b", "y")):
        bench.queue(name, model=model)
    assert bench.order == ["o1.a", "o1.b"]
    bench.end("o1.a")
    assert bench.order[2:] == ["o2.a"]


def test_a_model_stays_below_the_organisations_limit_for_it() -> None:
    bench = Bench()
    bench.org("o1", per_api={"x": 1})
    for name, model in (("o1.a", "x"), ("o1.b", "x"), ("o2.a", "x")):
        bench.queue(name, model=model)
    assert bench.order == ["o1.a", "o2.a"]
    bench.end("o1.a")
    assert bench.order[2:] == ["o1.b"]


def test_a_place_that_the_first_in_turn_cannot_take_goes_to_the_next() -> None:
    bench = Bench()
    bench.limit(8, x=1)
    bench.org("o2", concurrent=1)
    bench.queue("o1.a", model="x")
    for name in ("o2.a", "o3.a"):
        bench.queue(name, model="x")
    bench.queue("o2.b", provider="other")
    bench.end("o1.a")
    assert bench.order == ["o1.a", "o2.b", "o3.a"]
    bench.end("o2.b")
    bench.end("o3.a")
    assert bench.order[3:] == ["o2.a"]


def test_a_provider_switched_off_takes_nothing_until_it_is_on() -> None:
    bench = Bench()
    bench.limit(8, active=False)
    bench.queue("o1.a")
    assert bench.order == []
    bench.limit(8)
    assert bench.order == ["o1.a"]


def test_a_stopping_job_keeps_its_slot() -> None:
    bench = Bench(concurrent=1)
    bench.queue("o1.a")
    bench.change("o1.a", phase="stopping")
    bench.queue("o1.b")
    assert bench.order == ["o1.a"]
    bench.end("o1.a")
    assert bench.order == ["o1.a", "o1.b"]


def test_what_may_still_run_keeps_its_slot_and_its_job_waits() -> None:
    bench = Bench(concurrent=1)
    bench.queue("o1.a")
    bench.change("o1.a", phase="queued", unstopped=True)
    bench.queue("o1.b")
    assert bench.order == ["o1.a"]
    assert bench.released == []
    bench.change("o1.a", phase="queued", unstopped=None)
    assert bench.released == ["o1.a.1"]
    assert len(bench.order) == 2


def test_a_cancelled_job_is_never_dispatched() -> None:
    bench = Bench(concurrent=1)
    for name in ("o1.a", "o1.b", "o1.c"):
        bench.queue(name)
    bench.end("o1.b")
    bench.end("o1.a")
    assert bench.order == ["o1.a", "o1.c"]


def test_a_retry_waits_for_its_time() -> None:
    bench = Bench()
    bench.queue("o1.a", not_before=stamp(START + timedelta(seconds=5)))
    bench.wait(4)
    assert bench.order == []
    bench.wait(1)
    assert bench.order == ["o1.a"]


def queued(bench: Bench, job_id: str) -> CurrentJob:
    return bench.jobs[job_id].model_copy(update={"phase": "queued", "lease": 0})


def test_a_dispatch_that_the_log_does_not_show_yet_is_not_repeated() -> None:
    bench, core = Bench(), Scheduler()
    bench.queue("o1.a")
    core.ready(START)
    assert len(core.on_job("o1.a", queued(bench, "o1.a"), START)) == 1
    assert core.on_job("o1.a", queued(bench, "o1.a"), START) == ()
    assert core.in_flight("acme") == 1


def test_a_refused_dispatch_frees_its_slot_and_is_tried_again_while_the_job_is_queued() -> None:
    bench, core = Bench(), Scheduler()
    bench.queue("o1.a")
    core.ready(START)
    core.on_job("o1.a", queued(bench, "o1.a"), START)
    assert core.on_refused("o1.a", 1, START) == ()
    assert core.in_flight("acme") == 0
    assert [one.lease for one in dispatches(core.tick(START + timedelta(seconds=1)))] == [1]


def test_a_dispatch_of_which_nothing_is_heard_lapses() -> None:
    bench, core = Bench(), Scheduler()
    bench.queue("o1.a")
    core.ready(START)
    core.on_job("o1.a", queued(bench, "o1.a"), START)
    assert core.tick(START + timedelta(seconds=29)) == ()
    assert [one.lease for one in dispatches(core.tick(START + timedelta(seconds=30)))] == [1]


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
