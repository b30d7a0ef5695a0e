"""What the dispatcher asks of a provider, in values: one interface for our fleet, remote APIs and language models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from events.jobs.events import Answered, Category, EngineSpan, ProviderCharged, Trouble


@dataclass(frozen=True, slots=True)
class AgentCall:
    """What a language model was asked for an attempt, with which prompt, and what that used. `error`: by which it was
    not answered."""

    agent: str
    variant: str
    prompt_version: int
    prompt_owner: str | None
    model: str
    tokens_in: int
    tokens_out: int
    ms: int
    cost: int | None = None
    fallback: str | None = None
    error: str | None = None


Note = Callable[[AgentCall], None]
"""Never waits: what is noted gets on the log beside the work."""


def unnoted(call: AgentCall) -> None:
    """Where nobody keeps it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of a job, ready to be sent: all media values of `input` are addresses that the provider can read."""

    job_id: str
    lease: int
    model: str
    """The catalog's id."""
    provider_model: str
    """The provider's own name of it."""
    input: Mapping[str, Any]
    max_runtime_s: int
    worker: str | None = None
    """The worker that the scheduler chose, where the provider is our fleet."""
    webhook_url: str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of what lies at the addresses of our own in `input`, by address."""
    org_id: str = ""
    """Whose job it is: where calls of many wait, organisations take turns."""
    note: Note = field(default=unnoted, compare=False)
    """Of what language models are asked."""

    @property
    def token(self) -> str:
        """What names this attempt and no other, where a provider takes a name from its client."""
        return attempt_token(self.job_id, self.lease)


def attempt_token(job_id: str, lease: int) -> str:
    return f"{job_id}.{lease}"


@dataclass(frozen=True, slots=True)
class Handle:
    """What a provider calls an accepted attempt, and the worker that has it, where there is one."""

    provider_job_id: str
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A result to be fetched. `headers` carry a key where the provider asks for one."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None
    """Where the provider says what the bytes hash to: checked."""
    own: bool = False
    """It lies at a machine of ours, which need not be public."""


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A result that came with the answer."""

    body: bytes


OutputFile = RemoteFile | InlineFile


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider itself reports of the call's size, for the bill."""

    seconds: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Progressed:
    """The attempt goes on. `fraction` is from 0 to 1, where the provider knows it."""

    fraction: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    outputs: tuple[OutputFile, ...]
    engine_span: EngineSpan | None = None
    engine: str | None = None
    """Names a local stand-in engine, for example `local-cpu/picture`."""
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt is over without a result. `retry_after_s` is the least wait, where the provider or its kind says."""

    category: Category
    detail: str
    provider_charged: ProviderCharged = "unknown"
    retryable: bool = False
    retry_after_s: float | None = None
    counts: bool = True
    """False where the provider had no slot for it: that is waiting, and no attempt."""
    trouble: Trouble | None = None
    words: str | None = None
    """What the provider said, where it ended the attempt itself and no rule knows its words."""
    answered: Answered | None = field(default=None, compare=False)
    """For the record; nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The provider says that the attempt was cancelled there."""

    provider_charged: ProviderCharged = "unknown"


Ended = Succeeded | Failed | Stopped
Update = Progressed | Ended


@dataclass(frozen=True, slots=True)
class NeverArrived:
    """The provider is sure that it has not seen this attempt."""


@dataclass(frozen=True, slots=True)
class Unknowable:
    """The provider has no way to tell whether it has seen this attempt."""


Reconciled = Handle | NeverArrived | Unknowable


class Provider(Protocol):
    """Every method raises only what stands in `processors.dispatcher.errors`."""

    @property
    def name(self) -> str: ...

    @property
    def create_is_idempotent(self) -> bool:
        """Sending the same attempt again leads to the same execution, for a day at least."""
        ...

    @property
    def takes_our_name(self) -> bool:
        """An attempt's handle there is the attempt's token."""
        ...

    @property
    def wants_files(self) -> bool:
        """Files go with the call, as data URIs in `input`: the provider reads no addresses of ours."""
        ...

    def answers_at_once(self, provider_model: str) -> bool:
        """The answer to `submit` is the end; there is nothing to watch, and breaking the connection is all to stop."""
        ...

    async def submit(self, call: Call) -> Handle | Ended:
        """Sends the attempt: what to watch it by, or, where it answers at once, what became of it."""
        ...

    def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        """Progress, then exactly one end, which is the last item. A lost connection is picked up again."""
        ...

    async def reconcile(self, call: Call) -> Reconciled:
        """Whether an attempt whose sending was cut short has arrived."""
        ...

    async def cancel(self, handle: Handle) -> None:
        """Asks the provider to stop; returns when it has stopped, has ended, or knows nothing of it.

        Raises CannotStop where it runs on.
        """
        ...
