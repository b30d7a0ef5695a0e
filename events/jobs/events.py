"""Events of a job's stream."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from events.assets import AssetRef
from events.model import Event, Frozen, Money
from events.sealed import Sealed

Priority = Literal["HIGH", "NORMAL", "LOW"]
Category = Literal[
    "billing", "rate_limit", "outage", "content_policy", "input_validation", "insufficient_credit",
    "timeout", "lease_expired", "contract", "unknown",
]  # fmt: skip
EndStatus = Literal["succeeded", "failed", "cancelled", "dead"]
ProviderCharged = Literal["yes", "no", "unknown"]
Trouble = Literal["account", "silent"]
"""`account`: ours with the provider, or our key; `silent`: the call went out, and no answer came."""
WebhookFailure = Literal["forbidden_address", "unreachable", "timeout", "status", "endpoint_down"]


class Cause(Frozen):
    """What a job was submitted for; empty for a job of its own."""

    session_id: str | None = None
    run_id: str | None = None
    step_id: str | None = None


class PriceLine(Frozen):
    """A line of the estimate or the bill: quantity × unit_amount, rounded up once to `amount` millicredits."""

    unit: Literal["run", "second", "image", "megapixel", "1k_chars", "1k_tokens"]
    quantity: str
    """Decimal as text: exact."""
    unit_amount: Money
    amount: Money


class JobEvent(Event):
    context: ClassVar[str] = "jobs"
    job_id: str
    org_id: str
    cause: Cause = Cause()


class JobAccepted(JobEvent):
    name: ClassVar[str] = "accepted"
    model: str
    provider: str
    priority: Priority
    input: Sealed
    reserved: Money
    paid_from: str = "available"
    """The account that the reservation came from and that the rest goes back to."""
    price: tuple[PriceLine, ...] = ()
    project_id: str | None = None
    max_attempts: int = 3
    max_runtime_s: int = 180
    deadline_at: str
    webhook_url: str | None = None
    replay_of: str | None = None
    fingerprint: str | None = None
    """By which a later job of the same person knows that it would be the same."""


class JobQueued(JobEvent):
    name: ClassVar[str] = "queued"


class JobDispatched(JobEvent):
    """The intent, on the log before any provider is called. The attempt's number is its lease and fencing token."""

    name: ClassVar[str] = "dispatched"
    lease: int
    provider: str
    model: str
    input: Sealed
    max_runtime_s: int
    price: tuple[PriceLine, ...] | None = None
    """As accepted, so that the bill is made by the price that was agreed upon; none for another model's attempt."""
    worker: str | None = None
    considered: tuple[str, ...] = ()
    uncounted: int | None = None
    """How many of the attempts before it found no slot at their provider; none where it was not asked."""
    owner: str | None = None
    """Who begins it, where that was known with the dispatch: `attempt_begun` follows in the same decision."""


class AttemptBegun(JobEvent):
    name: ClassVar[str] = "attempt_begun"
    lease: int
    owner: str


class JobRunning(JobEvent):
    name: ClassVar[str] = "running"
    lease: int
    provider_job_id: str


class Answered(Frozen):
    """What a provider's refusal said of itself: for whoever asks the provider about it."""

    status: int
    code: str | None = None
    request_id: str | None = None


class AttemptFailed(JobEvent):
    """The job goes back to its queue until `retry_at`."""

    name: ClassVar[str] = "attempt_failed"
    lease: int
    category: Category
    provider_charged: ProviderCharged = "unknown"
    error: Sealed | None = None
    retry_at: str | None = None
    provider: str | None = None
    model: str | None = None
    """Whose failure it was."""
    counts: Literal[False] | None = None
    """False where the provider did not take it for want of room: waiting is no attempt, and uses none up."""
    unstopped: Literal[True] | None = None
    """It may still run at its provider: its slot stays taken until that is over."""
    provider_job_id: str | None = None
    worker: str | None = None
    """Of one that may still run: by what it is stopped."""
    trouble: Trouble | None = None
    answered: Answered | None = None
    busy_until: str | None = None
    """Until when the provider asks to be left alone with this model."""


class LeaseExpired(JobEvent):
    """Over on the log; like a cancelled one, the attempt must still be stopped at its provider, and until that is
    confirmed it holds its slot, and there is no other."""

    name: ClassVar[str] = "lease_expired"
    lease: int
    retry_at: str | None = None
    provider: str | None = None
    provider_job_id: str | None = None
    worker: str | None = None
    begun: Literal[False] | None = None
    """False where nobody had asked whether the provider may be called."""


class EngineSpan(Frozen):
    """When the provider's engine really worked, in Unix seconds, stamped around its call."""

    started_at: float
    ended_at: float


class JobSucceeded(JobEvent):
    name: ClassVar[str] = "succeeded"
    lease: int
    outputs: tuple[AssetRef, ...] = Field(max_length=64)
    captured: Money
    uncollected: Money | None = None
    bill: tuple[PriceLine, ...] = ()
    engine: EngineSpan | None = None
    webhook_url: str | None = None
    """Of every end: where its customer wants to be told of it."""
    provider: str | None = None
    model: str | None = None
    """Who did it in the end."""
    reused_from: str | None = None
    """The job whose result this is: nobody was asked for it, `lease` is 0 and nothing is captured."""


class JobFailed(JobEvent):
    name: ClassVar[str] = "failed"
    category: Category
    error: Sealed | None = None
    webhook_url: str | None = None
    model: str | None = None
    """Which could not do it, and what had been set aside: for whoever looks for another."""
    reserved: Money | None = None


class JobCancelled(JobEvent):
    """Terminal at once; `lease` names the attempt that must still be stopped at its provider."""

    name: ClassVar[str] = "cancelled"
    lease: int | None = None
    provider: str | None = None
    provider_job_id: str | None = None
    worker: str | None = None
    webhook_url: str | None = None
    begun: Literal[False] | None = None
    """Of that attempt: False where nobody had asked whether the provider may be called."""


class JobDead(JobEvent):
    name: ClassVar[str] = "dead"
    category: Category
    error: Sealed | None = None
    webhook_url: str | None = None
    model: str | None = None
    reserved: Money | None = None


class LateResultRefused(JobEvent):
    name: ClassVar[str] = "late_result_refused"
    lease: int


class JobDiscarded(JobEvent):
    name: ClassVar[str] = "discarded"


class JobReplayed(JobEvent):
    name: ClassVar[str] = "replayed"
    as_job_id: str


class JobRefunded(JobEvent):
    """Some of what was captured went back, by the ledger's entry of this id; the job's end stays what it was."""

    name: ClassVar[str] = "refunded"
    entry_id: str
    amount: Money
    refunded: Money
    """In all, with this one."""


class JobNote(JobEvent):
    """Something worth keeping that changes nothing, for example that a stop was confirmed."""

    name: ClassVar[str] = "note"
    code: str


class JobAgentCallRecorded(JobEvent):
    """What a language model was asked for the job, in its attempt `lease`: for usage and for the prompts' figures."""

    name: ClassVar[str] = "agent_call_recorded"
    lease: int
    agent: str
    variant: str
    prompt_version: int
    prompt_owner: str | None = None
    """`platform` or an org id, whose the prompt is; absent: the one that is shipped."""
    model: str
    tokens_in: int
    tokens_out: int
    ms: int
    cost: Money | None = None
    """What the operator pays for it, where the model's price is configured."""
    fallback: str | None = None
    error: str | None = None


class WebhookDelivered(JobEvent):
    """The job's customer has been told of its end, and has said so with a 2xx."""

    name: ClassVar[str] = "webhook_delivered"
    tries: int


class WebhookGivenUp(JobEvent):
    """Nobody took it. `status` is the last answer, where there was one."""

    name: ClassVar[str] = "webhook_given_up"
    tries: int
    reason: WebhookFailure
    status: int | None = None
    message_id: str | None = None
    """The `webhook-id` that it was told under."""


class WebhookResendRequested(JobEvent):
    """Its customer is to be told once more of an end that nobody took: the same message, under the same id."""

    name: ClassVar[str] = "webhook_resend_requested"
    webhook_url: str
    message_id: str
    status: EndStatus
    ended_at: str
    outputs: tuple[AssetRef, ...] = Field(default=(), max_length=64)
    captured: Money | None = None
    category: Category | None = None


JOB_EVENTS: tuple[type[JobEvent], ...] = (
    JobAccepted,
    JobQueued,
    JobDispatched,
    AttemptBegun,
    JobRunning,
    AttemptFailed,
    LeaseExpired,
    JobSucceeded,
    JobFailed,
    JobCancelled,
    JobDead,
    LateResultRefused,
    JobDiscarded,
    JobReplayed,
    JobRefunded,
    JobNote,
    JobAgentCallRecorded,
    WebhookDelivered,
    WebhookGivenUp,
    WebhookResendRequested,
)
