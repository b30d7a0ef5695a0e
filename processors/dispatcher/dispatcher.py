"""The dispatcher's handler of `events.jobs`: an attempt is carried out; one that the log is beyond is stopped.

It keeps nothing durable: what it must know after a crash is on the log or at the provider.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from commands.ask import Ask, Unavailable
from commands.orgs.commands import RecordAttemptFailed, RecordJobSucceeded
from commands.ports import Storage, Vault
from commands.signing import SignedAttempt, sign_attempt
from events.catalog.current import FLEET, CatalogEntry, CurrentModel
from events.catalog.events import ModelSpec
from events.envelope import Recorded
from events.jobs.events import AttemptFailed, JobCancelled, JobDispatched, LeaseExpired
from events.jobs.slots import Slot
from events.model import Event
from processors.dispatcher.attempt import Attempt
from processors.dispatcher.claims import Claims
from processors.dispatcher.cost import actual, as_agreed
from processors.dispatcher.creation import AttemptOver
from processors.dispatcher.decisions import as_failure, record_failed
from processors.dispatcher.errors import AccessRefused, ContractDrift, ProviderError, ResultLost, WorkerGone
from processors.dispatcher.inputs import Links, parsed, resolved
from processors.dispatcher.leases import Leases
from processors.dispatcher.live import LiveProgress, Send
from processors.dispatcher.ports import AgentCall, Call, Failed, Handle, Note, Provider, Succeeded, attempt_token
from processors.dispatcher.results import Results
from processors.dispatcher.stopping import stopped_at
from processors.dispatcher.tables import KnownJobs, Table
from processors.dispatcher.word import Word

HELD_MAX: Final = 5000
CATALOG_WAIT_S: Final = 5.0
STOPS_MAX_S: Final = 200.0
STOP_AWAITED_S: Final = 10.0
"""How long a live job's next attempt waits for a stop, which then goes on beside it."""
STOP_MAX_S: Final = 180.0
RESULTS_MAX_S: Final = 900.0
"""For stopping, fetching, storing and telling, beyond the model's own time."""
log = logging.getLogger(__name__)

Classify = Callable[[str, Failed, Note], Awaitable[Failed]]
"""What a provider's failure is, where its adapter's rules do not know. It takes two seconds at most."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the outside finds our gateway: workers of the fleet at `internal`, providers at `public`, if at all.

    Their webhooks go to `webhooks`, which is `public` where that is safe from listeners.
    """

    internal: str | None
    public: str | None
    secret: bytes
    webhooks: str | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything that is handed in."""

    ask: Ask
    vault: Vault
    storage: Storage
    results: Results
    providers: Mapping[str, Provider]
    catalog: Table[CatalogEntry]
    jobs: KnownJobs
    leases: Leases
    send: Send
    reach: Reach
    classify: Classify
    claims: Claims = field(default_factory=Claims)
    """Where the scheduler is of the same process, they are shared with it."""


Stops = JobCancelled | LeaseExpired | AttemptFailed
"""After these an attempt may still run at its provider."""
TYPES: Final[tuple[type[Event], ...]] = (JobDispatched, JobCancelled, LeaseExpired, AttemptFailed)
"""Everything else on `events.jobs` is for others."""


def urgent(recorded: Recorded) -> bool:
    """A stop does not queue behind the call that it stops."""
    return isinstance(recorded.data, Stops)


def key_of(recorded: Recorded) -> str:
    return recorded.envelope.stream.subject


def longest_s(recorded: Recorded) -> float:
    """How long handling may take: a create, a lost one's look-up, and thrice the longest run of what cannot be
    stopped."""
    if isinstance(recorded.data, JobDispatched):
        return 5.0 * recorded.data.max_runtime_s + RESULTS_MAX_S
    return STOPS_MAX_S


class Dispatcher:
    """Handles one event at a time per job, many jobs at once."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rooms = rooms
        self._jitter = jitter
        self._now = now
        self._held: OrderedDict[str, Attempt] = OrderedDict()
        self._stopped: OrderedDict[str, None] = OrderedDict()
        """Attempts whose stop has passed them while they waited to begin: `current.jobs` knows them no more."""
        self._stopping: set[asyncio.Task[None]] = set()
        """Stops that go on; without them a slot is free once its longest run is over."""
        self._telling: set[asyncio.Task[None]] = set()
        """Calls of language models on their way to the log: two an attempt at most."""

    def wants(self, recorded: Recorded) -> bool:
        """All but failures of which nothing runs; it takes note of whom a dispatch names, in the order of the log."""
        match recorded.data:
            case JobDispatched() as event:
                self._rooms.claims.named(event.job_id, event.lease, event.owner)
                return True
            case AttemptFailed(unstopped=unstopped):
                return unstopped is True
            case _:
                return True

    async def handle(self, recorded: Recorded) -> None:
        match recorded.data:
            case JobDispatched() as event:
                await self._carry_out(recorded, event)
            case JobCancelled(lease=int(lease)) | LeaseExpired(lease=lease) | AttemptFailed(lease=lease) as event:
                awaited_s = STOP_MAX_S if isinstance(event, JobCancelled) else STOP_AWAITED_S
                word = Word(self._rooms.ask, recorded, event.org_id, event.job_id, lease)
                await self._confirm(self._stop(event, lease), word, awaited_s)

    async def _carry_out(self, recorded: Recorded, event: JobDispatched) -> None:
        if self._is_over(event):
            return
        rooms = self._rooms
        word = Word(rooms.ask, recorded, event.org_id, event.job_id, event.lease, rooms.claims, event.owner)
        slot = Slot(event.job_id, event.lease, event.org_id, event.provider, event.model)
        with self._rooms.leases.held(slot):
            try:
                command = await self._outcome(event, word)
            except AttemptOver:
                log.info("%s.%d is over on the log", event.job_id, event.lease)
                self._held.pop(slot.holder, None)
                return
            await word.say(command, "succeeded" if isinstance(command, RecordJobSucceeded) else "failed")
        if (attempt := self._held.get(slot.holder)) is not None and not attempt.unstopped:
            del self._held[slot.holder]

    def carries_out(self, provider: str) -> bool:
        """Whether attempts at this provider are begun once, by whoever may."""
        found = self._rooms.providers.get(provider)
        return found is not None and not found.takes_our_name

    def _is_over(self, event: JobDispatched) -> bool:
        stopped = attempt_token(event.job_id, event.lease) in self._stopped
        return stopped or self._rooms.jobs.is_beyond(event.job_id, event.lease)

    async def _outcome(self, event: JobDispatched, word: Word) -> RecordJobSucceeded | RecordAttemptFailed:
        worker_gone, attempt = False, None
        try:
            provider = self._provider(event.provider)
            spec = await self._spec(event.model)
            values = parsed(await self._rooms.vault.open(event.input))
            call = await self._call(event, spec, provider, values, self._note(word))
            attempt = self._hold(event, Attempt(provider, call, word, self._rooms.jobs, self._live(event)))
            ended = await attempt.run()
            if isinstance(ended, Succeeded):
                return await self._brought_home(event, spec, values, attempt, ended)
            failed = as_failure(ended)
            assert failed is not None
            failed = await self._rooms.classify(event.provider, failed, self._note(word))
        except ProviderError as error:
            failed, worker_gone = error.failed, isinstance(error, WorkerGone)
        except (AttemptOver, Unavailable):
            raise
        except Exception as error:  # one job fails by it, not the process that all others are in
            log.exception("%s.%d cannot be carried out", event.job_id, event.lease)
            failed = ContractDrift(f"what came of it cannot be used: {type(error).__name__}").failed
        log.warning("%s.%d failed: %s: %s", event.job_id, event.lease, failed.category, event.provider)
        told = await self._rooms.vault.seal_like(event.input, failed.detail)
        unstopped = attempt is not None and attempt.unstopped
        return record_failed(event, failed, told, jitter=self._jitter(), worker_gone=worker_gone, unstopped=unstopped)

    async def _brought_home(
        self, event: JobDispatched, spec: ModelSpec, values: Mapping[str, Any], attempt: Attempt, ended: Succeeded
    ) -> RecordJobSucceeded:
        """Results that cannot be fetched are asked for once more, before they are made and paid for once more."""
        try:
            return await self._succeeded(event, spec, values, ended)
        except ResultLost:
            again = await attempt.told_again()
            if not isinstance(again, Succeeded):
                raise
            return await self._succeeded(event, spec, values, again)

    async def _succeeded(
        self, event: JobDispatched, spec: ModelSpec, values: Mapping[str, Any], ended: Succeeded
    ) -> RecordJobSucceeded:
        """Billed at the price and by the input that were agreed upon: addresses say nothing of the files behind."""
        outputs = await self._rooms.results.bring_home(
            event.org_id, ended.outputs, media=spec.media_out, like=event.input, engine=ended.engine
        )
        bill, cost = actual(as_agreed(spec, event.price), values, outputs, ended.usage)
        return RecordJobSucceeded(
            org_id=event.org_id,
            job_id=event.job_id,
            lease=event.lease,
            outputs=outputs,
            cost=cost,
            bill=bill,
            engine=ended.engine_span,
        )

    async def _call(
        self, event: JobDispatched, spec: ModelSpec, provider: Provider, values: Mapping[str, Any], note: Note
    ) -> Call:
        links = self._links(event.org_id, provider)
        return Call(
            job_id=event.job_id,
            lease=event.lease,
            model=event.model,
            provider_model=spec.called_at(event.provider),
            input=await resolved(values, links),
            max_runtime_s=event.max_runtime_s,
            worker=event.worker,
            webhook_url=self._webhook_url(event),
            hashes=links.hashes,
            org_id=event.org_id,
            note=note,
        )

    def _note(self, word: Word) -> Note:
        def note(call: AgentCall) -> None:
            task = asyncio.create_task(_told(word, call))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

        return note

    def _links(self, org_id: str, provider: Provider) -> Links:
        reach = self._rooms.reach
        base_url = reach.internal if provider.name == FLEET else None if provider.wants_files else reach.public
        return Links(self._rooms.storage, org_id, base_url, reach.secret, self._now())

    def _webhook_url(self, event: JobDispatched) -> str | None:
        reach = self._rooms.reach
        if reach.webhooks is None:
            return None
        token = sign_attempt(reach.secret, SignedAttempt(event.provider, event.org_id, event.job_id, event.lease))
        return f"{reach.webhooks.rstrip('/')}/v1/webhooks/{event.provider}?t={token}"

    def _live(self, event: JobDispatched) -> LiveProgress:
        return LiveProgress(event, lambda: self._is_over(event), self._rooms.send, self._rooms.vault)

    def _hold(self, event: JobDispatched, attempt: Attempt) -> Attempt:
        """So that a stop finds what this process has begun."""
        self._held[attempt_token(event.job_id, event.lease)] = attempt
        while len(self._held) > HELD_MAX:
            self._held.popitem(last=False)
        return attempt

    def _provider(self, name: str) -> Provider:
        provider = self._rooms.providers.get(name)
        if provider is None:
            raise AccessRefused(f"the provider {name} is not configured here")
        return provider

    async def _spec(self, model: str) -> ModelSpec:
        """A model that was listed a moment ago may not have arrived here yet."""
        found = await self._rooms.catalog.wait_for(f"model:{model}", CATALOG_WAIT_S)
        if not isinstance(found, CurrentModel):
            raise AccessRefused(f"the catalog has no model {model}")
        return found.model

    async def _confirm(self, stopping: Coroutine[Any, Any, bool], word: Word, awaited_s: float) -> None:
        """What cannot be stopped keeps its slot until the model's longest run is over."""
        task = asyncio.create_task(_confirmed(stopping, word))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)
        await asyncio.wait({task}, timeout=awaited_s)

    async def _stop(self, event: Stops, lease: int) -> bool:
        """Whether nothing of the attempt runs any more; it will not begin here either."""
        token = attempt_token(event.job_id, lease)
        self._stopped[token] = None
        while len(self._stopped) > HELD_MAX:
            self._stopped.popitem(last=False)
        attempt = self._held.pop(token, None)
        if self._rooms.claims.withdraw(event.job_id, lease):
            return True
        stopped = await attempt.stop() if attempt is not None else None
        return stopped if stopped is not None else await self._stop_unseen(event, token)

    async def _stop_unseen(self, event: Stops, token: str) -> bool:
        """An attempt that another process may have begun: by the provider's id, or by the name that we gave it.

        A call that answers at once has neither: whoever made it may only be paused, with its connection open.
        """
        provider = self._rooms.providers.get(event.provider or "")
        if provider is None:
            return False
        if not isinstance(event, AttemptFailed) and event.begun is False and not provider.takes_our_name:
            return True
        known = token if provider.takes_our_name else event.provider_job_id
        return known is not None and await stopped_at(provider, Handle(known, event.worker))


async def _told(word: Word, call: AgentCall) -> None:
    try:
        await word.asked(call)
    except Unavailable as error:
        log.warning("a call of the %s for %s.%d is not on the log: %r", call.agent, word.job_id, word.lease, error)


async def _confirmed(stopping: Coroutine[Any, Any, bool], word: Word) -> None:
    try:
        async with asyncio.timeout(STOP_MAX_S):
            if await stopping:
                await word.stopped()
    except (TimeoutError, Unavailable) as error:
        log.warning("the stop of %s.%d is not confirmed: %r", word.job_id, word.lease, error)
