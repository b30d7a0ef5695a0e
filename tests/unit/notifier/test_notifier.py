"""Customers are told at least once, under one id, for a while; an endpoint that stands holds up nobody else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import pytest

from commands.ask import Answer as Said
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import BeginWebhook, RecordWebhook, ResendWebhook
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
from processors.notifier import lines, put_off
from processors.notifier.message import message_of
from processors.notifier.notifier import WAITS_S, Answer, Notifier, wants
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


def resent(command: ResendWebhook) -> Recorded:
    host = command.job_id.split("_")[-2]
    event = WebhookResendRequested(
        job_id=command.job_id, org_id=command.org_id, webhook_url=f"https://{host}.example.com/", message_id="msg_1",
        status="cancelled", ended_at="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    return on(EVENTS_JOBS, command.job_id, event)[0]


class Street:
    """Endpoints by name: `stands` takes its time, `down` has nobody, all others answer."""

    def __init__(self) -> None:
        self.standing = asyncio.Event()
        self.awake = asyncio.Event()
        self.posting: Counter[str] = Counter()
        self.most = 0
        self.outcomes: dict[str, tuple[int, str | None]] = {}
        self.again: list[str] = []
        """Jobs that the notifier has asked to be told of once more, as the log then does."""
        self.telling: set[asyncio.Task[None]] = set()
        self.notifier = Notifier(self.ask, self.post, SECRET, no_link, jitter=lambda: 0.0, sleep=self.sleep)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.posting[url] += 1
        self.most = max(self.most, self.posting[url])
        await (self.standing.wait() if "stands" in url else asyncio.sleep(0))
        self.posting[url] -= 1
        return DOWN if "down" in url else OK

    async def ask(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 0.0) -> Said:
        if isinstance(command, RecordWebhook):
            self.outcomes[command.job_id] = (command.tries, command.failure)
        if isinstance(command, ResendWebhook):
            self.again.append(command.job_id)
            self.telling.add(asyncio.create_task(self.notifier.handle(resent(command))))
        return Said(result={"go": True}, position={})

    async def sleep(self, _seconds: float) -> None:
        await self.awake.wait()

    async def ends(self, count: int, host: str, *, org: str = ORG) -> asyncio.Future[list[None]]:
        """So many jobs end together; what can be done at once is done."""
        jobs = [
            on(EVENTS_JOBS, job, JobCancelled(job_id=job, org_id=org, webhook_url=f"https://{host}.example.com/"))[0]
            for job in (f"job_{org}_{host}_{number}" for number in range(count))
        ]
        telling = asyncio.gather(*map(self.notifier.handle, jobs))
        await self.go_on(count)
        return telling

    async def all_told(self) -> None:
        """And all that is asked for again by what was told."""
        while self.telling:
            await asyncio.gather(*self.telling)
            self.telling = {one for one in self.telling if not one.done()}

    async def go_on(self, count: int) -> None:
        for _ in range(10 + 10 * count // lines.POSTS_MAX):
            await asyncio.sleep(0)

    def told(self, host: str, *, org: str = ORG) -> Counter[tuple[int, str | None]]:
        return Counter(told for job, told in self.outcomes.items() if job.startswith(f"job_{org}_{host}_"))


@pytest.fixture
def street() -> Street:
    return Street()


async def test_all_jobs_that_end_together_are_told_of_a_few_at_a_time(street: Street) -> None:
    await asyncio.wait_for(await street.ends(300, "goes"), 5)
    assert street.told("goes") == {(1, None): 300}
    assert street.most == lines.POSTS_MAX
    assert street.notifier.idle


async def test_more_than_a_line_takes_that_end_together_are_all_told_of(street: Street) -> None:
    ends = max(1_500, lines.IN_LINE_MAX + lines.ASLEEP_MAX)
    telling = await street.ends(ends, "goes")
    assert not telling.done(), "some found the line full"
    street.awake.set()
    await asyncio.wait_for(telling, 10)
    assert street.told("goes") == {(1, None): ends}
    assert street.notifier.idle


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> int:
    """Lines are short, as many as fit one, and half as many more may sleep."""
    monkeypatch.setattr(lines, "IN_LINE_MAX", 40)
    monkeypatch.setattr(lines, "ASLEEP_MAX", 20)
    return 60


async def test_a_burst_that_no_line_takes_is_told_of_by_way_of_the_log(street: Street, short: int) -> None:
    telling = await street.ends(short + 300, "goes")
    street.awake.set()
    await asyncio.wait_for(telling, 10)
    await asyncio.wait_for(street.all_told(), 10)
    assert len(street.again) == len(set(street.again)) == 300
    assert street.told("goes") == {(1, None): short + 300}
    assert street.notifier.idle


async def test_where_nobody_is_found_the_rest_of_a_burst_stays_given_up(street: Street, short: int) -> None:
    street.awake.set()
    await asyncio.wait_for(await street.ends(short + 300, "down"), 10)
    assert street.again == []
    assert (0, "endpoint_down") in street.told("down")


@pytest.mark.parametrize("most", ["PUT_OFF_MAX", "ORG_PUT_OFF_MAX"])
async def test_what_is_remembered_of_a_burst_has_a_bound(
    street: Street, short: int, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    monkeypatch.setattr(put_off, most, 100)
    telling = await street.ends(short + 300, "goes")
    street.awake.set()
    await asyncio.wait_for(telling, 10)
    await asyncio.wait_for(street.all_told(), 10)
    assert street.told("goes") == {(1, None): short + 100, (0, "endpoint_down"): 200}


async def test_an_endpoint_that_stands_holds_up_nobody_else(street: Street) -> None:
    standing = await street.ends(lines.IN_LINE_MAX + lines.ASLEEP_MAX, "stands")
    await asyncio.wait_for(await street.ends(10, "goes"), 5)
    assert street.told("goes") == {(1, None): 10}, "nor another endpoint of the same organisation"
    await asyncio.wait_for(await street.ends(10, "goes", org="org_B"), 5)
    assert street.told("goes", org="org_B") == {(1, None): 10}
    street.standing.set()
    await street.go_on(lines.IN_LINE_MAX)
    street.awake.set()
    await asyncio.wait_for(standing, 5)
    assert street.told("stands") == {(1, None): lines.IN_LINE_MAX + lines.ASLEEP_MAX}
    assert street.notifier.idle


async def test_an_organisation_has_its_share_of_all_lines_and_waits_for_more(street: Street) -> None:
    each = lines.ORG_IN_LINE_MAX // 4
    standing = [await street.ends(each, f"stands{number}") for number in range(4)]
    waiting = await street.ends(1, "goes")
    assert street.told("goes") == {}
    await asyncio.wait_for(await street.ends(1, "goes", org="org_B"), 5)
    street.standing.set()
    await asyncio.wait_for(asyncio.gather(*standing), 10)
    street.awake.set()
    await asyncio.wait_for(waiting, 5)
    assert street.told("goes") == {(1, None): 1}


async def test_who_sleeps_until_the_next_try_holds_no_place_at_the_endpoint(street: Street) -> None:
    sleeping = await street.ends(lines.ASLEEP_MAX, "down")
    assert street.told("down") == {}
    await street.ends(3, "down")
    assert street.told("down") == {(1, "endpoint_down"): 3}, "with so many asleep one try is all"
    others = await street.ends(3, "also.down")
    assert street.told("also.down") == {}, "of another endpoint as many may sleep"
    await asyncio.wait_for(await street.ends(10, "goes"), 5)
    assert street.told("goes") == {(1, None): 10}
    street.awake.set()
    await asyncio.wait_for(asyncio.gather(sleeping, others), 5)
    assert street.told("down")[len(WAITS_S) + 1, "unreachable"] == lines.ASLEEP_MAX
    assert street.notifier.idle


async def test_a_line_that_does_not_move_is_given_up_in_time(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    at = asyncio.get_running_loop().time() + 0.01
    monkeypatch.setattr("processors.notifier.notifier.asyncio.timeout", lambda _s: asyncio.timeout_at(at))
    await asyncio.wait_for(await street.ends(lines.POSTS_MAX + 1, "stands"), 5)
    assert street.told("stands") == {(1, "endpoint_down"): lines.POSTS_MAX, (0, "endpoint_down"): 1}


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
