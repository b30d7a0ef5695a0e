"""The house around a dispatcher, in memory: the orgs decider itself, catalog, vault, storage; providers are given."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import orjson
from redis.asyncio import Redis

from adapters.media.probe import probe
from adapters.providers.download import Downloads
from adapters.providers.outside import Outside
from adapters.storage.objects import ObjectStorage, storage
from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from commands.ask import Answer, Unavailable
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, DispatchJob, OpenOrg, SubmitJob
from commands.orgs.decider import ORGS
from events.catalog.current import CatalogEntry, CurrentModel
from events.catalog.events import ModelSpec, Price, PriceUnit
from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.ids import new_id
from events.jobs.current import CurrentJob
from events.jobs.events import Cause, JobDispatched
from events.jobs.state import current
from events.model import Event
from events.progress import Progress
from events.topics import EVENTS_JOBS
from processors.dispatcher.claims import Claims
from processors.dispatcher.dispatcher import Classify, Dispatcher, Reach, Rooms
from processors.dispatcher.leases import Leases
from processors.dispatcher.ports import Failed, Note, Provider
from processors.dispatcher.results import Results
from processors.dispatcher.tables import KnownJobs
from tests.specification import World

ORG = "org_A"
CAUSE = Cause(session_id="ses_X", run_id="run_X.1.1", step_id="stp_X.1.s1")
GRANTED = 1_000_000
RESERVED = 1_000


class Jobs:
    """`current.jobs`, as the decider's own summary."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listeners: list[Callable[[str, CurrentJob | None], None]] = []

    def get(self, key: str) -> CurrentJob | None:
        return current(self._world(StreamRef(EVENTS_JOBS, key)).state)

    async def wait_for(self, key: str, timeout_s: float, suits: object = None) -> CurrentJob | None:
        return self.get(key)

    def on_change(self, callback: Callable[[str, CurrentJob | None], None]) -> None:
        self._listeners.append(callback)

    def changed(self, key: str) -> None:
        for listener in self._listeners:
            listener(key, self.get(key))


class Catalog:
    def __init__(self) -> None:
        self.models: dict[str, CatalogEntry] = {}

    def get(self, key: str) -> CatalogEntry | None:
        return self.models.get(key)

    async def wait_for(self, key: str, timeout_s: float) -> CatalogEntry | None:
        return self.models.get(key)

    def list(self, model: str, unit: PriceUnit = "image", amount: int = 40) -> None:
        spec = ModelSpec(
            id=model, title=model, media_out=("image",), agent_type="image", input_schema={},
            price=Price(unit=unit, amount=amount), provider=model.split("/")[0],
        )  # fmt: skip
        self.models[f"model:{model}"] = CurrentModel(model=spec, version=1)


async def by_rules_alone(_provider: str, failed: Failed, _note: Note) -> Failed:
    """A dispatcher without a language model."""
    return failed


class House:
    def __init__(self, *providers: Provider, classify: Classify = by_rules_alone) -> None:
        self._classify = classify
        self.world = World(ORGS)
        self.jobs = Jobs(self.world)
        self.catalog = Catalog()
        self.storage: ObjectStorage = storage("memory://")
        self.vault = KeyVault(MemoryKeyStore(), secrets.token_bytes(32))
        self.downloads = Downloads(outside=Outside(private=True))
        self.asked: list[tuple[Command, CommandEnvelope]] = []
        self._held_back: tuple[type[Command], ...] = ()
        self._unavailable: tuple[type[Command], ...] = ()
        self._answered_late: tuple[type[Command], ...] = ()
        self._answered = asyncio.Event()
        self.frames: list[Progress] = []
        self.known = KnownJobs(self.jobs)
        self.claims = Claims()
        self.claims.attach(lambda _provider, _org_id: True)
        self.dispatcher = self.dispatcher_of(*providers)
        for command in (OpenOrg(org_id=ORG, title="A"), self._grant()):
            self.world.handle(command)

    def dispatcher_of(self, *providers: Provider, claims: Claims | None = None) -> Dispatcher:
        """Another process's dispatcher: it remembers nothing of the first."""
        rooms = Rooms(
            ask=self.ask,
            vault=self.vault,
            storage=self.storage,
            results=Results(self.storage, self.vault, probe, self.downloads),
            providers={provider.name: provider for provider in providers},
            catalog=self.catalog,
            jobs=self.known,
            leases=Leases(Redis()),
            send=self.send,
            reach=Reach("http://gateway", None, b"secret"),
            classify=self._classify,
            claims=self.claims if claims is None else claims,
        )
        return Dispatcher(rooms, jitter=lambda: 0.5)

    async def ask(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        self.asked.append((command, envelope))
        if isinstance(command, self._held_back):
            await asyncio.get_running_loop().create_future()
        if isinstance(command, self._unavailable):
            raise Unavailable("no answer in time")
        decision = self.world.handle(command)
        for ref, _ in decision.events:
            self.jobs.changed(ref.subject)
        if isinstance(command, self._answered_late):
            await self._answered.wait()
        return Answer(decision.result or {})

    def hold_asks(self, *kinds: type[Command]) -> None:
        """The decider answers these no more."""
        self._held_back = kinds

    def answer_late(self, *kinds: type[Command]) -> asyncio.Event:
        """The decider decides these, and its answers arrive once the event is set."""
        self._answered_late = kinds
        return self._answered

    def fail_asks(self, *kinds: type[Command]) -> None:
        """The decider's answers to these do not come in time any more."""
        self._unavailable = kinds

    async def send(self, progress: Progress) -> None:
        self.frames.append(progress)

    async def submitted(self, model: str, values: Mapping[str, Any], **more: Any) -> str:
        self.catalog.list(model)
        job_id = new_id("job")
        sealed = await self.vault.seal(ORG, "usr_1", orjson.dumps(values).decode())
        command = SubmitJob(
            org_id=ORG, job_id=job_id, model=model, provider=model.split("/")[0], input=sealed,
            reserve=RESERVED, cause=CAUSE, **{"max_runtime_s": 30, **more},
        )  # fmt: skip
        self.world.handle(command)
        return job_id

    async def dispatched(
        self, model: str, values: Mapping[str, Any], *, worker: str | None = "w1", **more: Any
    ) -> Recorded:
        job_id = await self.submitted(model, values, **more)
        return self.dispatch(job_id, 1, worker)

    def dispatch(self, job_id: str, lease: int, worker: str | None = "w1", owner: str | None = None) -> Recorded:
        job = self.jobs.get(job_id)
        assert job is not None
        command = DispatchJob(
            org_id=ORG,
            job_id=job_id,
            lease=lease,
            provider=job.provider,
            model=job.model,
            worker=worker,
            owner=owner,
        )
        self.world.handle(command)
        return self.recorded(job_id, JobDispatched)

    def do(self, command: Command) -> None:
        """Somebody else's command."""
        self.world.handle(command)
        self.jobs.changed(getattr(command, "job_id", ""))

    def recorded(self, job_id: str, kind: type[Event]) -> Recorded:
        """The newest event of this kind, as it stands on the log."""
        events = self.world.events(job_id)
        number, event = next((n, e) for n, e in reversed(list(enumerate(events, 1))) if isinstance(e, kind))
        envelope = Envelope(
            id=f"{job_id}-{number}", type=event.ce_type(), time=self.world.at, stream=StreamRef(EVENTS_JOBS, job_id),
            version=number, org_id=ORG, actor="tester", command_id="c", input=InputPosition("commands.orgs", 0, number),
            correlation_id="correlation", causation_id="cause",
        )  # fmt: skip
        return Recorded(envelope, event, 0, number)

    def events(self, job_id: str) -> list[Event]:
        return self.world.events(job_id)

    def names(self, job_id: str) -> list[str]:
        return [event.name for event in self.world.events(job_id)]

    def pass_time(self, seconds: float) -> None:
        self.world.at += timedelta(seconds=seconds)

    @staticmethod
    def _grant() -> AddCredits:
        return AddCredits(org_id=ORG, entry_id="ent_1", kind="grant", amount=GRANTED)
