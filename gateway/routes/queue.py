"""The queue: what waits and runs, how full the caps are, and why a job waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from redis.exceptions import RedisError
from starlette.responses import Response

from events.catalog.current import BREAKERS, CurrentProvider, Troubled, unsaid
from events.jobs.current import CurrentJob
from events.jobs.slots import org_key
from events.topics import EVENTS_JOBS
from gateway.access.auth import READERS, caller, of_prefix
from gateway.answering.answers import json, platform_of
from gateway.answering.why import Around, WorkerSeen, cap, reasons
from gateway.platform import Platform
from gateway.reads import queries
from projections.jobs import CONSIDERED

router = APIRouter(tags=["jobs"])
WORKERS: Final = "fleet:workers"


@router.get("/queue")
async def queue(request: Request) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    now = datetime.now(UTC)
    troubled = [
        {"provider": provider, "model": model or None, "state": trouble.state, "until": trouble.until}
        for (provider, model), trouble in sorted((await breakers(platform, now)).items())
    ]
    items = waiting(platform.live_jobs.of(who.org_id), now)
    answer = {"items": items, "caps": caps(platform, who.org_id), "troubled": troubled}
    return json(answer | {"slots": await slots(platform, who.org_id)})


@router.get("/jobs/{job_id}/why")
async def why(request: Request, job_id: str, after: str | None = None) -> Response:
    """Why a job waits: its place in the queue, what is full, off or away; and who was considered when it went."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, (EVENTS_JOBS,))
    job = platform.live_jobs.get(of_prefix(job_id, "job"))
    if job is None or job.org_id != who.org_id or job.phase != "queued":
        document = await queries.one(platform.db, "jobs", who.org_id, job_id)
        live = job is not None and job.org_id == who.org_id and job.phase != "stopping"
        status = job.phase if job is not None and live else document["status"]
        return json({"status": status, "reasons": [], "considered": considered(document)})
    told = {"status": "queued", "since": job.accepted_at, "reasons": await reasons_of(platform, job)}
    if job.lease == 0:
        return json(told)
    return json(told | {"considered": considered(await queries.one(platform.db, "jobs", who.org_id, job_id))})


def considered(document: Mapping[str, Any]) -> list[str]:
    """Whose turn was near when its last attempt was dispatched; the last line says what was chosen."""
    return list(document.get(CONSIDERED, ()))


async def reasons_of(platform: Platform, job: CurrentJob) -> list[dict[str, Any]]:
    said = platform.catalog.get(f"provider:{job.provider}")
    troubled = await breakers(platform, datetime.now(UTC))
    around = Around(
        org=platform.orgs.get(job.org_id),
        provider=said if isinstance(said, CurrentProvider) else unsaid(job.provider),
        trouble=troubled.get((job.provider, job.model)) or troubled.get((job.provider, "")),
        workers=await workers(platform),
    )
    return reasons(job, platform.live_jobs, around)


async def workers(platform: Platform) -> list[WorkerSeen] | None:
    """Who has registered and not lapsed, by Redis' clock; None while it is away."""
    try:
        seconds, micros = await platform.redis.time()
        now_ms = seconds * 1000 + micros // 1000
        ids: Any = await platform.redis.zrangebyscore(WORKERS, now_ms, "+inf")
        entries = await platform.redis.mget([f"fleet:worker:{_text(one)}" for one in ids]) if ids else []
    except (RedisError, TimeoutError):
        return None
    return [worker for entry in entries if entry is not None and (worker := worker_of(entry)) is not None]


def worker_of(entry: bytes | str) -> WorkerSeen | None:
    """As it registers itself; one that says it otherwise is none."""
    try:
        said = orjson.loads(entry)
        return WorkerSeen(str(said["worker_id"]), frozenset(map(str, said["models"])), int(said["capacity"]))
    except (ValueError, KeyError, TypeError):
        return None


async def breakers(platform: Platform, now: datetime) -> dict[tuple[str, str], Troubled]:
    """(provider, model) → why its calls wait, and until when; without a model: all of the provider's. None while Redis
    is away."""
    try:
        held = await platform.redis.hgetall(BREAKERS)
    except (RedisError, TimeoutError):
        return {}
    return waits(held, now)


def waits(written: Mapping[bytes | str, bytes | str], now: datetime) -> dict[tuple[str, str], Troubled]:
    """What schedulers have written of their breakers, without what is past."""
    found = {}
    for field, told in written.items():
        provider, _, model = _text(field).partition("\x1f")
        trouble = Troubled.model_validate_json(told)
        if datetime.fromisoformat(trouble.until) > now:
            found[provider, model] = trouble
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


def caps(platform: Platform, org_id: str) -> list[dict[str, Any]]:
    """How full each cap is that this organisation can meet; a provider's count is that of everybody."""
    live, org = platform.live_jobs, platform.orgs.get(org_id)
    found = []
    if org is not None:
        found.append(cap("org", org_id, org.limits.concurrent, live.of_org[org_id]))
        found += [
            cap("org_api", name, n, live.of_org_model[org_id, name]) for name, n in sorted(org.limits.per_api.items())
        ]
    for provider in (value for _, value in platform.catalog.items() if isinstance(value, CurrentProvider)):
        found.append(cap("provider", provider.provider, provider.concurrent, live.of_provider[provider.provider]))
        found += [cap("provider_api", name, n, live.of_model[name]) for name, n in sorted(provider.per_api.items())]
    return found
