"""The rules of money once more, as sums in a dictionary: what the real ledger is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from events.model import MONEY_MAX


@dataclass
class Work:
    """A job: what it holds, where that came from, and how far it is."""

    reserved: int
    project: str | None
    source: str | None
    attempts: int
    lease: int = 0
    status: str = "queued"
    captured: int = 0
    refunded: int = 0
    done_with: bool = False
    """Replayed or discarded."""

    @property
    def live(self) -> bool:
        return self.status in ("queued", "dispatched")

    def holds(self, lease: int) -> bool:
        return self.status == "dispatched" and self.lease == lease


@dataclass
class Plain:
    """An organisation's money. Each method is a command and says whether it is taken."""

    available: int = 0
    spent: int = 0
    external: int = 0
    open: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Work] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        return sum(job.reserved for job in self.jobs.values() if job.live)

    def pay(self, source: str | None, amount: int) -> None:
        """What pays nothing into an allocation does not open it."""
        if source is None:
            self.available += amount
        elif amount:
            self.open[source] = self.open.get(source, 0) + amount

    def add(self, kind: str, amount: int) -> bool:
        moved = max(amount, -self.available)
        too_much = max(self.available + amount, amount - self.external) > MONEY_MAX
        if too_much or amount == 0 or (amount < 0 and kind != "adjust"):
            return False
        self.available += moved
        self.external -= moved
        return True

    def allocate(self, project: str, amount: int) -> bool:
        if amount > self.available:
            return False
        self.available -= amount
        self.pay(project, amount)
        return True

    def deallocate(self, project: str, amount: int) -> bool:
        if self.open.get(project) == 0:
            amount = 0
        if project not in self.open or amount > self.open[project]:
            return False
        self.open[project] -= amount
        self.available += amount
        if self.open[project] == 0:
            del self.open[project]
        return True

    def submit(self, job_id: str, amount: int, project: str | None, attempts: int) -> bool:
        source = project if project in self.open else None
        there = self.available if source is None else self.open[source]
        if job_id in self.jobs or amount > there:
            return False
        self.pay(source, -amount)
        self.jobs[job_id] = Work(amount, project, source, attempts)
        return True

    def dispatch(self, job_id: str, lease: int) -> bool:
        job = self.jobs.get(job_id)
        if job is None or job.status != "queued" or lease != job.lease + 1:
            return False
        job.status, job.lease = "dispatched", lease
        return True

    def succeed(self, job_id: str, lease: int, cost: int) -> bool:
        job = self.jobs.get(job_id)
        if job is not None and job.holds(lease):
            job.captured = min(cost, job.reserved)
            job.status = "succeeded"
            self.spent += job.captured
            self.pay(job.source, job.reserved - job.captured)
        return job is not None

    def end(self, job: Work, status: str) -> None:
        job.status = status
        self.pay(job.source, job.reserved)

    def fail(self, job_id: str, lease: int, again: bool) -> bool:
        job = self.jobs.get(job_id)
        if job is not None and job.holds(lease):
            if again and lease < job.attempts:
                job.status = "queued"
            else:
                self.end(job, "dead" if again else "failed")
        return job is not None

    def expire(self, job_id: str, lease: int) -> bool:
        job = self.jobs.get(job_id)
        return job is not None and job.holds(lease) and self.fail(job_id, lease, again=True)

    def cancel(self, job_id: str) -> bool:
        job = self.jobs.get(job_id)
        if job is None or not job.live:
            return False
        self.end(job, "cancelled")
        return True

    def discard(self, job_id: str) -> bool:
        job = self.jobs.get(job_id)
        if job is None or job.status != "dead":
            return False
        job.done_with = True
        return True

    def replay(self, job_id: str, new_id: str, amount: int) -> bool:
        job = self.jobs.get(job_id)
        if job is None or job.status != "dead" or job.done_with:
            return False
        if amount != job.reserved or not self.submit(new_id, amount, job.project, job.attempts):
            return False
        job.done_with = True
        return True

    def refund(self, job_id: str, amount: int | None) -> bool:
        job = self.jobs.get(job_id)
        if job is None or job.live:
            return False
        left = job.captured - job.refunded
        if amount is None and left == 0:
            return False
        moved = left if amount is None else min(amount, left)
        job.refunded += moved
        self.spent -= moved
        self.pay(job.source if job.source in self.open else None, moved)
        return True
