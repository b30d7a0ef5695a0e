"""A scheduler under test with a clock, short ways to say what has become known, and a record of what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from events.accounts.current import CurrentOrg
from events.accounts.events import Limits
from events.catalog.current import FLEET, CurrentProvider
from events.jobs.current import CurrentJob
from events.jobs.events import Category, Priority, Trouble
from processors.scheduler.breakers import Failure
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import BreakerChanged, Decision, Dispatch, Release
from processors.scheduler.fleet import Worker
from processors.scheduler.queues import PRIORITY_WEIGHTS

START = datetime(2026, 1, 1, tzinfo=UTC)


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


class Bench:
    """Plays the log: a dispatch stands on it at once, unless it is told to be refused."""

    def __init__(
        self,
        *,
        concurrent: int | None = None,
        fleet: bool = False,
        weights: Mapping[Priority, int] = PRIORITY_WEIGHTS,
    ) -> None:
        self.core = Scheduler(weights)
        self.now = START
        self.jobs: dict[str, CurrentJob] = {}
        self.dispatched: list[Dispatch] = []
        self.breakers: list[BreakerChanged] = []
        self.released: list[str] = []
        self.provider = FLEET if fleet else "acme"
        self.core.ready(self.now)
        if concurrent is not None:
            self.limit(concurrent)

    @property
    def order(self) -> list[str]:
        return [decided.job_id for decided in self.dispatched]

    @property
    def in_flight(self) -> Counter[str]:
        return Counter(job.org_id for job in self.jobs.values() if job.phase != "queued")

    def queue(self, job_id: str, **fields: Any) -> None:
        """`o1.a`: job `a` of organisation `o1`."""
        values: dict[str, Any] = {
            "job_id": job_id,
            "org_id": job_id.split(".")[0],
            "phase": "queued",
            "lease": 0,
            "priority": "NORMAL",
            "model": "m",
            "provider": self.provider,
            "reserved": 1,
            "max_runtime_s": 60,
            "accepted_at": stamp(self.now),
            "deadline_at": stamp(self.now + timedelta(days=1)),
        }
        self._record(CurrentJob(**{**values, **fields}))

    def end(self, job_id: str) -> None:
        self.jobs.pop(job_id)
        self._decided(self.core.on_job(job_id, None, self.now))

    def change(self, job_id: str, **fields: Any) -> None:
        self._record(self.jobs[job_id].model_copy(update=fields))

    def limit(self, concurrent: int, *, active: bool = True, **per_api: int) -> None:
        record = CurrentProvider(
            provider=self.provider, active=active, concurrent=concurrent, per_api=per_api, version=1
        )
        self._decided(self.core.on_provider(record, self.now))

    def org(self, org_id: str, **limits: Any) -> None:
        self._decided(self.core.on_org(org_id, CurrentOrg(org_id=org_id, title="", limits=Limits(**limits)), self.now))

    def workers(self, **capacities: int) -> None:
        """`w1_a_b=2`: worker `w1` serves the models `a` and `b`, two at a time."""
        found = [Worker(n.split("_")[0], frozenset(n.split("_")[1:]), size) for n, size in capacities.items()]
        self._decided(self.core.on_fleet(found, self.now))

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._decided(self.core.tick(self.now))

    def _record(self, job: CurrentJob) -> None:
        self.jobs[job.job_id] = job
        self._decided(self.core.on_job(job.job_id, job, self.now))

    def fail(
        self,
        job_id: str,
        category: Category = "outage",
        *,
        again_in: float = 0.0,
        trouble: Trouble | None = None,
        busy_s: float = 0.0,
    ) -> None:
        """The attempt under way has failed; the job is queued again."""
        job = self.jobs[job_id]
        busy = self.now + timedelta(seconds=busy_s) if busy_s else None
        failure = Failure(job.provider, job.model, f"{job_id}.{job.lease}", category, trouble, busy)
        self._decided(self.core.on_failed(failure, self.now))
        until = stamp(self.now + timedelta(seconds=again_in)) if again_in else None
        self.change(job_id, phase="queued", worker=None, not_before=until)

    def succeed(self, job_id: str) -> None:
        job = self.jobs[job_id]
        self._decided(self.core.on_succeeded(job.provider, job.model, f"{job_id}.{job.lease}", self.now))
        self.end(job_id)

    def _decided(self, decisions: tuple[Decision, ...]) -> None:
        for one in decisions:
            if isinstance(one, BreakerChanged):
                self.breakers.append(one)
                continue
            if isinstance(one, Release):
                self.released.append(one.slot.holder)
                continue
            self.dispatched.append(one)
            job = self.jobs[one.job_id]
            assert job.phase == "queued"
            assert one.lease == job.lease + 1
            self._record(job.model_copy(update={"phase": "dispatched", "lease": one.lease, "worker": one.worker}))
