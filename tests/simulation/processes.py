"""The processes of the house, put together as `studio.processes` does it: everything in them is the real thing."""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from redis.asyncio import Redis

from commands.bus import CommandBus
from commands.orgs.decider import ORGS
from commands.ports import Probe, StoredBytes
from events.accounts.current import CurrentOrg
from events.catalog.current import catalog_entry
from events.envelope import Recorded
from events.jobs.current import CurrentJob
from events.log.table import CompactedTable
from events.progress import Progress
from events.sealed import Sealed, SealedBox
from events.topics import CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS, EVENTS_JOBS
from processors.dispatcher.claims import Claims
from processors.dispatcher.dispatcher import TYPES as DISPATCHED
from processors.dispatcher.dispatcher import Dispatcher, Reach, Rooms, key_of, longest_s, urgent
from processors.dispatcher.leases import Leases
from processors.dispatcher.ports import Failed, Note, RemoteFile
from processors.dispatcher.results import Results
from processors.dispatcher.tables import KnownJobs
from processors.runners.clock import steady
from processors.runners.decider import DeciderRunner
from processors.runners.reactor import Reactor
from processors.runners.ticker import Ticker
from processors.runners.together import together
from processors.scheduler import ticking as scheduling
from processors.slots.slots import Slots
from processors.slots.table import SlotTable
from processors.sweepers.core import Sweep
from processors.sweepers.slots import Mend
from processors.sweepers.slots_ticking import SlotSweeperTicks
from processors.sweepers.ticking import SweeperTicks
from projections.read_models import TOPICS, projection
from projections.runner.projector import Projector
from tests.simulation.documents import DocumentStore
from tests.simulation.providers import SimProvider
from tests.simulation.redis import RedisClient
from tests.simulation.world import Process

T = TypeVar("T")
KAFKA = "simulated"
PROJECTOR = "projector-mongo"


async def decider(process: Process) -> None:
    runner = DeciderRunner(KAFKA, ORGS, data_dir=process.node.disk, instance_id=process.name, code="simulated")
    await runner.run(asyncio.Event())


async def workers(process: Process) -> None:
    """Scheduler and dispatcher in one: the former says who begins what the latter carries out."""
    claims = Claims(now=asyncio.get_running_loop().time)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(scheduler(process, claims))
        tasks.create_task(dispatcher(process, claims))


async def scheduler(process: Process, claims: Claims | None = None) -> None:
    async with (
        CommandBus(KAFKA, process.name) as bus,
        _following(CompactedTable(KAFKA, CURRENT_JOBS, CurrentJob)) as jobs,
        _following(CompactedTable(KAFKA, CURRENT_ORGS, CurrentOrg)) as orgs,
        _following(CompactedTable(KAFKA, CURRENT_CATALOG, catalog_entry)) as catalog,
    ):
        slots = Slots(_redis(process))
        core = scheduling.SchedulerTicks(bus, _redis(process), slots, lambda _: True, jobs, claims=claims)
        ticker: Ticker[scheduling.Effect] = Ticker(
            KAFKA,
            "scheduler",
            current={CURRENT_JOBS: jobs, CURRENT_ORGS: orgs, CURRENT_CATALOG: catalog},
            events=(EVENTS_JOBS,),
            types=scheduling.TYPES,
            core=core,
            perform=core.perform,
            interval_s=0.5,
            clock=steady(process.clock, lambda: process.world.now),
        )
        await together(asyncio.Event(), ticker.run, slots.run, core.keep_slots, core.registered.look)


async def sweepers(process: Process) -> None:
    async with (
        CommandBus(KAFKA, process.name) as bus,
        _following(CompactedTable(KAFKA, CURRENT_JOBS, CurrentJob)) as jobs,
    ):
        attempts, slots = SweeperTicks(bus, _redis(process)), SlotSweeperTicks(SlotTable(_redis(process)))
        clock = steady(process.clock, lambda: process.world.now)
        current: dict[str, CompactedTable[Any]] = {CURRENT_JOBS: jobs}
        ending: Ticker[Sweep] = Ticker(
            KAFKA, "sweepers", current=current, events=(), core=attempts, perform=attempts.perform, clock=clock
        )
        mending: Ticker[Mend] = Ticker(
            KAFKA, "sweeper of slots", current=current, events=(), core=slots, perform=slots.perform, concurrency=1,
            clock=clock,
        )  # fmt: skip
        await together(asyncio.Event(), ending.run, mending.run, attempts.look, slots.look)


async def dispatcher(process: Process, claims: Claims | None = None) -> None:
    claims = claims or Claims()
    vault, storage, leases = PlainVault(), MemoryStorage(), Leases(_redis(process))
    async with (
        CommandBus(KAFKA, process.name) as bus,
        _following(CompactedTable(KAFKA, CURRENT_JOBS, CurrentJob)) as jobs,
        _following(CompactedTable(KAFKA, CURRENT_CATALOG, catalog_entry)) as catalog,
    ):
        handling = Dispatcher(
            Rooms(
                ask=bus,
                vault=vault,
                storage=storage,
                results=Results(storage, vault, _picture, _no_fetch),
                providers={name: SimProvider(process, remote) for name, remote in process.world.remotes.items()},
                catalog=catalog,
                jobs=KnownJobs(jobs),
                leases=leases,
                send=_not_shown,
                reach=Reach(None, None, b"secret"),
                classify=_as_it_is,
                claims=claims,
            ),
            jitter=process.world.random.random,
            now=lambda: process.clock().timestamp(),
        )

        async def handle(recorded: Recorded) -> None:
            await handling.handle(recorded)
            process.world.handled.add(recorded.envelope.id)

        reactor = Reactor(
            KAFKA,
            "dispatcher",
            [EVENTS_JOBS],
            handle,
            key_of=key_of,
            urgent=urgent,
            types=DISPATCHED,
            wants=handling.wants,
            call_timeout_s=longest_s,
            instance_id=process.name,
        )
        claims.attach(lambda provider, org: handling.carries_out(provider) and reactor.has_room_for(EVENTS_JOBS, org))
        await together(asyncio.Event(), leases.run, reactor.run)


async def projector(process: Process) -> None:
    store = DocumentStore(process)
    projecting = projection(PlainVault(), _not_forgotten, store)
    await Projector(KAFKA, PROJECTOR, TOPICS, store, projecting).run(asyncio.Event())


async def gateway(process: Process) -> None:
    async with CommandBus(KAFKA, process.name) as bus:
        process.ask = bus
        await asyncio.Event().wait()


@asynccontextmanager
async def _following(table: CompactedTable[T]) -> AsyncIterator[CompactedTable[T]]:
    """As `studio.processes.parts` does: caught up before it is used."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(table.run(asyncio.Event()))
        await table.ready()
        yield table


def _redis(process: Process) -> Redis:
    return cast(Redis, RedisClient(process))


def sealed(text: str) -> Sealed:
    """A box is told from others by its nonce, as real ones are."""
    return Sealed(
        box=SealedBox(kid="kid", nonce=f"{zlib.crc32(text.encode()):08x}", ct=base64.b64encode(text.encode()).decode())
    )


def opened(box: Sealed) -> str:
    return base64.b64decode(box.box.ct).decode()


class PlainVault:
    """Keys are nobody's concern here."""

    async def seal(self, _org_id: str, _person: str, text: str) -> Sealed:
        return sealed(text)

    async def seal_like(self, _other: Sealed, text: str) -> Sealed:
        return sealed(text)

    async def open(self, box: Sealed) -> str:
        return opened(box)

    async def fingerprint(self, _like: Sealed, text: str) -> str:
        return text

    async def forget(self, _org_id: str, _person: str) -> None:
        raise NotImplementedError


class MemoryStorage:
    """Nobody reads what is stored."""

    async def put(self, _org_id: str, chunks: Any, *, size_max: int) -> StoredBytes:
        assert isinstance(chunks, bytes)
        assert len(chunks) <= size_max
        return StoredBytes("0" * 64, len(chunks))

    def get(self, org_id: str, sha256: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        raise FileNotFoundError(org_id, sha256, start, end)

    async def size(self, _org_id: str, _sha256: str) -> int:
        return 0


async def _picture(_body: bytes | Path) -> Probe:
    return Probe("image/png", "image", width=1100, height=1000)


def _no_fetch(file: RemoteFile) -> Any:
    raise AssertionError(f"nothing lies at {file.url}")


async def _as_it_is(_provider: str, failed: Failed, _note: Note) -> Failed:
    """Every failure here is of a kind that rules know."""
    return failed


def _not_forgotten(org_id: str, person: str) -> None:
    raise AssertionError(f"{person} of {org_id} is to be forgotten")


async def _not_shown(_progress: Progress) -> None:
    """Nobody looks."""
