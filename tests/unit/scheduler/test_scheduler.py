"""Who is dispatched next: fairness, caps, retries, and what was refused."""

from __future__ import annotations

from datetime import timedelta

from processors.scheduler.core import Scheduler
from tests.unit.scheduler.makers import START, Bench, stamp
from tests.unit.scheduler.turns import dispatches, queued


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
