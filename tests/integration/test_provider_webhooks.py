"""Providers' webhooks all their way: a simulated provider calls the gateway of this machine, which puts what it
believes on the log, where the dispatcher that waits for it reads it. Whatever they do, a job ends once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from commands.signing import SignedAttempt, sign_attempt
from events.ids import new_id
from events.jobs.events import AttemptBegun, JobEvent, JobRunning, JobSucceeded, LateResultRefused
from events.log.follower import Follower
from events.topics import EVENTS_JOBS
from tests.integration.test_execution import Log
from tests.sandbox import WITHIN_S, Sandbox, fresh, rich_client

pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class Sender:
    """A provider that sends webhooks, a model of its, and what it says of an attempt `name` at its end."""

    provider: str
    model: str
    at: str
    """What our adapter adds to the address, for the body does not say it."""
    starts: bool = True
    """It tells of the start too."""
    signed: bool = True

    def handle(self, name: str) -> str:
        """What the log calls an attempt that the provider calls `name`."""
        if self.provider == "fal":
            return f"{self.at}/requests/{name}"
        return f"{self.at}/{name}" if self.at else name


SENDERS = {
    "fal": Sender("fal", "fal/flux-schnell", "fal-ai/flux", starts=False),
    "luma": Sender("luma", "luma/photon-1", "", signed=False),
    "kling": Sender("kling", "kling/v1.6-text2video", "videos/text2video", signed=False),
    "replicate": Sender("replicate", "replicate/flux-schnell", ""),
}
each = pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)


class Street:
    """A client of the platform, the log, and the providers as an oracle sees them."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient, log: Log) -> None:
        self._sandbox, self._client, self._log = sandbox, client, log

    async def control(self, sender: Sender, what: str) -> list[dict[str, Any]]:
        address = f"{self._sandbox.simulators_url}/{sender.provider}/_control/{what}"
        found: list[dict[str, Any]] = (await self._client.get(address)).raise_for_status().json()
        return found

    async def submitted(self, sender: Sender, words: str) -> tuple[str, str]:
        """A job and its label at the provider."""
        label = new_id("lbl")
        body = {"model": sender.model, "input": {"prompt": f"a fox label:{label} {words}"}}
        answer = await self._client.post("/v1/jobs", json=body, headers=fresh())
        assert answer.status_code == 202, answer.text
        return answer.json()["job_id"], label

    async def ended(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self._client.get(f"/v1/jobs/{job_id}?wait={WITHIN_S}")).json()
        return found

    async def execution(self, sender: Sender, label: str) -> str:
        """The provider's name of the one execution that there was."""
        [found] = [one["id"] for one in await self.control(sender, "accepted") if one["label"] == label]
        return str(found)

    async def answers(self, sender: Sender, execution: str, count: int) -> list[int]:
        """What the gateway has said to the first `count` webhooks of an execution."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                sent = [one for one in await self.control(sender, "webhooks") if one["id"] == execution]
                if len(sent) >= count:
                    return [one["status"] for one in sent]

    async def events(self, job_id: str) -> list[JobEvent]:
        """Of a job that has succeeded."""
        await self._log.first(JobSucceeded, job_id=job_id)
        data = [recorded.data for recorded in self._log.seen]
        return [event for event in data if isinstance(event, JobEvent) and event.job_id == job_id]

    async def told(self, sender: Sender, job_id: str, lease: int, name: str, *, secret: str | None = None) -> int:
        """Says to the gateway what a provider that signs nothing would say of an attempt."""
        known = secret or json.loads((self._sandbox.data_dir / "secrets.json").read_text())["server_secret"]
        [accepted] = [event for event in await self.events(job_id) if event.name == "accepted"]
        token = sign_attempt(known.encode(), SignedAttempt(sender.provider, accepted.org_id, job_id, lease))
        body = {"id": name, "state": "completed", "task_id": name, "task_status": "succeed"}
        address = f"{self._sandbox.url}/v1/webhooks/{sender.provider}"
        return (await self._client.post(address, params={"t": token, "at": sender.at}, json=body)).status_code


@pytest.fixture
async def street(sandbox: Sandbox) -> AsyncIterator[Street]:
    log, stop = Log(), asyncio.Event()
    bootstrap = json.loads((sandbox.data_dir / "dev.json").read_text())["kafka_bootstrap"]
    follower = Follower(bootstrap, [EVENTS_JOBS], on_record=log.take, name="test log")
    following = asyncio.create_task(follower.run(stop))
    await asyncio.wait_for(follower.ready(), WITHIN_S)
    async with rich_client(sandbox) as client:
        yield Street(sandbox, client, log)
    stop.set()
    await following


def kinds(events: list[JobEvent], *of: type[JobEvent]) -> list[str]:
    return [event.name for event in events if isinstance(event, of)]


@each
async def test_however_they_come_they_are_taken_and_change_nothing_twice(street: Street, sender: Sender) -> None:
    """As they should, twice, late, early and out of order, side by side."""
    manners = ("ok", "webhook_twice", "webhook_late", "webhook_early", "webhook_unordered")
    async with asyncio.TaskGroup() as tasks:
        for manner in manners:
            tasks.create_task(is_taken_once(street, sender, manner))


async def is_taken_once(street: Street, sender: Sender, manner: str) -> None:
    job_id, label = await street.submitted(sender, f"simulate:{manner}")
    job = await street.ended(job_id)
    assert job["status"] == "succeeded", manner
    execution = await street.execution(sender, label)
    extra = manner in ("webhook_twice", "webhook_early")
    count = 1 + sender.starts + extra
    assert await street.answers(sender, execution, count) == [200] * count, manner
    events = await street.events(job_id)
    [running] = [event for event in events if isinstance(event, JobRunning)]
    assert running.provider_job_id == sender.handle(execution), manner
    assert kinds(events, JobSucceeded, LateResultRefused) == ["succeeded"], manner
    after = await street.ended(job_id)
    assert (after["captured"], after["attempts"]) == (job["captured"], job["attempts"]), manner


@each
async def test_one_that_comes_before_the_answer_to_the_create_is_on_the_log_first(
    street: Street, sender: Sender
) -> None:
    """The provider has called us, and has been answered, before it answers our own call."""
    job_id, label = await street.submitted(sender, "simulate:webhook_early=0.6")
    assert (await street.ended(job_id))["status"] == "succeeded"
    [running] = [one for one in street._log.seen if isinstance(one.data, JobRunning) and one.data.job_id == job_id]
    assert running.envelope.actor == f"webhook:{sender.provider}"
    assert kinds(await street.events(job_id), AttemptBegun, JobRunning, JobSucceeded) == [
        "attempt_begun", "running", "succeeded",
    ]  # fmt: skip
    assert await street.execution(sender, label)


@pytest.mark.parametrize(
    "sender", [SENDERS["fal"], SENDERS["luma"], SENDERS["replicate"]], ids=lambda one: one.provider
)
async def test_a_create_whose_answer_was_lost_is_found_by_its_webhook_and_never_made_again(
    street: Street, sender: Sender
) -> None:
    """Without it the model's longest run would be waited for, which is longer than this test waits."""
    job_id, label = await street.submitted(sender, "simulate:lost")
    job = await street.ended(job_id)
    assert (job["status"], len(job["attempts"])) == ("succeeded", 1)
    execution = await street.execution(sender, label)
    [running] = [event for event in await street.events(job_id) if isinstance(event, JobRunning)]
    assert running.provider_job_id == sender.handle(execution)


@each
async def test_a_forged_one_is_not_believed_and_the_job_goes_its_way(street: Street, sender: Sender) -> None:
    behaviours = ["webhook_forged", *(["webhook_stale"] if sender.signed else [])]
    for behaviour in behaviours:
        job_id, label = await street.submitted(sender, f"simulate:{behaviour}")
        assert (await street.ended(job_id))["status"] == "succeeded"
        execution = await street.execution(sender, label)
        count = 1 + sender.starts
        assert await street.answers(sender, execution, count) == [401] * count
        [running] = [one for one in street._log.seen if isinstance(one.data, JobRunning) and one.data.job_id == job_id]
        assert running.envelope.actor == "process:dispatcher"


@pytest.mark.parametrize("sender", [SENDERS["luma"], SENDERS["kling"]], ids=lambda one: one.provider)
async def test_what_is_not_signed_is_believed_by_its_address_alone_and_never_of_an_attempt_that_is_over(
    street: Street, sender: Sender
) -> None:
    job_id, _ = await street.submitted(sender, "simulate:ok")
    await street.ended(job_id)
    before = await street.events(job_id)
    assert await street.told(sender, job_id, 1, "somebody-elses", secret="guessed") == 401
    assert [await street.told(sender, job_id, lease, "somebody-elses") for lease in (1, 2)] == [200, 200]
    # What the same organisation does next stands behind whatever these have led to.
    next_job, _ = await street.submitted(sender, "simulate:ok")
    await street.events(next_job)
    assert await street.events(job_id) == before
