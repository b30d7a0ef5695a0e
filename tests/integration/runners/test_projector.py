"""The projector on a real broker: data and position move together, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from events.envelope import Recorded
from processors.runners.decider import DeciderRunner
from projections.runner.projector import Projector
from projections.writes import Insert, Write
from tests.integration.runners.stage import Stage, stage
from tests.servers import Servers
from tests.unit.runners.toy import REGISTRY, Added, Toy

pytestmark = pytest.mark.servers


class MemoryStore:
    """Takes writes and positions together; fails at a call, before anything of it is kept."""

    def __init__(self) -> None:
        self.amounts: list[tuple[str, int]] = []
        self.kept: dict[str, int] = {}
        self.fail_at = -1
        self.changed = asyncio.Event()

    async def positions(self, name: str) -> dict[str, int]:
        return dict(self.kept)

    async def apply(self, name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        if self.fail_at == 0:
            raise ConnectionError("the store is gone")
        self.fail_at -= 1
        for write in writes:
            assert isinstance(write, Insert)
            self.amounts.append((write.id, write.document["amount"]))
        self.kept.update(positions)
        self.changed.set()


async def project(batch: Sequence[Recorded]) -> list[Write]:
    return [
        Insert("amounts", event.stream.subject, "org", event.version, {"amount": event.data.amount})
        for event in batch
        if isinstance(event.data, Added)
    ]


async def test_each_event_reaches_the_store_once_across_failures(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path) as it:
        stop = asyncio.Event()
        decider = DeciderRunner(
            it.bootstrap, Toy(it.names).decider, data_dir=tmp_path, instance_id="0", registry=REGISTRY, code="toy"
        )
        deciding = asyncio.create_task(decider.run(stop))
        await asyncio.wait_for(decider.ready(), 60)
        await asyncio.gather(*(it.open(f"acc{n}") for n in range(4)))
        answers = await asyncio.gather(*(it.add(f"acc{n % 4}", n) for n in range(40)))

        store = MemoryStore()
        for fail_at in (0, 1):
            store.fail_at = fail_at
            with pytest.raises(ConnectionError):
                await asyncio.gather(_a_projector(it, store).run(asyncio.Event()), _add_until_failed(it, fail_at))
        store.fail_at = -1
        projector = _a_projector(it, store)
        projecting = asyncio.create_task(projector.run(stop))
        await asyncio.wait_for(projector.ready(), 60)
        position = (await it.add("acc0", 1000)).position
        async with asyncio.timeout(60):
            while ("acc0", 1000) not in store.amounts:
                store.changed.clear()
                await store.changed.wait()
        stop.set()
        await asyncio.wait_for(asyncio.gather(deciding, projecting), 60)
    assert len(answers) == 40
    for n in range(4):
        mine = [amount for account, amount in store.amounts if account == f"acc{n}" and amount < 100]
        assert sorted(mine) == list(range(n, 40, 4))
    assert all(store.kept[name] >= offset for name, offset in position.items())
    assert projector.position == store.kept


def _a_projector(it: Stage, store: MemoryStore) -> Projector:
    return Projector(it.bootstrap, f"projector{it.names.tag}", [it.names.accounts], store, project, registry=REGISTRY)


async def _add_until_failed(it: Stage, batches: int) -> None:
    """Makes sure that there is one more batch than the store takes."""
    for number in range(batches + 1):
        await it.add("acc1", 500 + number)
