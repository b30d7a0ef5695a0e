"""A provider whose every answer is given, and an attempt at it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime

from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import BeginAttempt
from commands.refusals import IllegalState
from events.envelope import StreamRef
from events.jobs.current import CurrentJob
from events.jobs.events import JobNote
from events.log.codec import from_record
from events.topics import EVENTS_JOBS
from processors.dispatcher.attempt import Attempt
from processors.dispatcher.errors import (
    ProviderError,
)
from processors.dispatcher.ports import (
    Call,
    Ended,
    Handle,
    InlineFile,
    NeverArrived,
    Reconciled,
    Succeeded,
    Unknowable,
    Update,
)
from processors.dispatcher.tables import JobsTable, KnownJobs
from processors.dispatcher.word import Word
from tests.given import JOB, ORG
from tests.records import record_of

DONE = Succeeded((InlineFile(b"picture"),))


class Moody:
    """A provider whose every answer to a create is given; what it is asked to stop is kept."""

    name = "moody"
    wants_files = False

    def __init__(
        self,
        *answers: Handle | Exception,
        takes_our_name: bool,
        watched: Ended | Exception,
        create_is_idempotent: bool = True,
        tells: bool = True,
        looks: Sequence[Reconciled | ProviderError] = (),
        cancels: ProviderError | None = None,
    ) -> None:
        self.takes_our_name = takes_our_name
        self.create_is_idempotent = create_is_idempotent
        self._tells = tells
        self._looks = list(looks)
        self._cancels = cancels
        self.sent = 0
        self.looked = 0
        self._answers = list(answers)
        self._watched = watched
        self.stopped: list[Handle] = []

    def answers_at_once(self, _model: str) -> bool:
        return False

    async def submit(self, _call: Call) -> Handle | Ended:
        self.sent += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def watch(self, _handle: Handle) -> AsyncGenerator[Update, None]:
        if isinstance(self._watched, Exception):
            raise self._watched
        yield self._watched

    async def reconcile(self, _call: Call) -> Reconciled:
        self.looked += 1
        found = self._looks.pop(0) if self._looks else NeverArrived() if self._tells else Unknowable()
        if isinstance(found, ProviderError):
            raise found
        return found

    async def cancel(self, handle: Handle) -> None:
        self.stopped.append(handle)
        if self._cancels is not None:
            raise self._cancels


class NoJobs:
    """A copy of `current.jobs` that knows of nothing."""

    def get(self, _key: str) -> CurrentJob | None:
        return None

    async def wait_for(self, _key: str, _timeout_s: float, _suits: object = None) -> CurrentJob | None:
        return None

    def on_change(self, callback: Callable[[str, CurrentJob | None], None]) -> None:
        """Nothing changes."""


class Stopping(NoJobs):
    """One in which the job was cancelled while its attempt was under way."""

    def get(self, _key: str) -> CurrentJob | None:
        return CurrentJob(
            job_id=JOB, org_id=ORG, phase="stopping", lease=1, priority="NORMAL", model="m", provider="moody",
            reserved=1, max_runtime_s=5, accepted_at="2026-01-01T00:00:00Z", deadline_at="2026-01-01T01:00:00Z",
        )  # fmt: skip


def attempt_at(
    provider: Moody,
    *,
    begun_before: bool = False,
    max_runtime_s: int = 5,
    jobs: JobsTable | None = None,
    late_s: Sequence[float] = (),
    over_after: int = 1_000,
    sought_after: int = 1_000,
) -> Attempt:
    """`late_s`: how late the first answers to BeginAttempt come; it is refused when it has been asked `over_after`
    times. After `sought_after` others look for the attempt."""
    late, asked = list(late_s), itertools.count()

    async def ask(command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        if isinstance(command, BeginAttempt):
            await asyncio.sleep(late.pop(0) if late else 0)
            if (before := next(asked)) >= over_after:
                raise IllegalState("attempt 1 is over", allowed=["queued"])
            return Answer({"go": not begun_before and before < sought_after})
        return Answer({})

    async def progress(_update: object) -> None:
        """Nobody looks."""

    note = JobNote(job_id=JOB, org_id=ORG, code="x")
    recorded = from_record(record_of(StreamRef(EVENTS_JOBS, JOB), note, datetime(2026, 1, 1, tzinfo=UTC)))
    call = Call(JOB, 1, "m", "m", {}, max_runtime_s)
    return Attempt(provider, call, Word(ask, recorded, ORG, JOB, 1), KnownJobs(jobs or NoJobs()), progress)
