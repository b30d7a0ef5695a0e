"""An attempt at a provider that answers badly: another attempt of the job must never run beside it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

import pytest

from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import BeginAttempt
from commands.refusals import IllegalState
from events.envelope import StreamRef
from events.jobs.current import CurrentJob
from events.jobs.events import JobNote
from events.log.codec import from_record
from events.topics import EVENTS_JOBS
from processors.dispatcher import attempt as attempts
from processors.dispatcher import word as words
from processors.dispatcher.attempt import Attempt, AttemptOver
from processors.dispatcher.errors import (
    CannotStop,
    ContentRefused,
    ContractDrift,
    NotSent,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
    WorkerGone,
)
from processors.dispatcher.ports import (
    Call,
    Ended,
    Failed,
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
) -> Attempt:
    """`late_s`: how late the first answers to BeginAttempt come; it is refused when it has been asked `over_after`
    times."""
    late, asked = list(late_s), itertools.count()

    async def ask(command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        if isinstance(command, BeginAttempt):
            await asyncio.sleep(late.pop(0) if late else 0)
            if next(asked) >= over_after:
                raise IllegalState("attempt 1 is over", allowed=["queued"])
        return Answer({"go": not begun_before} if isinstance(command, BeginAttempt) else {})

    async def progress(_update: object) -> None:
        """Nobody looks."""

    note = JobNote(job_id=JOB, org_id=ORG, code="x")
    recorded = from_record(record_of(StreamRef(EVENTS_JOBS, JOB), note, datetime(2026, 1, 1, tzinfo=UTC)))
    call = Call(JOB, 1, "m", "m", {}, max_runtime_s)
    return Attempt(provider, call, Word(ask, recorded, ORG, JOB, 1), KnownJobs(jobs or NoJobs()), progress)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "SUBMIT_WAIT_S", 0.001)
    monkeypatch.setattr(attempts, "LOOK_FIRST_S", 0.001)
    monkeypatch.setattr(attempts, "STOP_WAIT_S", 0.001)


async def test_after_an_unanswered_sending_the_refusal_of_its_repeat_is_no_end() -> None:
    provider = Moody(
        OutcomeUnknown("?"), RateLimited("busy"), ProviderDown("down"), Handle("x"), takes_our_name=False, watched=DONE
    )
    assert await attempt_at(provider).run() == DONE


async def test_a_repeat_waits_as_long_as_it_is_asked_to() -> None:
    busy = RateLimited("busy", retry_after_s=0.05)
    provider = Moody(OutcomeUnknown("?"), busy, Handle("x"), takes_our_name=False, watched=DONE)
    began = asyncio.get_running_loop().time()
    assert await attempt_at(provider).run() == DONE
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_what_another_process_may_have_sent_is_asked_after_too() -> None:
    provider = Moody(RateLimited("busy"), Handle("x"), takes_our_name=False, watched=DONE)
    assert await attempt_at(provider, begun_before=True).run() == DONE


async def test_the_refusal_of_a_first_sending_is_its_end() -> None:
    provider = Moody(RateLimited("busy"), takes_our_name=False, watched=DONE)
    with pytest.raises(RateLimited):
        await attempt_at(provider).run()


async def test_what_stays_unanswered_is_given_up_once_its_longest_run_is_over() -> None:
    provider = Moody(OutcomeUnknown("?"), takes_our_name=False, watched=DONE)
    with pytest.raises(OutcomeUnknown):
        await attempt_at(provider, max_runtime_s=0).run()


async def test_what_goes_by_our_name_is_stopped_before_another_attempt_may_be() -> None:
    provider = Moody(RateLimited("busy"), takes_our_name=True, watched=DONE)
    with pytest.raises(RateLimited):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle(f"{JOB}.1")]


@pytest.mark.parametrize("repeated", [WorkerGone("gone"), ContentRefused("not this")])
async def test_what_an_unanswered_sending_may_have_begun_is_stopped_when_its_repeat_is_refused(
    repeated: ProviderError,
) -> None:
    provider = Moody(OutcomeUnknown("?"), repeated, takes_our_name=True, watched=DONE)
    with pytest.raises(type(repeated)):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle(f"{JOB}.1")]


async def test_what_is_lost_sight_of_is_stopped_before_another_attempt_may_be() -> None:
    provider = Moody(Handle("x"), takes_our_name=False, watched=OutcomeUnknown("?"))
    with pytest.raises(OutcomeUnknown):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle("x")]


def lost(*looks: Reconciled | ProviderError, watched: Ended = DONE) -> Moody:
    """A provider that can be asked about a create whose answer was lost."""
    return Moody(OutcomeUnknown("?"), takes_our_name=False, watched=watched, create_is_idempotent=False, looks=looks)


@pytest.mark.parametrize("no_answer", [ProviderDown("5000"), RateLimited("busy"), NotSent("?"), ContractDrift("html")])
async def test_a_look_up_that_fails_says_nothing_of_the_attempt(no_answer: ProviderError) -> None:
    provider = lost(no_answer, no_answer, Handle("x"))
    assert await attempt_at(provider).run() == DONE
    assert (provider.sent, provider.looked) == (1, 3)


async def test_one_look_that_finds_nothing_is_not_enough() -> None:
    provider = lost(NeverArrived(), NeverArrived(), Handle("x"))
    assert await attempt_at(provider).run() == DONE


async def test_after_several_looks_it_has_never_arrived_and_holds_no_slot() -> None:
    attempt = attempt_at(lost(*[NeverArrived()] * attempts.LOOKS))
    with pytest.raises(NotSent):
        await attempt.run()
    assert not attempt.unstopped


async def test_who_never_answers_is_asked_until_the_longest_run_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "WATCH_MARGIN_S", 0.1)
    provider = lost(*[ProviderDown("down")] * 5_000)
    with pytest.raises(OutcomeUnknown):
        await attempt_at(provider, max_runtime_s=0).run()
    assert provider.looked > attempts.LOOKS


@pytest.mark.parametrize(
    ("cancels", "unstopped"), [(None, False), (CannotStop("it runs on"), True), (ProviderDown("down"), True)]
)
async def test_what_failed_and_is_not_stopped_says_so(cancels: ProviderError | None, unstopped: bool) -> None:
    provider = Moody(Handle("x"), takes_our_name=False, watched=OutcomeUnknown("lost sight of it"), cancels=cancels)
    attempt = attempt_at(provider)
    with pytest.raises(OutcomeUnknown):
        await attempt.run()
    assert attempt.unstopped is unstopped


async def test_a_repeat_that_is_refused_for_good_says_nothing_of_the_sending_before_it() -> None:
    attempt = attempt_at(Moody(OutcomeUnknown("?"), ContentRefused("no"), takes_our_name=False, watched=DONE))
    with pytest.raises(ContentRefused):
        await attempt.run()
    assert attempt.unstopped
    assert not await attempt.stop()


async def test_an_answer_to_a_create_that_breaks_its_adapter_may_have_begun_something() -> None:
    provider = Moody(OverflowError("10 ** 400"), takes_our_name=False, watched=DONE, create_is_idempotent=False)
    attempt = attempt_at(provider)
    with pytest.raises(ContractDrift):
        await attempt.run()
    assert attempt.unstopped
    assert not await attempt.stop()


class AtOnce(Moody):
    """`asked` is set once it is asked what became of a call."""

    def __init__(self) -> None:
        super().__init__(takes_our_name=False, watched=DONE, create_is_idempotent=False)
        self.asked = asyncio.Event()

    def answers_at_once(self, _model: str) -> bool:
        return True

    async def reconcile(self, _call: Call) -> Reconciled:
        self.asked.set()
        return Unknowable()


async def test_a_call_of_another_process_does_not_end_with_this_one() -> None:
    provider = AtOnce()
    attempt = attempt_at(provider, begun_before=True, max_runtime_s=600)
    running = asyncio.create_task(attempt.run())
    await provider.asked.wait()
    running.cancel()
    assert not await attempt.stop()


async def test_leave_that_comes_late_is_asked_for_again_and_nothing_is_sent_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As to a process that was paused, while the log went on."""
    monkeypatch.setattr(words, "FRESH_S", 0.01)
    provider = Moody(Handle("x"), takes_our_name=False, watched=DONE, create_is_idempotent=False)
    with pytest.raises(AttemptOver):
        await attempt_at(provider, late_s=[0.02], over_after=1).run()
    assert provider.sent == 0


async def test_a_repeat_needs_leave_that_is_not_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FRESH_S", -1.0)
    provider = Moody(OutcomeUnknown("?"), Handle("x"), takes_our_name=False, watched=DONE)
    with pytest.raises(AttemptOver):
        await attempt_at(provider, over_after=2).run()
    assert provider.sent == 1


class Silent(Moody):
    """It takes a call and says nothing."""

    def __init__(self, *looks: Reconciled) -> None:
        super().__init__(takes_our_name=False, watched=DONE, create_is_idempotent=False, looks=looks)

    async def submit(self, _call: Call) -> Handle | Ended:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_a_create_without_an_answer_is_looked_for_once_its_longest_run_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "SUBMIT_MARGIN_S", 0.01)
    assert await attempt_at(Silent(Handle("x")), max_runtime_s=0).run() == DONE


async def test_an_answer_that_breaks_its_adapter_fails_the_attempt_and_stops_it() -> None:
    provider = Moody(Handle("x"), takes_our_name=False, watched=OverflowError("10 ** 400"))
    with pytest.raises(ContractDrift):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle("x")]


async def test_a_cancelled_attempt_whose_answer_was_lost_may_run_on_and_keeps_its_slot() -> None:
    provider = Moody(OutcomeUnknown("?"), takes_our_name=False, watched=DONE, create_is_idempotent=False, tells=False)
    attempt = attempt_at(provider, jobs=Stopping())
    with pytest.raises(AttemptOver):
        await attempt.run()
    assert not await attempt.stop()


class Live(NoJobs):
    """One in which the attempt is under way, until `goes` says what became of its job."""

    def __init__(self) -> None:
        self.job: CurrentJob | None = CurrentJob(
            job_id=JOB, org_id=ORG, phase="running", lease=1, priority="NORMAL", model="m", provider="moody",
            reserved=1, max_runtime_s=5, accepted_at="2026-01-01T00:00:00Z", deadline_at="2026-01-01T01:00:00Z",
        )  # fmt: skip
        self._tell: Callable[[str, CurrentJob | None], None] = lambda _key, _job: None

    def get(self, _key: str) -> CurrentJob | None:
        return self.job

    async def wait_for(self, _key: str, _timeout_s: float, _suits: object = None) -> CurrentJob | None:
        return self.job

    def on_change(self, callback: Callable[[str, CurrentJob | None], None]) -> None:
        self._tell = callback

    def goes(self, job: CurrentJob | None) -> None:
        self.job = job
        self._tell(JOB, job)


class Lasting(Moody):
    """What it has begun does not end of itself; `watching` is set once somebody looks."""

    def __init__(self, *answers: Handle | ProviderError, takes_our_name: bool) -> None:
        super().__init__(*answers, takes_our_name=takes_our_name, watched=DONE)
        self.watching = asyncio.Event()

    async def watch(self, _handle: Handle) -> AsyncGenerator[Update, None]:
        self.watching.set()
        await asyncio.Event().wait()
        yield DONE


@pytest.mark.parametrize("phase", [None, "queued"])
@pytest.mark.parametrize("takes_our_name", [True, False])
async def test_what_the_log_ends_while_it_is_watched_is_stopped(
    takes_our_name: bool, phase: Literal["queued"] | None
) -> None:
    """A dispatcher before this one had told its end, which the decider came to only when it was sent again."""
    jobs, provider = Live(), Lasting(Handle("x"), takes_our_name=takes_our_name)
    running = asyncio.create_task(attempt_at(provider, jobs=jobs, max_runtime_s=600).run())
    await provider.watching.wait()
    assert jobs.job is not None
    jobs.goes(None if phase is None else jobs.job.model_copy(update={"phase": phase}))
    with pytest.raises(AttemptOver):
        await running
    assert provider.stopped == [Handle("x")]


class Unstoppable(Lasting):
    """It runs for longer than it may, and ends when it likes."""

    def __init__(self, *, ends_after: int) -> None:
        super().__init__(Handle("x"), takes_our_name=False)
        self._cancels = CannotStop("it runs on")
        self._ends_after = ends_after

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        if len(self.stopped) < self._ends_after:
            await asyncio.Event().wait()
        yield DONE


async def test_what_cannot_be_stopped_is_watched_on_and_its_result_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "WATCH_MARGIN_S", 0.01)
    assert await attempt_at(Unstoppable(ends_after=1), max_runtime_s=0).run() == DONE


async def test_what_runs_for_ever_is_given_up_and_may_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "WATCH_MARGIN_S", 0.01)
    attempt = attempt_at(Unstoppable(ends_after=9), max_runtime_s=0)
    end = await attempt.run()
    assert isinstance(end, Failed)
    assert (end.category, end.retryable, attempt.unstopped) == ("timeout", True, True)


async def test_a_job_that_goes_before_the_copy_has_come_to_this_attempt_is_an_earlier_one() -> None:
    jobs, provider = Live(), Lasting(Handle("x"), takes_our_name=False)
    now, jobs.job = jobs.job, None
    running = asyncio.create_task(attempt_at(provider, jobs=jobs, max_runtime_s=600).run())
    await provider.watching.wait()
    jobs.goes(None)
    assert provider.stopped == []
    jobs.goes(now)
    jobs.goes(None)
    with pytest.raises(AttemptOver):
        await running
