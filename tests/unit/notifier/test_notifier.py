"""Customers are told at least once, under one id, for a while; an endpoint that stands holds up nobody else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import pytest

from commands.ask import Answer as Said
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import BeginWebhook, RecordWebhook
from commands.signing import webhook_key
from events.assets import AssetRef
from events.envelope import Recorded
from events.jobs.events import (
    JobCancelled,
    JobDead,
    JobEvent,
    JobFailed,
    JobSucceeded,
    WebhookResendRequested,
)
from events.topics import EVENTS_JOBS
from processors.notifier.message import message_of
from processors.notifier.notifier import AT_ONE_ENDPOINT_MAX, WAITS_S, Answer, Notifier, wants
from tests.given import JOB, ORG, asset, sealed
from tests.unit.projections.given import on

SECRET = b"server secret"
URL = "https://hooks.example.com/jobs"
OK = Answer(status=204)
DOWN = Answer(failure="unreachable")


def ended(event: JobEvent | None = None) -> Recorded:
    cancelled = JobCancelled(job_id=JOB, org_id=ORG, webhook_url=URL)
    return on(EVENTS_JOBS, JOB, event or cancelled)[0]


def no_link(_org: str) -> Callable[[AssetRef], str | None]:
    return lambda _asset: None


@dataclass
class Stage:
    """What the endpoint will answer, and what has been said to it and to the decider."""

    answers: list[Answer]
    go: bool = True
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    said: list[Command] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.sent.append((url, body, headers))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def ask(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 0.0) -> Said:
        self.said.append(command)
        return Said(result={"go": self.go} if isinstance(command, BeginWebhook) else {}, position={})

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def notifier(self) -> Notifier:
        return Notifier(
            self.ask, self.post, SECRET, no_link, jitter=lambda: 0.0, now=lambda: 1_700_000_000.0, sleep=self.sleep
        )

    @property
    def outcome(self) -> RecordWebhook:
        last = self.said[-1]
        assert isinstance(last, RecordWebhook)
        return last


async def test_an_endpoint_that_takes_it_is_told_once() -> None:
    stage = Stage([OK])
    await stage.notifier().handle(ended())
    assert len(stage.sent) == 1
    assert (stage.outcome.tries, stage.outcome.failure, stage.outcome.status) == (1, None, 204)


async def test_an_endpoint_that_does_not_is_told_again_under_the_same_id_and_signed_anew() -> None:
    stage = Stage([Answer(status=500), DOWN, Answer(failure="timeout"), OK])
    await stage.notifier().handle(ended())
    assert len({headers["webhook-id"] for _, _, headers in stage.sent}) == 1
    assert stage.slept == list(WAITS_S[:3])
    assert (stage.outcome.tries, stage.outcome.failure) == (4, None)


@pytest.mark.parametrize(
    ("answer", "reason"), [(Answer(status=500), "status"), (Answer(status=302), "status"), (DOWN, "unreachable")]
)
async def test_after_the_last_try_it_is_given_up_and_said_why(answer: Answer, reason: str) -> None:
    stage = Stage([answer])
    await stage.notifier().handle(ended())
    assert len(stage.sent) == len(WAITS_S) + 1
    assert (stage.outcome.failure, stage.outcome.status) == (reason, answer.status)


@pytest.mark.parametrize("answer", [Answer(failure="forbidden_address"), Answer(status=410)])
async def test_what_no_try_can_change_is_tried_once(answer: Answer) -> None:
    stage = Stage([answer])
    await stage.notifier().handle(ended())
    assert len(stage.sent) == 1
    assert stage.outcome.failure in ("forbidden_address", "status")


@pytest.mark.parametrize(
    ("end", "again"),
    [
        (
            JobSucceeded(job_id=JOB, org_id=ORG, lease=1, outputs=(asset(),), captured=300, webhook_url=URL),
            {"status": "succeeded", "outputs": (asset(),), "captured": 300},
        ),
        (
            JobDead(job_id=JOB, org_id=ORG, category="outage", webhook_url=URL),
            {"status": "dead", "category": "outage"},
        ),
        (JobCancelled(job_id=JOB, org_id=ORG, webhook_url=URL), {"status": "cancelled"}),
    ],
)
async def test_what_is_told_again_is_the_same_message_under_the_same_id(
    end: JobEvent, again: dict[str, object]
) -> None:
    first, stage = ended(end), Stage([DOWN, OK])
    request = WebhookResendRequested.model_validate(
        {"job_id": JOB, "org_id": ORG, "webhook_url": URL, "message_id": first.envelope.id,
         "ended_at": first.envelope.time.isoformat(), **again}
    )  # fmt: skip
    assert wants(ended(request))
    notifier = stage.notifier()
    await notifier.handle(first)
    await notifier.handle(ended(request))
    bodies, ids = {body for _, body, _ in stage.sent}, {headers["webhook-id"] for _, _, headers in stage.sent}
    assert (len(bodies), ids) == (1, {first.envelope.id})
    assert stage.outcome.message_id == first.envelope.id


async def test_who_reads_the_log_again_tells_nobody() -> None:
    stage = Stage([OK], go=False)
    await stage.notifier().handle(ended())
    assert (stage.sent, len(stage.said)) == ([], 1)


async def test_an_endpoint_that_stands_takes_so_many_and_no_more_and_others_go_on() -> None:
    standing, said = asyncio.Event(), []

    async def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        if "stands" in url:
            await standing.wait()
        return OK

    async def ask(command: Command, envelope: CommandEnvelope, *, timeout_s: float = 0.0) -> Said:
        said.append(command)
        return Said(result={"go": True}, position={})

    notifier = Notifier(ask, post, SECRET, no_link)

    def job(number: int, host: str) -> Recorded:
        event = JobCancelled(job_id=f"job_{number}", org_id=ORG, webhook_url=f"https://{host}.example.com/")
        return on(EVENTS_JOBS, f"job_{number}", event)[0]

    held = [asyncio.create_task(notifier.handle(job(number, "stands"))) for number in range(AT_ONE_ENDPOINT_MAX)]
    await asyncio.sleep(0)
    await notifier.handle(job(1000, "stands"))
    await notifier.handle(job(1001, "goes"))
    outcomes = {one.job_id: one.failure for one in said if isinstance(one, RecordWebhook)}
    assert outcomes == {"job_1000": "endpoint_down", "job_1001": None}
    standing.set()
    await asyncio.gather(*held)
    await notifier.handle(job(1002, "stands"))
    assert {one.failure for one in said[-1:] if isinstance(one, RecordWebhook)} == {None}


def test_only_jobs_that_asked_for_it_are_told_of() -> None:
    assert wants(ended())
    assert not wants(ended(JobCancelled(job_id=JOB, org_id=ORG)))


class TestTheMessage:
    def test_is_signed_as_standard_webhooks_has_it(self) -> None:
        message = message_of(ended(), lambda _: None)
        headers = message.headers(SECRET, 1_700_000_000.9)
        text = f"{headers['webhook-id']}.1700000000.".encode() + message.body
        expected = base64.b64encode(hmac.new(webhook_key(SECRET, ORG), text, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert webhook_key(SECRET, ORG) != webhook_key(SECRET, "org_B")

    def test_tells_the_files_with_addresses_and_no_words(self) -> None:
        event = JobSucceeded(job_id=JOB, org_id=ORG, lease=1, outputs=(asset(),), captured=300, webhook_url=URL)
        told = orjson.loads(message_of(ended(event), lambda one: f"https://us/{one.asset_id}").body)
        assert (told["type"], told["data"]["status"], told["data"]["captured"]) == ("job.succeeded", "succeeded", 300)
        [output] = told["data"]["outputs"]
        assert output["url"] == f"https://us/{output['asset_id']}"
        assert "text" not in output

    @pytest.mark.parametrize(
        ("event", "kind"),
        [
            (JobFailed(job_id=JOB, org_id=ORG, category="outage", error=sealed("words")), "job.failed"),
            (JobDead(job_id=JOB, org_id=ORG, category="outage", error=sealed("words")), "job.dead"),
        ],
    )
    def test_tells_a_failures_category_and_no_words(self, event: JobEvent, kind: str) -> None:
        body = message_of(ended(event), lambda _: None).body
        assert orjson.loads(body)["type"] == kind
        assert orjson.loads(body)["data"]["error"] == {"category": "outage"}
        assert b"sealed" not in body
