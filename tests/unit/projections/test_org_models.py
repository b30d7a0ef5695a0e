"""Jobs, balances, ledger, accounts and models as events make them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from events.accounts.events import KeyIssued, KeyRevoked, Limits, LimitsSet, OrgOpened, PersonForgotten, ProjectOpened
from events.assets import AssetRef
from events.catalog.events import ModelChanged, ModelListed, ModelSpec, ModelWithdrawn, Price
from events.credits.events import ENTRY_OF_KIND, EntryKind, LedgerEntry, Posting
from events.envelope import Recorded
from events.jobs.events import (
    AttemptFailed,
    Cause,
    EngineSpan,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDiscarded,
    JobDispatched,
    JobEvent,
    JobQueued,
    JobRefunded,
    JobReplayed,
    JobRunning,
    JobSucceeded,
    LeaseExpired,
)
from events.sealed import Sealed
from events.topics import EVENTS_ACCOUNTS, EVENTS_CATALOG, EVENTS_CREDITS, EVENTS_JOBS
from gateway.reads.views import Views
from gateway.routes.queue import considered
from projections import jobs
from projections.stores.firestore import Path, fields_of
from projections.writes import Blank, Write
from tests.unit.projections.given import ORG, Documents, documents, on, sealed

JOB = "job_1"
FILE = AssetRef(asset_id="ast_1", sha256="ab" * 32, bytes=7, media_type="text/plain", text=sealed("words"))


def job(*more: JobEvent, cause: Cause | None = None) -> list[Recorded]:
    accepted = JobAccepted(
        job_id=JOB,
        org_id=ORG,
        cause=cause or Cause(),
        model="local/picture",
        provider="fleet",
        priority="NORMAL",
        input=sealed("{}"),
        reserved=500,
        deadline_at="2026-01-02T12:00:00+00:00",
    )
    return on(EVENTS_JOBS, JOB, accepted, JobQueued(job_id=JOB, org_id=ORG), *more)


def sent(lease: int) -> JobDispatched:
    return JobDispatched(
        job_id=JOB,
        org_id=ORG,
        lease=lease,
        provider="fleet",
        model="local/picture",
        input=sealed("{}"),
        max_runtime_s=60,
    )


def test_a_job_knows_who_was_considered_when_its_last_attempt_went_and_shows_it_in_no_answer() -> None:
    lines = ("org:0011aabb w1 in-flight 0 waiting N1", "chosen NORMAL local/picture; …")
    first, second = (sent(lease).model_copy(update={"considered": (f"{lease}", *lines)}) for lease in (1, 2))
    events = job(first, LeaseExpired(job_id=JOB, org_id=ORG, lease=1), second)
    found = documents(events)["jobs"][JOB]
    assert considered(found) == ["2", *lines]
    assert "considered" not in str(Views(lambda _org, _asset: "").job(found))
    mirrored = [path for event in events for write in jobs.project(event, lambda _: "") for path in mirrored_of(write)]
    assert ("attempts", "1") in [path for path, _ in mirrored]
    assert "considered" not in str(mirrored)


def test_what_a_job_was_given_is_kept_sealed_and_shown_in_no_answer() -> None:
    events = job()
    found = documents(events)["jobs"][JOB]
    assert Sealed.model_validate({"$sealed": found[jobs.SENT]}) == sealed("{}")
    assert jobs.SENT not in Views(lambda _org, _asset: "").job(found)
    mirrored = [path for event in events for write in jobs.project(event, lambda _: "") for path in mirrored_of(write)]
    assert jobs.SENT not in str(mirrored)


def mirrored_of(write: Write) -> list[tuple[Path, Any]]:
    return [] if isinstance(write, Blank) else [*fields_of(write)]


def test_a_job_from_acceptance_to_its_files() -> None:
    ended = JobSucceeded(
        job_id=JOB,
        org_id=ORG,
        lease=1,
        outputs=(FILE,),
        captured=400,
        uncollected=7,
        engine=EngineSpan(started_at=1.0, ended_at=2.5),
    )
    running = JobRunning(job_id=JOB, org_id=ORG, lease=1, provider_job_id="p1")
    found = documents(job(sent(1), running, ended))
    read = found["jobs"][JOB]
    assert (read["status"], read["captured"], read["uncollected"], read["reserved"]) == ("succeeded", 400, 7, 500)
    assert read["outputs"][0]["text"] == "words"
    assert read["engine"] == {"started_at": 1.0, "ended_at": 2.5}
    (attempt,) = read["attempts"]
    assert (attempt["lease"], attempt["provider_job_id"]) == (1, "p1")
    assert attempt["started_at"] < attempt["ended_at"]
    assert found["assets"]["ast_1"]["org_id"] == ORG


def test_every_attempt_keeps_its_own_story() -> None:
    failed = AttemptFailed(
        job_id=JOB,
        org_id=ORG,
        lease=1,
        category="rate_limit",
        provider_charged="no",
        error=sealed("slow down"),
        retry_at="2026-01-01T12:01:00Z",
    )
    expired = LeaseExpired(job_id=JOB, org_id=ORG, lease=2)
    dead = JobDead(job_id=JOB, org_id=ORG, category="lease_expired")
    read = documents(job(sent(1), failed))["jobs"][JOB]
    assert (read["status"], read["retry_at"]) == ("queued", "2026-01-01T12:01:00Z")
    read = documents(job(sent(1), failed, sent(2), expired, dead))["jobs"][JOB]
    assert [(one["lease"], one["category"]) for one in read["attempts"]] == [(1, "rate_limit"), (2, "lease_expired")]
    assert read["attempts"][0]["error"] == "slow down"
    assert (read["status"], read["error"], read["captured"]) == ("dead", {"category": "lease_expired"}, 0)
    assert "retry_at" not in read


def test_a_dead_job_is_replayed_or_discarded() -> None:
    dead = JobDead(job_id=JOB, org_id=ORG, category="outage")
    read = documents(job(dead, JobReplayed(job_id=JOB, org_id=ORG, as_job_id="job_2")))["jobs"][JOB]
    assert read["replayed_as"] == "job_2"
    assert "discarded_at" in documents(job(dead, JobDiscarded(job_id=JOB, org_id=ORG)))["jobs"][JOB]


def test_a_steps_job_is_found_by_its_plan() -> None:
    cause = Cause(session_id="ses_X", run_id="run_X.1.1", step_id="stp_X.1.s1")
    read = documents(job(JobCancelled(job_id=JOB, org_id=ORG), cause=cause))["jobs"][JOB]
    assert (read["plan_id"], read["session_id"], read["step_id"]) == ("pln_X.1", "ses_X", "stp_X.1.s1")
    assert (read["status"], read["captured"]) == ("cancelled", 0)


def books(*entries: tuple[EntryKind, dict[str, int]]) -> list[Recorded]:
    made: list[LedgerEntry] = []
    for seq, (kind, postings) in enumerate(entries, start=1):
        made.append(
            ENTRY_OF_KIND[kind](
                org_id=ORG,
                seq=seq,
                entry_id=f"ent_{seq}",
                kind=kind,
                at="2026-01-01T12:00:00+00:00",
                postings=tuple(Posting(account=name, amount=amount) for name, amount in postings.items()),
                prev_hash="0" * 64,
                hash="1" * 64,
            )
        )
    return on(EVENTS_CREDITS, ORG, *made)


def test_a_balance_is_the_sum_of_its_postings() -> None:
    found = documents(
        books(
            ("grant", {"external": -1000, "available": 1000}),
            ("allocate", {"available": -300, "project:prj_1": 300}),
            ("reserve", {"project:prj_1": -200, "reserved:job_1": 200}),
            ("reserve", {"available": -100, "reserved:job_2": 100}),
            ("capture", {"reserved:job_1": -200, "spent": 150, "project:prj_1": 50}),
        )
    )
    read = found["balances"][ORG]
    assert {name: read[name] for name in ("available", "reserved", "spent", "allocations")} == {
        "available": 600,
        "reserved": 100,
        "spent": 150,
        "allocations": {"prj_1": 150},
    }
    assert [entry["seq"] for entry in found["ledger"].values()] == [1, 2, 3, 4, 5]
    assert "uncollected" not in found["ledger"]["ent_1"]


def test_each_line_holds_the_balances_after_it_whatever_the_batches_are() -> None:
    entries = books(
        ("grant", {"external": -1000, "available": 1000}),
        ("allocate", {"available": -300, "project:prj_1": 300}),
        ("reserve", {"project:prj_1": -200, "reserved:job_1": 200}),
        ("capture", {"reserved:job_1": -200, "spent": 150, "project:prj_1": 50}),
    )
    expected = [
        {"available": 1000, "reserved": 0, "spent": 0, "allocations": {}},
        {"available": 700, "reserved": 0, "spent": 0, "allocations": {"prj_1": 300}},
        {"available": 700, "reserved": 200, "spent": 0, "allocations": {"prj_1": 100}},
        {"available": 700, "reserved": 0, "spent": 150, "allocations": {"prj_1": 150}},
    ]
    for batches in ([entries], [entries[:1], entries[1:]], [entries[:3], entries[1:]], [[one] for one in entries]):
        found = Documents()
        for batch in batches:
            found.read(batch)
        assert [line["_balances"] for line in found["ledger"].values()] == expected


def test_a_closed_allocation_is_gone_from_the_lines_after_it() -> None:
    *before, last = books(
        ("grant", {"external": -9, "available": 9}),
        ("allocate", {"available": -5, "project:prj_1": 5}),
        ("deallocate", {"project:prj_1": -5, "available": 5}),
    )
    assert isinstance(last.data, LedgerEntry)
    data = last.data.model_copy(update={"reason": "closed", "project_id": "prj_1"})
    found = documents([*before, replace(last, data=data)])
    assert found["ledger"]["ent_3"]["_balances"] == {"available": 9, "reserved": 0, "spent": 0, "allocations": {}}
    assert found["balances"][ORG]["allocations"] == {}


def test_a_line_and_a_job_name_the_events_that_they_came_from() -> None:
    event = books(("grant", {"external": -1, "available": 1}))
    line = documents(event)["ledger"]["ent_1"]
    assert line["_event"] == {
        "id": f"{ORG}:1",
        "actor": "key_1",
        "command_id": "cmd_1",
        "causation_id": "req_1",
        "partition": 0,
        "offset": 0,
    }
    trail = documents(job(sent(1), JobRunning(job_id=JOB, org_id=ORG, lease=1, provider_job_id="p1")))["jobs"][JOB]
    passed = [(version, one["name"], one["id"], one.get("lease")) for version, one in trail["_trail"].items()]
    assert passed == [
        ("1", "accepted", "job_1:1", None),
        ("3", "dispatched", "job_1:3", 1),
        ("4", "running", "job_1:4", 1),
    ]


def test_what_a_job_cost_counts_on_its_day_for_the_model_that_did_it_once() -> None:
    failed = AttemptFailed(job_id=JOB, org_id=ORG, lease=1, category="outage", retry_at="2026-01-01T12:01:00Z")
    again = sent(2).model_copy(update={"model": "local/other"})
    done = JobSucceeded(job_id=JOB, org_id=ORG, lease=2, outputs=(), captured=400)
    back = JobRefunded(job_id=JOB, org_id=ORG, entry_id="ent_1", amount=100, refunded=100)
    events = job(sent(1), failed, again, done, back)
    expected = {"day": "2026-01-01", "model": "local/other", "project": "", "spent": 400, "refunded": 100, "jobs": 1}
    for batches in ([events], [events, events], [[one] for one in events], [events[:-2], events[-2:], events[3:]]):
        found = Documents()
        for batch in batches:
            found.read(batch)
        (line,) = found["usage"].values()
        assert {name: line[name] for name in expected} == expected


def test_an_account_holds_no_hash_of_a_key() -> None:
    issued = KeyIssued(org_id=ORG, key_id="key_1", hash="f" * 64, role="member", user_id="usr_ann")
    found = documents(
        on(
            EVENTS_ACCOUNTS,
            ORG,
            OrgOpened(org_id=ORG, title="Lamps"),
            issued,
            KeyRevoked(org_id=ORG, key_id="key_1"),
            ProjectOpened(org_id=ORG, project_id="prj_1", title=sealed("Spring")),
            LimitsSet(org_id=ORG, limits=Limits(concurrent=3)),
        )
    )
    read = found["accounts"][ORG]
    assert (read["title"], read["limits"]["concurrent"], read["projects"]["prj_1"]["title"]) == ("Lamps", 3, "Spring")
    assert set(read["keys"]["key_1"]) == {"role", "user_id", "issued_at", "revoked_at"}
    assert "f" * 64 not in str(read)


def test_a_forgotten_person_is_blanked() -> None:
    found = documents(on(EVENTS_ACCOUNTS, ORG, PersonForgotten(org_id=ORG, user_id="usr_ann")))
    assert found.blanked == [Blank(ORG, "usr_ann")]


@pytest.mark.parametrize("title", ["First", "Second"])
def test_a_model_shows_its_newest_entry(title: str) -> None:
    spec = ModelSpec(
        id="local/picture",
        title="First",
        media_out=("image",),
        agent_type="image",
        input_schema={"$schema": "x"},
        price=Price(unit="image", amount=500),
        provider="fleet",
    )
    changed = ModelChanged(model=spec.model_copy(update={"title": title}))
    events = on(
        EVENTS_CATALOG, "model:local/picture", ModelListed(model=spec, source_hash="1"), changed, org="platform"
    )
    assert documents(events)["models"]["local/picture"]["title"] == title
    gone = on(EVENTS_CATALOG, "model:local/picture", ModelWithdrawn(model_id="local/picture"), first=3)
    assert documents(events, gone)["models"]["local/picture"]["active"] is False
