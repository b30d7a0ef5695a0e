"""An attempt that is watched: what the log ends is stopped, and what cannot be stopped is watched on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Literal

import pytest

from events.jobs.current import CurrentJob
from processors.dispatcher import attempt as attempts
from processors.dispatcher import creation, stopping
from processors.dispatcher.creation import AttemptOver
from processors.dispatcher.errors import (
    CannotStop,
    ProviderError,
)
from processors.dispatcher.ports import (
    Failed,
    Handle,
    Update,
)
from tests.given import JOB, ORG
from tests.unit.dispatcher.moody import DONE, Moody, NoJobs, attempt_at


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "SUBMIT_WAIT_S", 0.001)
    monkeypatch.setattr(creation, "LOOK_FIRST_S", 0.001)
    monkeypatch.setattr(stopping, "STOP_WAIT_S", 0.001)


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
