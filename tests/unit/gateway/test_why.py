"""Why a job waits, from counts that are kept as jobs come and go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.accounts.current import CurrentOrg
from events.accounts.events import Limits
from events.catalog.current import FLEET, CurrentProvider, Troubled, breaker_field
from events.jobs.current import CurrentJob
from gateway.answering.why import Around, WorkerSeen, reasons
from gateway.live.live_jobs import LiveJobs
from gateway.routes.queue import waits
from processors.scheduler.breakers import OPEN_FIRST, PROBE_MARGIN
from tests.unit.scheduler.makers import START, Bench
from tests.unit.scheduler.test_breakers import troubled

NOON = "2026-01-01T12:00:00Z"


def job(number: int, **members: Any) -> CurrentJob:
    values: dict[str, Any] = {
        "job_id": f"job_{number}", "org_id": "org_A", "phase": "queued", "lease": 0, "priority": "NORMAL", "model": "m",
        "provider": "acme", "reserved": 1, "max_runtime_s": 1, "accepted_at": NOON, "deadline_at": NOON,
    }  # fmt: skip
    return CurrentJob(**{**values, **members})


def live(*jobs: CurrentJob) -> LiveJobs:
    found = LiveJobs()
    for one in jobs:
        found.changed(one.job_id, one)
    return found


def around(**members: Any) -> Around:
    provider = CurrentProvider(provider="acme", active=True, concurrent=8, version=1)
    return Around(**{"org": None, "provider": provider, "trouble": None, "workers": [], **members})


RUNNING = {"phase": "running", "lease": 1}
ORG = CurrentOrg(org_id="org_A", title="A", limits=Limits(concurrent=2, per_api={"m": 1}))
FULL = CurrentProvider(provider="acme", active=True, concurrent=2, per_api={"m": 2}, version=1)
OFF = CurrentProvider(provider="acme", active=False, concurrent=8, version=1)
WORKER = WorkerSeen("w1", frozenset({"m"}), 1)


@pytest.mark.parametrize(
    ("waits", "others", "place", "expected"),
    [
        ({}, [], {}, []),
        ({}, [], {"provider": OFF}, ["provider-off"]),
        ({}, [], {"trouble": Troubled(state="open", until=NOON)}, ["provider-in-trouble"]),
        ({}, [], {"workers": None}, ["slots-unknown"]),
        ({"not_before": NOON}, [], {}, ["waits-for-retry"]),
        ({"unstopped": True, "lease": 1}, [], {}, ["attempt-may-still-run"]),
        ({"provider": FLEET}, [], {}, ["no-worker"]),
        ({"provider": FLEET}, [], {"workers": [WorkerSeen("w2", frozenset({"n"}), 1)]}, ["no-worker"]),
        ({"provider": FLEET}, [], {"workers": [WORKER]}, []),
        ({"provider": FLEET}, [{**RUNNING, "worker": "w1"}], {"workers": [WORKER]}, ["workers-busy"]),
        ({}, [{**RUNNING, "org_id": "org_B"}] * 2, {"provider": FULL}, ["cap-full provider", "cap-full provider_api"]),
        ({}, [{**RUNNING, "model": "n"}] * 2, {"org": ORG}, ["cap-full org"]),
        ({}, [RUNNING], {"org": ORG}, ["cap-full org_api"]),
        ({}, [{}], {}, ["behind-others"]),
        ({}, [{"priority": "HIGH", "accepted_at": "2026-01-01T13:00:00Z"}], {}, ["behind-others"]),
        ({}, [{"priority": "LOW"}, {"provider": "other"}], {}, []),
        ({}, [{"org_id": "org_B"}], {}, ["others-turn"]),
        ({}, [{"org_id": "org_B", "provider": "other"}], {}, []),
    ],
)
def test_every_reason_is_said(
    waits: dict[str, Any], others: list[dict[str, Any]], place: dict[str, Any], expected: list[str]
) -> None:
    mine = job(9, **waits)
    jobs = live(mine, *(job(number, **members) for number, members in enumerate(others)))
    told = reasons(mine, jobs, around(**place))
    assert [" ".join(filter(None, (one["reason"], one.get("scope")))) for one in told] == expected


def told_of(bench: Bench) -> dict[str, Any]:
    """What somebody who waits is told, of what the scheduler has written last."""
    told = bench.breakers[-1]
    assert told.state is not None
    assert told.until is not None
    written = Troubled(state=told.state, until=told.until.isoformat()).model_dump_json()
    found = waits({breaker_field(told.provider, told.model).encode(): written.encode()}, bench.now)
    assert waits({breaker_field(told.provider, told.model): written}, told.until) == {}
    waiting = next(one for one in bench.jobs.values() if one.phase == "queued")
    [reason] = reasons(waiting, live(waiting), around(trouble=found["acme", "m"]))
    return reason


def test_an_open_breaker_is_told_from_one_that_waits_for_the_one_that_it_has_let_through() -> None:
    bench = troubled()
    reason = {"reason": "provider-in-trouble", "provider": "acme", "model": "m"}
    opens = (START + OPEN_FIRST).isoformat()
    assert told_of(bench) == {**reason, "state": "open", "until": opens, "next_probe_at": opens}
    bench.wait(OPEN_FIRST.total_seconds())
    longest = timedelta(seconds=bench.jobs[bench.order[-1]].max_runtime_s) + PROBE_MARGIN
    over = (bench.now + longest).isoformat()
    assert told_of(bench) == {**reason, "state": "half_open", "until": over, "next_probe_at": over}


def test_whoever_has_asked_for_a_wait_is_probed_by_nobody() -> None:
    [reason] = reasons(job(1), live(job(1)), around(trouble=Troubled(state="paused", until=NOON)))
    assert reason == {
        "reason": "provider-in-trouble",
        "provider": "acme",
        "model": "m",
        "state": "paused",
        "until": NOON,
    }


MEMBERS = st.fixed_dictionaries(
    {
        "org_id": st.sampled_from(["org_A", "org_B"]),
        "provider": st.sampled_from(["acme", "other"]),
        "model": st.sampled_from(["m", "n"]),
        "priority": st.sampled_from(["HIGH", "NORMAL", "LOW"]),
        "phase": st.sampled_from(["queued", "dispatched", "running", "stopping"]),
        "worker": st.sampled_from([None, "w1"]),
        "accepted_at": st.sampled_from([NOON, "2026-01-01T11:00:00Z"]),
    }
)


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | MEMBERS), max_size=40))
def test_counts_are_those_of_the_jobs_that_there_are(changes: list[tuple[int, dict[str, Any] | None]]) -> None:
    kept, there = LiveJobs(), {}
    for number, members in changes:
        found = None if members is None else job(number, **members)
        kept.changed(f"job_{number}", found)
        there[f"job_{number}"] = found
    fresh = live(*(one for one in there.values() if one is not None))
    for counts in ("of_org", "of_org_model", "of_provider", "of_model", "of_worker"):
        assert getattr(kept, counts) == getattr(fresh, counts)
    for one in there.values():
        if one is not None and one.phase == "queued":
            alike = [o for o in there.values() if o is not None and o.phase == "queued" and o.provider == one.provider]
            mine = [o for o in alike if o.org_id == one.org_id]
            rank = {"HIGH": 0, "NORMAL": 1, "LOW": 2}
            before = [(rank[o.priority], o.accepted_at, o.job_id) for o in mine]
            assert kept.ahead(one) == sum(o < (rank[one.priority], one.accepted_at, one.job_id) for o in before)
            assert kept.others(one) == len({o.org_id for o in alike} - {one.org_id})
    for org in ("org_A", "org_B"):
        ids = {one.job_id for one in kept.of(org)}
        assert ids == {key for key, one in there.items() if one is not None and one.org_id == org}
