"""Why a job waits, in reasons that whoever owns it can act upon or wait for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from events.accounts.current import CurrentOrg
from events.catalog.current import FLEET, CurrentProvider, Troubled
from events.jobs.current import CurrentJob
from gateway.live.live_jobs import LiveJobs


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    worker_id: str
    models: frozenset[str]
    capacity: int


@dataclass(frozen=True, slots=True)
class Around:
    """What holds where the job waits. `trouble`: its model's breaker; `workers`: None while Redis is away."""

    org: CurrentOrg | None
    provider: CurrentProvider
    trouble: Troubled | None
    workers: Sequence[WorkerSeen] | None


def reasons(job: CurrentJob, live: LiveJobs, around: Around) -> list[dict[str, Any]]:
    """All that hold; of a queued job."""
    return [
        *({"reason": "cap-full", **cap} for cap in full_caps(job, live, around)),
        *_of_attempts(job),
        *_of_provider(job, live, around),
        *_of_turns(job, live),
    ]


def full_caps(job: CurrentJob, live: LiveJobs, around: Around) -> Iterator[dict[str, Any]]:
    """Of the four that it has to fit in."""
    org, provider = around.org, around.provider
    found = [cap("provider", provider.provider, provider.concurrent, live.of_provider[provider.provider])]
    if (limit := provider.per_api.get(job.model)) is not None:
        found.append(cap("provider_api", job.model, limit, live.of_model[job.model]))
    if org is not None:
        found.append(cap("org", job.org_id, org.limits.concurrent, live.of_org[job.org_id]))
        if (limit := org.limits.per_api.get(job.model)) is not None:
            found.append(cap("org_api", job.model, limit, live.of_org_model[job.org_id, job.model]))
    return (one for one in found if one["in_use"] >= one["limit"])


def cap(scope: str, name: str, limit: int, in_use: int) -> dict[str, Any]:
    return {"scope": scope, "name": name, "limit": limit, "in_use": in_use}


def _of_attempts(job: CurrentJob) -> Iterator[dict[str, Any]]:
    if job.unstopped:
        yield {"reason": "attempt-may-still-run", "lease": job.lease, "provider": job.provider}
    if job.not_before is not None:
        yield {"reason": "waits-for-retry", "not_before": job.not_before}


def _of_provider(job: CurrentJob, live: LiveJobs, around: Around) -> Iterator[dict[str, Any]]:
    at = {"provider": job.provider, "model": job.model}
    if not around.provider.active:
        yield {"reason": "provider-off", "provider": job.provider}
    if (trouble := around.trouble) is not None:
        # Of a half open one the next goes when the one before has said nothing until then; after a pause all go.
        probe = {} if trouble.state == "paused" else {"next_probe_at": trouble.until}
        yield {"reason": "provider-in-trouble", **at, "state": trouble.state, "until": trouble.until, **probe}
    if around.workers is None:
        yield {"reason": "slots-unknown"}
    elif job.provider == FLEET:
        serving = [worker for worker in around.workers if job.model in worker.models]
        if not serving:
            yield {"reason": "no-worker", "model": job.model}
        elif all(live.of_worker[worker.worker_id] >= worker.capacity for worker in serving):
            yield {"reason": "workers-busy", "model": job.model, "workers": len(serving)}


def _of_turns(job: CurrentJob, live: LiveJobs) -> Iterator[dict[str, Any]]:
    if ahead := live.ahead(job):
        yield {"reason": "behind-others", "ahead": ahead}
    if others := live.others(job):
        yield {"reason": "others-turn", "organisations": others}
