"""The client of `bench.pairs`: asks for pairs over Kafka as gateway and reactors do, many at a time."""

from __future__ import annotations

import asyncio
from types import TracebackType

from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, DispatchJob, OpenOrg, RecordJobSucceeded, SubmitJob
from commands.wire import decode_reply, encode_command
from events.ids import new_id
from events.jobs.events import PriceLine
from events.log.request_reply import RequestReply
from events.sealed import Sealed

TOPICS = {"orgs": "commands.orgs", "bare": "bench.commands"}
ANSWER_WITHIN_S = 60
MODEL, PROVIDER = "bench/pair", "bench"
INPUT = Sealed.model_validate({"$sealed": {"kid": "kid_" + "a" * 32, "nonce": "YWJjZGVmZ2hpamts", "ct": "QUJD" * 30}})
RESERVED, CAPTURED = 100, 60
PRICE = (PriceLine(unit="run", quantity="1", unit_amount=RESERVED, amount=RESERVED),)
BILL = (PriceLine(unit="run", quantity="1", unit_amount=CAPTURED, amount=CAPTURED),)


class Client:
    """An async context manager. `kind` says whom it asks: the orgs decider, or the bare loop."""

    def __init__(self, bootstrap: str, kind: str) -> None:
        self._topic = TOPICS[kind]
        self._requests = RequestReply(bootstrap, f"bench-{kind}")
        self._orgs: list[str] = []
        self.accepted = 0

    async def __aenter__(self) -> Client:
        await self._requests.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._requests.__aexit__(kind, error, trace)

    async def open(self, count: int) -> None:
        """So many organisations with plenty of credit."""
        self._orgs = [new_id("org") for _ in range(count)]
        await asyncio.gather(*(self._opened(org) for org in self._orgs))

    async def pairs(self, orgs: int, in_flight: int, count: int) -> None:
        """Reserves and captures `count` jobs of `orgs` organisations, so many at a time."""
        numbers = iter(range(count))

        async def worker() -> None:
            for number in numbers:
                await self._pair(self._orgs[number % orgs])

        await asyncio.gather(*(worker() for _ in range(in_flight)))

    async def queued(self, orgs: int, in_flight: int, count: int) -> None:
        """Submits `count` jobs and no more, so many at a time; `accepted` counts them."""
        numbers = iter(range(count))

        async def worker() -> None:
            for number in numbers:
                await self._submit(self._orgs[number % orgs])
                self.accepted += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(worker())

    async def _opened(self, org: str) -> None:
        await self._ask(OpenOrg(org_id=org, title="Bench"))
        await self._ask(AddCredits(org_id=org, entry_id=new_id("ent"), kind="grant", amount=10**12))

    async def _submit(self, org: str) -> str:
        job = new_id("job")
        accepted = SubmitJob(
            org_id=org, job_id=job, model=MODEL, provider=PROVIDER, input=INPUT, reserve=RESERVED, price=PRICE
        )
        await self._ask(accepted)
        return job

    async def _pair(self, org: str) -> None:
        job = await self._submit(org)
        await self._ask(DispatchJob(org_id=org, job_id=job, lease=1, provider=PROVIDER, model=MODEL))
        await self._ask(RecordJobSucceeded(org_id=org, job_id=job, lease=1, outputs=(), cost=CAPTURED, bill=BILL))

    async def _ask(self, command: Command) -> None:
        name = new_id("cmd")
        envelope = CommandEnvelope(id=name, org_id=command.route, actor="bench", correlation_id=name, causation_id=name)
        value, headers = encode_command(command, envelope)
        reply = await self._requests.request(
            self._topic, command.route.encode(), value, headers, timeout_s=ANSWER_WITHIN_S
        )
        decode_reply(reply)
