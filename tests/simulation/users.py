"""Users: they ask through the gateway, again under the same key when no answer comes, and remember what they heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from commands.ask import Answer, Ask, CommandFailed, Unavailable
from commands.model import CommandEnvelope
from commands.orgs.commands import AddCredits, CancelJob, OpenOrg, OrgCommand, RecordJobRunning, SetLimits, SubmitJob
from commands.refusals import IdempotencyReplay, InsufficientCredit, Refusal
from events.accounts.events import Limits
from events.ids import caused_id, derived_id
from tests.simulation.invariants import Judge
from tests.simulation.processes import sealed
from tests.simulation.providers import Execution, Remote
from tests.simulation.scenario import Order
from tests.simulation.world import GatewayGone, World

T = TypeVar("T")
SECRET: Final = b"secret"
AGAIN_S: Final = 1.0
AGAIN_EVERY_S: Final = 4.0
"""The first repeat comes with the request itself: a double click."""
DEADLINE_S: Final = 120
KNOWN_AFTER_S: Final = 3.0
"""Of a limit: a scheduler that has not heard of it keeps the one before."""


class Users:
    def __init__(self, world: World, judge: Judge) -> None:
        self._world = world
        self._judge = judge
        judge.webhook = self.webhook

    async def open_orgs(self) -> None:
        for number in range(self._world.scenario.orgs):
            await self._open(org_id(number))

    async def _open(self, org: str) -> None:
        amount = self._world.scenario.credits_each
        grant = AddCredits(org_id=org, entry_id=f"ent_{org}", kind="grant", amount=amount)
        limits = self._world.scenario.org_limits
        await self._said(org, f"open {org}", lambda: OpenOrg(org_id=org, title=org))
        if limits != Limits():
            await self._said(org, f"limit {org}", lambda: SetLimits(org_id=org, limits=limits))
            await asyncio.sleep(KNOWN_AFTER_S)
        await self._said(org, f"grant {org}", lambda: grant)

    async def place(self, number: int, order: Order) -> None:
        await asyncio.sleep(max(0.0, order.at - self._world.now))
        org, key = org_id(order.org), f"key-{number}"
        if order.adjust:
            adjust = AddCredits(org_id=org, entry_id=f"ent_{number}", kind="adjust", amount=order.adjust)
            await self._said(org, key, lambda: adjust)
            return

        def submit() -> SubmitJob:
            return self._submit(org, self._job_id(org, key), order)

        asking = [self._said(org, key, submit, after=AGAIN_EVERY_S * n) for n in range(order.again)]
        accepted, *_ = await asyncio.gather(self._said(org, key, submit), *asking)
        if accepted is not None and order.cancel_after is not None:
            await asyncio.sleep(order.cancel_after)
            await self._said(org, f"cancel-{number}", lambda: CancelJob(org_id=org, job_id=accepted))

    def webhook(self, remote: Remote, execution: Execution, org: str) -> None:
        """What `gateway.routes.webhooks` says when it hears of an attempt: once, twice, late, or long after its end."""
        if not remote.traits.webhooks:
            return
        random = self._world.random
        for _ in range(random.choice((0, 1, 1, 2))):
            after = random.choice((0.001, 0.5, execution.ends_at - self._world.now, 30.0))
            task = self._world.loop.create_task(self._told(remote, execution, org, max(0.0, after)))
            self._judge.background.append(task)

    async def _told(self, remote: Remote, execution: Execution, org: str, after: float) -> None:
        await asyncio.sleep(after)
        command = RecordJobRunning(
            org_id=org, job_id=execution.job_id, lease=execution.lease, provider_job_id=execution.provider_job_id
        )
        cause = caused_id(f"{execution.job_id}.{execution.lease}", f"{remote.traits.name}:{execution.provider_job_id}")
        for _ in range(3):
            request = self._world.fresh("req")
            envelope = CommandEnvelope(
                id=cause, org_id=org, actor="webhook", correlation_id=request, causation_id=request
            )
            try:
                await self._world.through_gateway(_asking(command, envelope))
            except (GatewayGone, Unavailable):
                await asyncio.sleep(AGAIN_S)
            except Refusal:
                return
            else:
                return

    async def _said(self, org: str, key: str, make: Callable[[], OrgCommand], after: float = 0.0) -> str | None:
        """The job's id where one was accepted. Each request is new to the gateway; the key is what they share."""
        await asyncio.sleep(after)
        while True:
            command = make()
            request = self._world.fresh("req")
            envelope = CommandEnvelope(
                id=self._world.fresh("cmd"),
                org_id=org,
                actor="user",
                correlation_id=request,
                causation_id=request,
                idempotency_key=key,
                digest=key,
            )
            try:
                answer = await self._world.through_gateway(_asking(command, envelope))
            except IdempotencyReplay as replay:
                return self._judge.heard(org, key, replay.members.get("existing_id"))
            except InsufficientCredit:
                return None
            except (GatewayGone, Unavailable):
                await asyncio.sleep(AGAIN_S)
            except Refusal:
                return None
            except CommandFailed as error:
                self._judge.set_aside(command, error)
                return None
            else:
                return self._judge.heard(org, key, answer.result.get("job_id"))

    def _submit(self, org: str, job_id: str, order: Order) -> SubmitJob:
        return SubmitJob(
            org_id=org,
            job_id=job_id,
            model=order.model,
            provider=order.model.split("/")[0],
            priority=order.priority,
            input=sealed("{}"),
            reserve=order.reserve,
            max_attempts=order.max_attempts,
            max_runtime_s=self._world.scenario.max_runtime_s,
            deadline_s=DEADLINE_S,
        )

    def _job_id(self, org: str, key: str) -> str:
        """As the gateway derives it: a repeat of the request names the same job."""
        return derived_id("job", SECRET, org, "/v1/jobs", key)


def _asking(command: OrgCommand, envelope: CommandEnvelope) -> Callable[[Ask], Awaitable[Answer]]:
    return lambda ask: ask(command, envelope)


def org_id(number: int) -> str:
    return f"org_{'ABC'[number]}"
