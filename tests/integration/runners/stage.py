"""A stage for the toy decider on a real broker: topics of its own, processes, questions, and the whole log."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.wire import decode_reply, encode_command
from events.log.admin import ensure, ensure_topics
from events.log.clients import consumer
from events.log.request_reply import RequestReply
from tests.unit.runners.toy import Add, Names, Open

READY_S = 60.0
ROOT = Path(__file__).parents[3]


@dataclass
class Stage:
    """`ask` answers as an asker would see it; processes that are still alive at the end are killed."""

    bootstrap: str
    folder: Path
    partitions: int
    requests: RequestReply
    names: Names
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        instance: str = "0",
        folder: str = "data",
        wait: bool = True,
    ) -> asyncio.subprocess.Process:
        """A decider process; waits until it takes commands."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.runners.toy_process",
            self.bootstrap,
            self.names.tag,
            str(self.folder / folder),
            instance,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=asyncio.subprocess.PIPE,
        )
        self.processes.append(process)
        if wait:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), READY_S) == b"ready\n"
        return process

    async def ask(
        self,
        command: Command,
        command_id: str | None = None,
        *,
        correlation: str | None = None,
        key: str | None = None,
        digest: str | None = None,
        timeout_s: float = 90.0,
    ) -> Answer:
        command_id = command_id or uuid.uuid4().hex
        envelope = CommandEnvelope(
            id=command_id,
            org_id="org",
            actor="tester",
            correlation_id=correlation or command_id,
            causation_id=command_id,
            idempotency_key=key,
            digest=digest,
        )
        value, headers = encode_command(command, envelope)
        topic, route = self.names.commands, command.route.encode()
        return decode_reply(await self.requests.request(topic, route, value, headers, timeout_s=timeout_s))

    async def open(self, account: str, **more: Any) -> Answer:
        return await self.ask(Open(owner=f"owner-{account}", account=account, topic=self.names.accounts), **more)

    async def add(self, account: str, amount: int, command_id: str | None = None, **more: Any) -> Answer:
        return await self.ask(Add(owner=f"owner-{account}", account=account, amount=amount), command_id, **more)

    async def log(self, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
        """Every committed record of a topic, by partition and offset; read independently of the house's clients."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        await reader.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(self.partitions)]
            reader.assign(partitions)
            for tp, begin in (await reader.beginning_offsets(partitions)).items():
                reader.seek(tp, begin)
            ends = await reader.end_offsets(partitions)
            records: list[ConsumerRecord[bytes, bytes]] = []
            async with asyncio.timeout(60):
                while any([await reader.position(tp) < end for tp, end in ends.items()]):
                    for chunk in (await reader.getmany(timeout_ms=200)).values():
                        records += chunk
            return sorted(records, key=lambda record: (record.partition, record.offset))
        finally:
            await reader.stop()

    async def events(self) -> list[Mapping[str, str]]:
        """The headers of every committed event of both topics."""
        records = [*await self.log(self.names.accounts), *await self.log(self.names.notes)]
        return [
            {"topic": record.topic, **{name: value.decode() for name, value in record.headers}} for record in records
        ]

    async def committed(self) -> dict[int, int | None]:
        """The group's offsets by input partition."""
        member = consumer(self.bootstrap, group=f"studio.toy{self.names.tag}")
        await member.start()
        try:
            member.assign([TopicPartition(self.names.commands, number) for number in range(self.partitions)])
            return {tp.partition: await member.committed(tp) for tp in member.assignment()}
        finally:
            await member.stop()

    async def kill_all(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def stage(bootstrap: str, folder: Path, *, partitions: int = 2) -> AsyncIterator[Stage]:
    names = Names("." + uuid.uuid4().hex[:8])
    await ensure_topics(bootstrap)
    await ensure(bootstrap, names.topics(partitions))
    async with RequestReply(bootstrap, f"test{names.tag}") as requests:
        it = Stage(bootstrap, folder, partitions, requests, names)
        try:
            yield it
        finally:
            await it.kill_all()


def check_exactly_once(events: list[Mapping[str, str]]) -> None:
    """No command has two decisions, no stream a gap or a version twice, no input two batches."""
    seen: dict[tuple[str, str], int] = {}
    decided: dict[str, str] = {}
    inputs: dict[tuple[str, str], int] = {}
    for event in events:
        stream = (event["topic"], event["ce_subject"])
        version = int(event["ce_streamversion"])
        assert version == seen.get(stream, 0) + 1, event
        seen[stream] = version
        assert decided.setdefault(event["ce_commandid"], event["ce_input"]) == event["ce_input"], event
        place, offset = event["ce_input"].rsplit("/", 1)
        assert inputs.get((event["topic"], place), -1) <= int(offset), event
        inputs[(event["topic"], place)] = int(offset)
    assert len({event["ce_id"] for event in events}) == len(events)
