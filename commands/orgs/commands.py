"""Commands of the orgs decider, keyed by organisation."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from commands.model import Command, ProjectCommand
from events.accounts.events import FINGERPRINT, Limits, Role
from events.assets import AssetRef
from events.credits.checkpoint import HashText
from events.credits.signatures import PLATFORM
from events.envelope import StreamRef
from events.jobs.events import (
    Answered,
    Category,
    Cause,
    EngineSpan,
    PriceLine,
    Priority,
    ProviderCharged,
    Trouble,
    WebhookFailure,
)
from events.model import MONEY_MAX, Money, SignedMoney
from events.sealed import Sealed
from events.topics import EVENTS_ACCOUNTS, EVENTS_JOBS

Amount = Annotated[int, Field(strict=True, ge=1, le=MONEY_MAX)]
CODE = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


class OrgCommand(Command):
    context: ClassVar[str] = "orgs"
    org_id: str

    @property
    def route(self) -> str:
        return self.org_id


class OpenOrg(OrgCommand):
    """Answered `{org_id}`."""

    title: str = Field(min_length=1, max_length=200)

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(EVENTS_ACCOUNTS, self.org_id)


class IssueKey(OrgCommand):
    """`hash` is hex SHA-256 of the key that the sender made. Answered `{key_id}`."""

    key_id: str
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    role: Role
    project_id: str | None = None
    user_id: str | None = None


class RevokeKey(OrgCommand):
    key_id: str


class OpenProject(OrgCommand):
    """Answered `{project_id}`."""

    project_id: str
    title: Sealed


class SetLimits(OrgCommand):
    limits: Limits


class ForgetPerson(OrgCommand):
    user_id: str


class MoneyCommand(OrgCommand):
    """An operator's own entry in the ledger. Its id comes from the sender: asked again under it, nothing moves."""

    entry_id: str

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(EVENTS_ACCOUNTS, self.entry_id)


class AddCredits(MoneyCommand):
    """Grant, purchase or adjustment. An adjustment may be negative and is clamped at what is available.

    Answered `{entry_id, available}`.
    """

    kind: Literal["grant", "purchase", "adjust"]
    amount: SignedMoney
    reason: str | None = Field(default=None, pattern=CODE)


class AllocateCredits(MoneyCommand):
    """Moves between `available` and a project's allocation. Answered `{entry_id, available}`."""

    project_id: str
    amount: Amount
    kind: Literal["allocate", "deallocate"]


class RefundJob(MoneyCommand):
    """Gives back what a job captured: `amount`, or all that is left. Answered `{entry_id, refunded, uncollected}`.

    `reason` is that of the person who decides it: no failure leads here, for a job that fails captures nothing.
    """

    job_id: str
    amount: Amount | None = None
    reason: str | None = Field(default=None, pattern=CODE)


class JobCommand(OrgCommand, ProjectCommand):
    job_id: str


class SubmitJob(JobCommand):
    """Accepts a job and reserves its price in one decision. Answered `{job_id, reserved}`.

    The sender has checked model and input against the catalog and priced them: `reserve` is an upper bound.
    """

    model: str
    provider: str
    priority: Priority = "NORMAL"
    input: Sealed
    reserve: Amount
    price: tuple[PriceLine, ...] = ()
    cause: Cause = Cause()
    project_id: str | None = None
    max_cost: Amount | None = None
    max_attempts: int = Field(default=3, ge=1, le=20)
    max_runtime_s: int = Field(default=180, ge=1, le=7200)
    deadline_s: int = Field(default=86_400, ge=1, le=7 * 86_400)
    webhook_url: str | None = None
    replay_of: str | None = None
    fingerprint: str | None = Field(default=None, pattern=FINGERPRINT)
    """HMAC of model and input under the person's key: its result is kept for a later job that is the same."""
    reuse: bool = False
    """Where such a result is kept already, it is this job's, at once and for nothing."""

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(EVENTS_JOBS, self.job_id)


class DispatchJob(JobCommand):
    """The scheduler's choice: attempt number `lease` on `provider`. Refused when it is not the next one.

    `owner` is who begins it, where that is known already: as if it had asked `BeginAttempt` right after.
    """

    lease: int = Field(ge=1)
    provider: str
    model: str
    worker: str | None = None
    considered: tuple[str, ...] = ()
    owner: str | None = None


class LeaseCommand(JobCommand):
    lease: int = Field(ge=1)


class BeginAttempt(LeaseCommand):
    """May I call a provider whose create is not idempotent? Answered `{"go": true}` to the first owner only."""

    owner: str


class RecordJobRunning(LeaseCommand):
    provider_job_id: str


class RecordJobSucceeded(LeaseCommand):
    """The result, stored already, and what it really cost. Capture ≤ reserved; the rest is `uncollected`."""

    outputs: Annotated[tuple[AssetRef, ...], Field(max_length=64)]
    cost: Money
    bill: tuple[PriceLine, ...] = ()
    engine: EngineSpan | None = None


class RecordAttemptFailed(LeaseCommand):
    """An attempt failed. `retry_in_s` (with its jitter) asks for another; None or no attempts left ends the job."""

    category: Category
    provider_charged: ProviderCharged = "unknown"
    error: Sealed | None = None
    retry_in_s: float | None = Field(default=None, ge=0, le=86_400)
    counts: bool = True
    """Whether it uses up one of the job's attempts: waiting for a provider's slot does not."""
    trouble: Trouble | None = None
    answered: Answered | None = None
    busy_s: float | None = Field(default=None, ge=0, le=86_400)
    """For how long the provider asks to be left alone with this model."""
    unstopped: bool = False
    """It may still run at its provider: it keeps its slot, and there is no other before that is over."""


class RecordJobAgentCall(LeaseCommand):
    """What a language model was asked for an attempt. It counts whatever has become of that."""

    agent: str = Field(max_length=64)
    variant: str = Field(max_length=64)
    prompt_version: int = Field(ge=0)
    prompt_owner: str | None = None
    model: str = Field(max_length=200)
    tokens_in: int = Field(ge=0)
    tokens_out: int = Field(ge=0)
    ms: int = Field(ge=0)
    cost: Money | None = None
    fallback: str | None = Field(default=None, max_length=64)
    error: str | None = Field(default=None, max_length=64)


class ExpireLease(LeaseCommand):
    """The holder has not renewed its lease: the attempt is over on the log, its result will be refused."""

    retry_in_s: float = Field(default=0, ge=0, le=86_400)


class CancelJob(JobCommand):
    """Ends the job at once and releases its money; the provider is stopped after that."""

    overdue: bool = False
    """Because its deadline has passed: by the log's time, whatever the asker's clock says."""
    unwanted: bool = False
    """Its step is closed without it: where no job has this id yet none will be accepted under it, and what a success
    has cost is given back."""


class ConfirmStopped(LeaseCommand):
    """The provider has confirmed that an attempt which the log is beyond is over: its slot is free."""

    unheard: bool = False
    """Nobody has confirmed it, but its longest run is over: by the log's time, whatever the asker's clock says."""


class BeginWebhook(JobCommand):
    """May I tell the job's customer of its end? Answered `{"go": false}` once the outcome is on the log."""


class RecordWebhook(JobCommand):
    """How that went: delivered, or the reason why nobody took it."""

    tries: int = Field(ge=0)
    failure: WebhookFailure | None = None
    status: int | None = Field(default=None, ge=100, le=999)
    message_id: str | None = None


class ResendWebhook(JobCommand):
    """Tell the job's customer once more of its end, where that was given up. Answered `{job_id, webhook_id}`."""


class ReplayJob(JobCommand):
    """A dead job again, as a new one with its own reservation. Answered `{job_id, replay_of, reserved}`."""

    new_job_id: str
    reserve: Amount
    provider: str | None = None
    """Where its model is now; None: where it was."""

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(EVENTS_JOBS, self.new_job_id)


class DiscardJob(JobCommand):
    pass


class RequestCheckpoint(OrgCommand):
    """Asks the signer for a checkpoint of the book's present head. Answered `{seq}`."""


class RecordCheckpoint(OrgCommand):
    """A head, signed. `signature` is over the canonical JSON of `{org_id, seq, hash, at, key_id}`. Answered `{seq}`."""

    seq: int = Field(ge=1)
    hash: HashText
    at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$")
    public_key: str
    signature: str


class IntroduceSigningKey(OrgCommand):
    """The signer's key, before it signs. `endorsement` is the present key's signature of it. Answered `{key_id}`."""

    org_id: Literal["platform"] = PLATFORM
    public_key: str
    endorsement: str | None = None


ORGS_COMMANDS: tuple[type[OrgCommand], ...] = (
    OpenOrg,
    IssueKey,
    RevokeKey,
    OpenProject,
    SetLimits,
    ForgetPerson,
    AddCredits,
    AllocateCredits,
    RefundJob,
    SubmitJob,
    DispatchJob,
    BeginAttempt,
    RecordJobRunning,
    RecordJobSucceeded,
    RecordAttemptFailed,
    RecordJobAgentCall,
    ExpireLease,
    CancelJob,
    ConfirmStopped,
    BeginWebhook,
    RecordWebhook,
    ResendWebhook,
    ReplayJob,
    DiscardJob,
    RequestCheckpoint,
    RecordCheckpoint,
    IntroduceSigningKey,
)
