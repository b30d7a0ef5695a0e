"""The queue: what waits and runs, how full the caps are, and why a job waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from redis.exceptions import RedisError
from starlette.responses import Response

from events.catalog.current import BREAKERS, CurrentProvider
from events.jobs.current import CurrentJob
from events.jobs.slots import org_key
from events.topics import EVENTS_JOBS
from gateway import queries
from gateway.answers import json, platform_of
from gateway.auth import READERS, caller, of_prefix
from gateway.platform import Platform

router = APIRouter(tags=["jobs"])


@router.get("/queue")
async def queue(request: Request) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    live = [job for _, job in platform.live_jobs.items()]
    mine = [job for job in live if job.org_id == who.org_id]
    now = datetime.now(UTC)
    troubled = [
        {"provider": provider, "model": model, "until": until}
        for (provider, model), until in sorted((await breakers(platform, now)).items())
    ]
    answer = {"items": waiting(mine, now), "caps": caps(platform, who.org_id, live), "troubled": troubled}
    return json(answer | {"slots": await slots(platform, who.org_id)})


@router.get("/jobs/{job_id}/why")
async def why(request: Request, job_id: str, after: str | None = None) -> Response:
    """Why a job waits: its place in the queue, the caps that are full, a provider in trouble."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, (EVENTS_JOBS,))
    job = platform.live_jobs.get(of_prefix(job_id, "job"))
    if job is None or job.org_id != who.org_id or job.phase == "stopping":
        document = await queries.one(platform.db, "jobs", who.org_id, job_id)
        return json({"status": document["status"], "reasons": []})
    if job.phase != "queued":
        return json({"status": job.phase, "reasons": []})
    live = [other for _, other in platform.live_jobs.items()]
    full = [cap for cap in caps(platform, who.org_id, live) if cap["in_use"] >= cap["limit"] and concerns(cap, job)]
    rank = {"HIGH": 0, "NORMAL": 1, "LOW": 2}
    ahead = sum(
        other.org_id == job.org_id
        and other.phase == "queued"
        and other.provider == job.provider
        and (rank[other.priority], other.accepted_at) < (rank[job.priority], job.accepted_at)
        for other in live
    )
    reasons: list[dict[str, Any]] = [{"reason": "cap-full", **cap} for cap in full]
    if job.unstopped:
        reasons.append({"reason": "attempt-may-still-run", "lease": job.lease, "provider": job.provider})
    until = (await breakers(platform, datetime.now(UTC))).get((job.provider, job.model))
    if until is not None:
        reasons.append({"reason": "provider-in-trouble", "provider": job.provider, "model": job.model, "until": until})
    if job.not_before is not None:
        reasons.append({"reason": "waits-for-retry", "not_before": job.not_before})
    if ahead:
        reasons.append({"reason": "behind-others", "ahead": ahead})
    return json({"status": "queued", "since": job.accepted_at, "reasons": reasons})


async def breakers(platform: Platform, now: datetime) -> dict[tuple[str, str], str]:
    """(provider, model) → until when its calls wait, because they failed again and again; none while Redis is away."""
    try:
        held = await platform.redis.hgetall(BREAKERS)
    except (RedisError, TimeoutError):
        return {}
    found = {}
    for field, until in ((_text(field), _text(until)) for field, until in held.items()):
        provider, _, model = field.partition("\x1f")
        if datetime.fromisoformat(until) > now:
            found[provider, model] = until
    return found


async def slots(platform: Platform, org_id: str) -> list[dict[str, Any]] | None:
    """Which attempts of the organisation hold slots in Redis; None while it is away."""
    try:
        seconds, micros = await platform.redis.time()
        found: Any = await platform.redis.zrange(org_key(org_id), 0, -1, withscores=True)
    except (RedisError, TimeoutError):
        return None
    now_ms = seconds * 1000 + micros / 1000
    return held([(_text(holder), until_ms - now_ms) for holder, until_ms in found], platform.live_jobs.get)


def held(holders: Iterable[tuple[str, float]], job_of: Callable[[str], CurrentJob | None]) -> list[dict[str, Any]]:
    """With the log's word beside each: without a phase it holds a slot in vain, and lapses in `left_s`."""
    found = []
    for holder, left_ms in holders:
        job_id, _, lease = holder.rpartition(".")
        item: dict[str, Any] = {"holder": holder, "left_s": round(left_ms / 1000, 3)}
        job = job_of(job_id)
        if job is not None and job.holds_slot and str(job.lease) == lease:
            item |= {"model": job.model, "provider": job.provider, "phase": job.phase}
        if left_ms > 0:
            found.append(item)
    return found


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def waiting(jobs: Iterable[CurrentJob], now: datetime) -> list[dict[str, Any]]:
    """By model and priority. What stops has ended, though it still holds its slot."""
    groups: dict[tuple[str, str], list[CurrentJob]] = {}
    for job in (one for one in jobs if one.phase != "stopping"):
        groups.setdefault((job.model, job.priority), []).append(job)
    items = []
    for (model, priority), group in sorted(groups.items()):
        queued = [job for job in group if job.phase == "queued"]
        item: dict[str, Any] = {
            "model": model,
            "priority": priority,
            "queued": len(queued),
            "running": len(group) - len(queued),
        }
        if queued:
            oldest = min(datetime.fromisoformat(job.accepted_at) for job in queued)
            item["oldest_s"] = max(0, round((now - oldest).total_seconds(), 3))
        items.append(item)
    return items


def caps(platform: Platform, org_id: str, live: list[CurrentJob]) -> list[dict[str, Any]]:
    """How full each cap is that this organisation can meet; a provider's count is that of everybody."""
    running = [job for job in live if job.holds_slot]
    mine = [job for job in running if job.org_id == org_id]
    by_provider = Counter(job.provider for job in running)
    by_model = Counter(job.model for job in running)
    mine_by_model = Counter(job.model for job in mine)
    org = platform.orgs.get(org_id)
    found = []
    if org is not None:
        found.append(_cap("org", org_id, org.limits.concurrent, len(mine)))
        found += [_cap("org_api", name, n, mine_by_model[name]) for name, n in sorted(org.limits.per_api.items())]
    providers = [value for _, value in platform.catalog.items() if isinstance(value, CurrentProvider)]
    for provider in providers:
        found.append(_cap("provider", provider.provider, provider.concurrent, by_provider[provider.provider]))
        found += [_cap("provider_api", name, n, by_model[name]) for name, n in sorted(provider.per_api.items())]
    return found


def concerns(cap: dict[str, Any], job: CurrentJob) -> bool:
    match cap["scope"]:
        case "org":
            return True
        case "provider":
            return bool(cap["name"] == job.provider)
        case _:
            return bool(cap["name"] == job.model)


def _cap(scope: str, name: str, limit: int, in_use: int) -> dict[str, Any]:
    return {"scope": scope, "name": name, "limit": limit, "in_use": in_use}
