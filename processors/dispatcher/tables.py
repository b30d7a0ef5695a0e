"""What the dispatcher looks up: models of the catalog, and what the log already says of a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from events.jobs.current import CurrentJob

T_co = TypeVar("T_co", covariant=True)


class Table(Protocol[T_co]):
    """A copy of a compacted topic."""

    def get(self, key: str) -> T_co | None: ...

    async def wait_for(self, key: str, timeout_s: float) -> T_co | None: ...


class JobsTable(Table[CurrentJob], Protocol):
    """The copy of `current.jobs`, which tells of its changes."""

    async def wait_for(
        self, key: str, timeout_s: float, suits: Callable[[CurrentJob], bool] = ...
    ) -> CurrentJob | None: ...

    def on_change(self, callback: Callable[[str, CurrentJob | None], None]) -> None: ...


@dataclass(eq=False, slots=True)
class _Followed:
    """An attempt that somebody carries out here. `seen`: the copy has come to it, so that what goes then is its job."""

    lease: int
    on_over: Callable[[], None]
    seen: bool = False

    def take(self, job: CurrentJob | None) -> None:
        if job is None or job.lease > self.lease or (job.lease == self.lease and job.phase == "queued"):
            if job is not None or self.seen:
                self.on_over()
        elif job.lease == self.lease:
            self.seen = True


class KnownJobs:
    """The present attempt of each live job, with the provider's id once somebody has put that on the log."""

    def __init__(self, jobs: JobsTable) -> None:
        self._jobs = jobs
        self._changed: dict[str, asyncio.Event] = {}
        self._followed: dict[str, list[_Followed]] = {}
        jobs.on_change(self._on_change)

    def is_beyond(self, job_id: str, lease: int) -> bool:
        """The log is beyond this attempt for sure. False says nothing: the copy may be behind."""
        job = self._jobs.get(job_id)
        return job is not None and (job.lease > lease or (job.lease == lease and job.phase in ("queued", "stopping")))

    async def shows(self, job_id: str, lease: int, timeout_s: float) -> bool:
        """Whether the log has this attempt under way; a copy that is behind is waited for. False: not as far as is
        known here, for it may be over, and then the job stands in the copy no more."""
        found = await self._jobs.wait_for(job_id, timeout_s, lambda job: job.lease >= lease)
        return found is not None and found.lease == lease and found.phase in ("dispatched", "running")

    def provider_job_id(self, job_id: str, lease: int) -> str | None:
        job = self._jobs.get(job_id)
        return job.provider_job_id if job is not None and job.lease == lease else None

    async def wait_for_id(self, job_id: str, lease: int, timeout_s: float) -> str | None:
        """The provider's id as soon as it is known, from a webhook or from another dispatcher; None: not in time."""
        changed = self._changed.setdefault(job_id, asyncio.Event())
        try:
            async with asyncio.timeout(timeout_s):
                while (found := self.provider_job_id(job_id, lease)) is None and not self.is_beyond(job_id, lease):
                    changed.clear()
                    await changed.wait()
                return found
        except TimeoutError:
            return None
        finally:
            if self._changed.get(job_id) is changed:
                del self._changed[job_id]

    @contextmanager
    def following(self, job_id: str, lease: int, on_over: Callable[[], None]) -> Iterator[None]:
        """Calls back, perhaps more than once, when the log has gone on without this attempt.

        What is being stopped is not over: who stops it says so.
        """
        followed = _Followed(lease, on_over)
        self._followed.setdefault(job_id, []).append(followed)
        if (job := self._jobs.get(job_id)) is not None:
            followed.take(job)
        try:
            yield
        finally:
            self._followed[job_id].remove(followed)
            if not self._followed[job_id]:
                del self._followed[job_id]

    def _on_change(self, job_id: str, job: CurrentJob | None) -> None:
        for followed in self._followed.get(job_id, ()):
            followed.take(job)
        changed = self._changed.get(job_id)
        if changed is not None:
            changed.set()
