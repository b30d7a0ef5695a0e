"""Kill -9 of the broker under load: everybody goes on or starts anew, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka.structs import ConsumerRecord

from events.envelope import Recorded
from events.log.follower import Follower
from processors.runners.reactor import Reactor
from tests.broker import a_broker
from tests.integration.runners.stage import Stage, check_exactly_once, stage
from tests.unit.runners.toy import REGISTRY, Added

pytestmark = [pytest.mark.servers, pytest.mark.slow]


async def supervise(it: Stage, stop: asyncio.Event) -> int:
    """Starts the decider again whenever it has ended; answers how often."""
    restarts = 0
    process = await it.start()
    while not stop.is_set():
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if ended.done() and not stop.is_set():
            restarts += 1
            process = await it.start(wait=False)
    return restarts


async def test_all_goes_on_after_the_brokers_death(tmp_path: Path) -> None:
    async with a_broker(tmp_path / "kafka") as broker, stage(broker.bootstrap, tmp_path, partitions=2) as it:
        stop = asyncio.Event()
        followed: set[tuple[int, int]] = set()
        reacted: dict[str, int] = {}
        enough = asyncio.Event()

        def on_record(record: ConsumerRecord[bytes, bytes]) -> None:
            followed.add((record.partition, record.offset))

        async def handle(recorded: Recorded) -> None:
            assert isinstance(recorded.data, Added)
            reacted[recorded.envelope.id] = recorded.data.amount
            if len(reacted) == 300:
                enough.set()

        follower = Follower(broker.bootstrap, [it.names.accounts], on_record=on_record, start="beginning")
        reactor = Reactor(
            broker.bootstrap,
            f"reactor{it.names.tag}",
            [it.names.accounts],
            handle,
            key_of=lambda recorded: recorded.stream.subject,
            wants=lambda recorded: isinstance(recorded.data, Added),
            instance_id="0",
            registry=REGISTRY,
        )
        runs = [asyncio.create_task(run) for run in (supervise(it, stop), follower.run(stop), reactor.run(stop))]
        await asyncio.gather(*(it.open(f"acc{n}") for n in range(6)))

        asked: list[asyncio.Task[object]] = []
        for number in range(300):
            asked.append(asyncio.create_task(it.add(f"acc{number % 6}", 1, f"add-{number}", timeout_s=90)))
            if number == 150:
                await asked[0]
                await broker.kill()
                await broker.start()
        await asyncio.gather(*asked)
        await asyncio.wait_for(enough.wait(), 60)

        events = await it.events()
        check_exactly_once(events)
        added = [event for event in events if event["ce_type"].endswith(".added.v1")]
        assert {event["ce_commandid"] for event in added} == {f"add-{number}" for number in range(300)}
        assert len(added) == 300
        places = {(record.partition, record.offset) for record in await it.log(it.names.accounts)}
        async with asyncio.timeout(60):
            while not places <= followed:  # noqa: ASYNC110 - the follower tells nobody else
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*runs), 40)
