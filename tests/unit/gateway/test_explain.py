"""The way to a line of the books, from the documents of a job: what its customer was told stands behind the end's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from events.jobs.events import (
    JobAccepted,
    JobDispatched,
    JobRunning,
    JobSucceeded,
    WebhookDelivered,
    WebhookGivenUp,
    WebhookResendRequested,
)
from events.model import Event
from events.topics import EVENTS_JOBS
from gateway.books.explain import Story
from tests.given import JOB, ORG, sealed
from tests.unit.projections.given import documents, on

SAME: dict[str, Any] = {"job_id": JOB, "org_id": ORG}
MODEL: dict[str, Any] = {"model": "m", "provider": "p", "input": sealed()}
DONE = (
    JobAccepted(
        **SAME, model="m", provider="p", priority="NORMAL", input=sealed(), reserved=5, deadline_at="2026-01-02"
    ),
    JobDispatched(**SAME, **MODEL, lease=1, max_runtime_s=9),
    JobSucceeded(**SAME, lease=1, outputs=(), captured=5, webhook_url="https://x"),
)
AGAIN = WebhookResendRequested(
    **SAME, webhook_url="https://x", message_id="m", status="succeeded", ended_at="2026-01-01", outputs=()
)
GIVEN_UP, DELIVERED = WebhookGivenUp(**SAME, tries=3, reason="timeout"), WebhookDelivered(**SAME, tries=1)


def line(seq: int, kind: str) -> dict[str, Any]:
    by = {"id": f"evt_{seq}", "actor": "key_1", "causation_id": "req_1"}
    return {"entry_id": f"ent_1.{kind}", "job_id": JOB, "seq": seq, "kind": kind, "at": "2026-01-01", "_event": by}


def kinds(number: int, *told: Event) -> list[str]:
    """Of the stops to the job's first or second line."""
    job = documents(on(EVENTS_JOBS, JOB, *DONE, *told))["jobs"][JOB]
    lines = [line(1, "reserve"), line(2, "capture")]
    return [stop["kind"] for stop in Story(lines[number], lines, job, ()).chain]


@pytest.mark.parametrize(
    ("told", "stops"),
    [((), []), ((DELIVERED,), ["webhook"]), ((GIVEN_UP, AGAIN, DELIVERED), ["webhook"] * 3)],
    ids=["no webhook", "delivered", "given up, and told again"],
)
def test_behind_the_line_of_a_jobs_end_stands_what_its_customer_was_told(
    told: tuple[Event, ...], stops: list[str]
) -> None:
    assert kinds(1, *told) == ["job", "entry", "attempt", "entry", *stops]
    assert kinds(0, *told) == ["job", "entry"]


def test_its_stops_are_the_logs_and_say_what_it_came_to() -> None:
    job = documents(on(EVENTS_JOBS, JOB, *DONE, GIVEN_UP, AGAIN, DELIVERED))["jobs"][JOB]
    entry = line(2, "capture")
    stops = Story(entry, [line(1, "reserve"), entry], job, ()).chain[-3:]
    assert [stop["title"] for stop in stops] == [
        "Your server was told of the end, and did not take it",
        "Your server is to be told once more, as was asked",
        "Your server was told of the end, and took it",
    ]  # fmt: skip
    assert [stop["event_id"] for stop in stops] == [f"{JOB}:{version}" for version in (4, 5, 6)]
    assert len({stop["id"] for stop in stops}) == 3


@pytest.mark.parametrize(
    ("actor", "told"),
    [("process:dispatcher", "p calls it task_9"), ("webhook:p", "p told us by webhook, and calls it task_9")],
)
def test_at_the_provider_it_has_a_name_and_says_who_told_it(actor: str, told: str) -> None:
    running = JobRunning(**SAME, lease=1, provider_job_id="task_9")
    events = on(EVENTS_JOBS, JOB, *DONE[:2], running, DONE[2])
    events[2] = replace(events[2], envelope=replace(events[2].envelope, actor=actor))
    entry = line(2, "capture")
    chain = Story(entry, [line(1, "reserve"), entry], documents(events)["jobs"][JOB], ()).chain
    assert [stop["title"] for stop in chain if stop["kind"] == "provider_job"] == [told]
