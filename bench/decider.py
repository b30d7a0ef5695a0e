"""The decider runner by itself: commands a second at 64 in flight, over many organisations and on one."""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import logging
import pstats
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import uvloop

from commands.model import Command, CommandEnvelope, Context, CurrentRecord, Decider, Decision, Fold, Streams
from commands.wire import decode_reply, encode_command
from events.envelope import StreamRef
from events.log.admin import ensure, ensure_topics
from events.log.request_reply import RequestReply
from events.model import Event, Frozen
from events.registry import Registry
from events.topics import Topic
from processors.runners.decider import DeciderRunner

TAG = uuid.uuid4().hex[:6]
COMMANDS, JOBS, CREDITS = (f"bench.{name}.{TAG}" for name in ("commands", "jobs", "credits"))


class Accepted(Event):
    context: ClassVar[str] = "bench"
    name: ClassVar[str] = "accepted"
    job_id: str
    amount: int
    note: str = "x" * 200


class Reserved(Event):
    context: ClassVar[str] = "bench"
    name: ClassVar[str] = "reserved"
    job_id: str
    amount: int


class Submit(Command):
    context: ClassVar[str] = "bench"
    org_id: str
    job_id: str
    amount: int

    @property
    def route(self) -> str:
        return self.org_id

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(JOBS, self.job_id)


@dataclass(frozen=True, slots=True)
class Balance:
    subject: str
    reserved: int = 0


def evolve(state: Balance, event: Event, _at: datetime) -> Balance:
    return Balance(state.subject, state.reserved + event.amount) if isinstance(event, Reserved) else state


def decide(command: Command, streams: Streams, _context: Context) -> Decision:
    assert isinstance(command, Submit)
    org, job = StreamRef(CREDITS, command.org_id), StreamRef(JOBS, command.job_id)
    streams(org)
    data: dict[str, Any] = {"job_id": command.job_id, "amount": command.amount}
    return Decision(((job, Accepted(**data)), (org, Reserved(**data))), {"job_id": command.job_id})


def summarize(_ref: StreamRef, _state: Frozen) -> CurrentRecord | None:
    return None


BENCH = Decider(
    name=f"bench.{TAG}",
    command_topic=COMMANDS,
    commands={Submit.type_name(): Submit},
    folds={topic: Fold(Balance, evolve) for topic in (JOBS, CREDITS)},
    decide=decide,
    summarize=summarize,
)


async def submit(requests: RequestReply, org: str) -> None:
    job = f"job_{uuid.uuid4().hex}"
    command = Submit(org_id=org, job_id=job, amount=1)
    envelope = CommandEnvelope(id=job, org_id=org, actor="bench", correlation_id=job, causation_id=job)
    value, headers = encode_command(command, envelope)
    reply = await requests.request(COMMANDS, org.encode(), value, headers, timeout_s=30)
    decode_reply(reply)


async def load(requests: RequestReply, *, orgs: int, in_flight: int, count: int) -> list[float]:
    """Latencies of `count` commands with `in_flight` at a time."""
    numbers = iter(range(count))
    latencies: list[float] = []

    async def client() -> None:
        for number in numbers:
            began = time.perf_counter()
            await submit(requests, f"org_{number % orgs}")
            latencies.append(time.perf_counter() - began)

    await asyncio.gather(*(client() for _ in range(in_flight)))
    return latencies


async def drive(bootstrap: str, scenarios: Sequence[tuple[int, int, int]]) -> None:
    async with RequestReply(bootstrap, f"bench-{TAG}") as requests:
        await load(requests, orgs=100, in_flight=8, count=200)
        for orgs, in_flight, count in scenarios:
            began = time.perf_counter()
            latencies = sorted(await load(requests, orgs=orgs, in_flight=in_flight, count=count))
            result = {
                "orgs": orgs,
                "in_flight": in_flight,
                "per_s": round(count / (time.perf_counter() - began)),
                "p50_ms": round(statistics.median(latencies) * 1000, 1),
                "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
            }
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()


async def run(bootstrap: str, scenarios: Sequence[tuple[int, int, int]]) -> None:
    """The decider here, its load in a process of its own, as in life."""
    await ensure_topics(bootstrap)
    await ensure(
        bootstrap,
        (Topic(COMMANDS, 4, {"message.timestamp.type": "LogAppendTime"}), Topic(JOBS, 4), Topic(CREDITS, 4)),
    )
    stop = asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry((Accepted, Reserved), {})
        runner = DeciderRunner(
            bootstrap, BENCH, data_dir=Path(folder), instance_id="0", registry=registry, code="bench"
        )
        running = asyncio.create_task(runner.run(stop))
        await runner.ready()
        arguments = ["-m", "bench.decider", "--bootstrap", bootstrap, "--drive", TAG]
        arguments += ["--scenarios", json.dumps(scenarios)]
        total = 200 + sum(count for _, _, count in scenarios)
        began = time.process_time()
        driver = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        await driver.wait()
        cpu_ms = 1000 * (time.process_time() - began) / total
        sys.stdout.write(json.dumps({"decider_cpu_ms_per_command": round(cpu_ms, 3)}) + "\n")
        stop.set()
        await running


def main() -> None:
    global TAG, COMMANDS, JOBS, CREDITS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--scenarios", default="[[1,1,200],[100,64,6000],[1,64,8000],[100,256,8000]]")
    parser.add_argument("--profile", action="store_true", help="profile the decider's process")
    parser.add_argument("--drive", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    scenarios = [tuple(scenario) for scenario in json.loads(arguments.scenarios)]
    if arguments.drive:
        TAG = arguments.drive
        COMMANDS, JOBS, CREDITS = (f"bench.{name}.{TAG}" for name in ("commands", "jobs", "credits"))
        uvloop.run(drive(arguments.bootstrap, scenarios))
        return
    profile = cProfile.Profile()
    if arguments.profile:
        profile.enable()
    uvloop.run(run(arguments.bootstrap, scenarios))
    if arguments.profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
