"""The decider's protocol of ownership on a real broker: fencing, positions, gaps, members that come and go."""

from __future__ import annotations

import ast
import asyncio
import inspect
import signal
import sqlite3
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.records_to_delete import RecordsToDelete

from commands.refusals import IllegalState
from events.log.admin import PartitionCountDiffers, ensure
from events.log.clients import SESSION_TIMEOUT_MS, transactional_producer
from processors.runners import partition as partition_module
from processors.runners import recovery
from processors.runners.decider import DeciderRunner, PartitionCountsDiffer
from processors.runners.partition import PartitionWorker
from processors.runners.recovery import GapInLog
from tests.integration.runners.stage import Stage, check_exactly_once, stage
from tests.servers import Servers
from tests.unit.runners.toy import REGISTRY, Toy

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@asynccontextmanager
async def running(it: Stage, *, folder: str = "data") -> AsyncIterator[DeciderRunner]:
    """The toy decider in this process, stopped in good order."""
    stop = asyncio.Event()
    runner = a_runner(it, folder)
    task = asyncio.create_task(runner.run(stop))
    await asyncio.wait_for(runner.ready(), 60)
    yield runner
    stop.set()
    await asyncio.wait_for(task, 60)


def a_runner(it: Stage, folder: str = "data") -> DeciderRunner:
    return DeciderRunner(
        it.bootstrap,
        Toy(it.names).decider,
        data_dir=it.folder / folder,
        instance_id="0",
        registry=REGISTRY,
        code="toy",
    )


@pytest.mark.parametrize("place", ["decider.begun", "decider.offsets_sent"])
async def test_a_zombie_is_fenced_and_ends(servers: Servers, tmp_path: Path, place: str) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        zombie = await it.start({"CRASH_AT": f"{place}:2:freeze"})
        await it.open("acc")
        asking = asyncio.create_task(it.add("acc", 5, "frozen"))
        await frozen(zombie.pid)
        # Another machine: nothing of the zombie's store is there, and the member's name is the same.
        await it.start(folder="elsewhere")
        assert (await asking).result["amount"] == 5
        assert (await it.add("acc", 2)).result["amount"] == 7
        events, offsets = await it.events(), await it.committed()

        zombie.send_signal(signal.SIGCONT)
        assert await asyncio.wait_for(zombie.wait(), 60) == 1
        assert await it.committed() == offsets
        assert await it.events() == events
        check_exactly_once(events)
        assert (await it.add("acc", 1)).result["amount"] == 8


async def frozen(pid: int) -> None:
    """Waits until the kernel says that the process is stopped."""
    async with asyncio.timeout(60):
        while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.02)


async def test_members_come_and_go_under_load(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=4) as it:
        first = await it.start(instance="0")
        await asyncio.gather(*(it.open(f"acc{n}") for n in range(8)))
        load = asyncio.gather(*(it.add(f"acc{n % 8}", 1, f"add-{n}") for n in range(400)))
        second = await it.start(instance="1")
        first.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(first.wait(), 60) == 0
        again = await it.start(instance="0")
        second.kill()
        assert await asyncio.wait_for(second.wait(), 60) == -signal.SIGKILL
        await it.start(instance="1")
        answers = await load
        assert sum(answer.result["amount"] == 50 for answer in answers) == 8
        check_exactly_once(await it.events())
        assert again.returncode is None


async def test_who_ends_in_good_order_hands_its_partitions_on(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=4) as it:
        await it.start(instance="1")
        async with running(it):
            await asyncio.gather(*(it.open(f"acc{n}") for n in range(8)))
        # Long before the group would miss a member that was killed.
        await asyncio.gather(*(it.add(f"acc{n}", 1, timeout_s=SESSION_TIMEOUT_MS / 2_000) for n in range(8)))


async def test_the_store_and_the_log_tell_the_same(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        async with running(it):
            await it.open("acc", command_id="open", key="k", digest="d", correlation="1")
            first = await it.add("acc", 4, "a")
        for folder in ("data", "empty"):
            async with running(it, folder=folder):
                assert await it.add("acc", 4, "a") == first
        rows = []
        for folder in ("data", "empty"):
            with sqlite3.connect(it.folder / folder / "deciders" / f"toy{it.names.tag}-0.sqlite") as connection:
                query = "SELECT * FROM commands ORDER BY id", "SELECT * FROM streams ORDER BY topic, subject"
                rows.append([connection.execute(each).fetchall() for each in query])
        assert rows[0] == rows[1]


async def test_a_store_of_another_log_is_made_anew(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        async with running(it):
            await it.open("acc")
            await it.add("acc", 4)
        with sqlite3.connect(it.folder / "data" / "deciders" / f"toy{it.names.tag}-0.sqlite") as connection:
            [mark] = connection.execute("SELECT value FROM meta WHERE name = 'mark'").fetchone()
            other = orjson.loads(mark)
            other["last_events"][it.names.accounts][1] = "an event of another log"
            connection.execute("UPDATE meta SET value = ? WHERE name = 'mark'", (orjson.dumps(other).decode(),))
            connection.execute("DELETE FROM streams")
        async with running(it):
            assert (await it.add("acc", 1)).result == {"amount": 5, "version": 3}


async def test_the_committed_offset_is_only_a_hint(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        async with running(it):
            await it.open("acc")
            with pytest.raises(IllegalState):
                await it.add("acc", -1, "refused")
            await it.add("acc", 5, "last")
        events = await it.events()
        assert await it.committed() == {0: 3}
        # Kafka checks no membership here: a stranger with another transactional id may move the group's offset.
        stranger = transactional_producer(it.bootstrap, f"stranger{it.names.tag}")
        await stranger.start()
        async with stranger.transaction():
            await stranger.send_offsets_to_transaction(
                {TopicPartition(it.names.commands, 0): 0}, f"studio.toy{it.names.tag}"
            )
        await stranger.stop()
        assert await it.committed() == {0: 0}
        async with running(it, folder="empty"):
            # Decided anew, what was refused would be accepted now.
            assert (await it.add("acc", 1, "next")).result == {"amount": 6, "version": 3}
        assert [e["ce_commandid"] for e in await it.events() if e not in events] == ["next"]


async def test_commands_that_are_gone_unread_stop_the_partition(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        async with running(it):
            await it.open("acc")
        lost = asyncio.gather(*(it.add("acc", 1, timeout_s=1.0) for _ in range(3)), return_exceptions=True)
        await lost
        admin = AIOKafkaAdminClient(bootstrap_servers=it.bootstrap)
        await admin.start()
        await admin.delete_records({TopicPartition(it.names.commands, 0): RecordsToDelete(before_offset=3)})
        await admin.close()
        with pytest.raises(GapInLog, match="next is 1, the log holds 3"):
            await asyncio.wait_for(a_runner(it).run(asyncio.Event()), 60)


async def test_an_open_transaction_of_a_stranger_stops_the_partition(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "STANDSTILL_S", 0.5)
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        stranger = transactional_producer(it.bootstrap, f"stranger{it.names.tag}")
        await stranger.start()
        await stranger.begin_transaction()
        await stranger.send_and_wait(it.names.accounts, b"{}", partition=0)
        with pytest.raises(GapInLog, match="open transaction"):
            await asyncio.wait_for(a_runner(it).run(asyncio.Event()), 60)
        await stranger.abort_transaction()
        await stranger.stop()
        # What was aborted is on the log, and is folded by nobody.
        async with running(it):
            assert (await it.open("acc")).result == {"account_id": "acc"}


async def test_unequal_partition_counts_are_refused(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=1) as it:
        admin = AIOKafkaAdminClient(bootstrap_servers=it.bootstrap)
        await admin.start()
        await admin.create_partitions({it.names.accounts: NewPartitions(2)})
        await admin.close()
        with pytest.raises(PartitionCountsDiffer):
            await asyncio.wait_for(a_runner(it).run(asyncio.Event()), 60)
        with pytest.raises(PartitionCountDiffers):
            await ensure(it.bootstrap, it.names.topics(1))


def test_a_commit_stands_in_no_cancellation_scope() -> None:
    """Cancelled or timed out, a commit may still happen: nothing on its way may cut it off."""
    for method in (PartitionWorker._commit, PartitionWorker._loop, PartitionWorker._answer):
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & {"timeout", "wait_for", "timeout_at", "move_on_after", "fail_after", "shield"}


def test_a_partition_has_one_producer_for_life() -> None:
    """A fenced producer that is made anew in place would undo the fencing."""
    calls = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(partition_module)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "transactional_producer"
    ]
    assert len(calls) == 1
    assert "abort_transaction" not in inspect.getsource(partition_module)
