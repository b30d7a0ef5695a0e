"""The notifier's handler of `events.jobs`: whoever asked for it is told of a job's end, again and again for a while."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from prometheus_client import Counter

from commands.ask import Ask, CommandFailed, Unavailable
from commands.model import CommandEnvelope
from commands.orgs.commands import BeginWebhook, JobCommand, RecordWebhook, ResendWebhook
from commands.refusals import Refusal
from events.envelope import Envelope, Recorded
from events.ids import caused_id, new_id
from events.jobs.events import (
    JobCancelled,
    JobDead,
    JobFailed,
    JobSucceeded,
    WebhookFailure,
    WebhookResendRequested,
)
from events.log.crashpoints import crashpoint
from events.model import Event
from processors.notifier.lines import Endpoint, Lines
from processors.notifier.message import Link, Message, message_of
from processors.notifier.put_off import Again, PutOff

ACTOR: Final = "process:notifier"
WAITS_S: Final = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Between the tries, each with up to half as much again: thirteen minutes at least, twenty at most."""
WITHIN_S: Final = 1_500.0
"""All tries, with the waits in line before them."""
LONGEST_S: Final = WITHIN_S + 300.0
TAKEN_UP: Final = 2
"""Of those that found the line full, for each that was delivered: it fills again as it empties."""
TYPES: Final[tuple[type[Event], ...]] = (JobSucceeded, JobFailed, JobCancelled, JobDead, WebhookResendRequested)

DELIVERIES = Counter("studio_webhooks_total", "Webhooks to customers", ["outcome"])
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said, or why it could not be asked."""

    status: int | None = None
    failure: WebhookFailure | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """No later try can end otherwise: the address is forbidden, or its owner says that it is gone."""
        return self.failure == "forbidden_address" or self.status == 410


class Post(Protocol):
    async def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Never raises for what an endpoint does; follows no redirect, and goes to public addresses only."""
        ...


def wants(recorded: Recorded) -> bool:
    """Most jobs have nobody to tell."""
    return getattr(recorded.data, "webhook_url", None) is not None


def key_of(recorded: Recorded) -> str:
    return recorded.envelope.stream.subject


class Notifier:
    """At least once: a process that dies between the answer and the log tells again, under the same id."""

    def __init__(
        self,
        ask: Ask,
        post: Post,
        secret: bytes,
        link: Callable[[str], Link],
        *,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`link` makes addresses of an organisation's files."""
        self._ask = ask
        self._post = post
        self._secret = secret
        self._link = link
        self._jitter = jitter
        self._now = now
        self._sleep = sleep
        self._lines = Lines()
        self._put_off = PutOff()

    @property
    def idle(self) -> bool:
        """Whether nobody is being told of anything."""
        return self._lines.empty

    async def handle(self, recorded: Recorded) -> None:
        event = recorded.data
        assert isinstance(event, JobSucceeded | JobFailed | JobCancelled | JobDead | WebhookResendRequested)
        assert event.webhook_url is not None
        begun = await self._say(
            recorded.envelope, BeginWebhook(org_id=event.org_id, job_id=event.job_id), f"begin:{new_id('own')}"
        )
        if not begun.get("go"):
            return
        message = message_of(recorded, self._link(event.org_id))
        endpoint = (event.org_id, urlsplit(event.webhook_url).netloc)
        tries, answer = await self._told(message, event.webhook_url, endpoint)
        failure = None if answer.taken else answer.failure or "status"
        DELIVERIES.labels(failure or "delivered").inc()
        await self._say(
            recorded.envelope,
            RecordWebhook(
                org_id=event.org_id,
                job_id=event.job_id,
                tries=tries,
                failure=failure,
                status=answer.status,
                message_id=message.id,
            ),
            "told",
        )
        if tries == 0 and not isinstance(event, WebhookResendRequested):
            self._put_off.add(endpoint, Again(event.org_id, event.job_id, recorded.envelope))
        if answer.taken:
            await self._take_up(endpoint)

    async def _take_up(self, endpoint: Endpoint) -> None:
        """An endpoint that answers is told of those that have found its line full, too."""
        for _ in range(TAKEN_UP):
            if not self._lines.has_room(endpoint) or (again := self._put_off.next(endpoint)) is None:
                return
            try:
                await self._say(again.cause, ResendWebhook(org_id=again.org_id, job_id=again.job_id), "again")
            except Unavailable as error:
                log.warning("webhook of %s is not asked for again: %s", again.job_id, error)
                self._put_off.add(endpoint, again)
                return
            DELIVERIES.labels("taken_up").inc()

    async def _told(self, message: Message, url: str, endpoint: Endpoint) -> tuple[int, Answer]:
        """How often it was tried, and the last answer. Who finds a line full stands in it again when the next try is
        due."""
        tries, answer = 0, Answer(failure="endpoint_down")
        try:
            async with asyncio.timeout(WITHIN_S):
                for wait_s in (*WAITS_S, None):
                    async with self._lines.turn(endpoint) as mine:
                        if mine:
                            tries += 1
                            answer = await self._post(url, message.body, message.headers(self._secret, self._now()))
                            crashpoint("notifier.posted")
                    if answer.taken or answer.final or wait_s is None:
                        break
                    log.info("webhook %s: try %d: %s", message.id, tries, answer.failure or answer.status)
                    with self._lines.asleep(endpoint) as may_sleep:
                        if not may_sleep:
                            return tries, Answer(answer.status, failure="endpoint_down")
                        await self._sleep(wait_s * (1 + self._jitter() / 2))
        except TimeoutError:
            log.info("webhook %s: given up after %d tries: its line is too slow", message.id, tries)
        return tries, answer

    async def _say(self, cause: Envelope, command: JobCommand, purpose: str) -> dict[str, object]:
        envelope = CommandEnvelope(
            id=caused_id(cause.id, f"webhook:{purpose}"),
            org_id=command.org_id,
            actor=ACTOR,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
        )
        try:
            return dict((await self._ask(command, envelope)).result)
        except (Refusal, CommandFailed) as refused:
            log.warning("%s of %s: %s", type(command).__name__, command.job_id, refused)
            return {}
