"""A session at any moment: chat, graphs, results, queue and balance together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from events.log.codec import time_to_text
from gateway.books import ledger
from gateway.past import plan as past
from gateway.past.plan import Document, Moment
from gateway.platform import Platform
from gateway.reads import queries
from gateway.reads.views import Views
from projections import messages, plans, sessions, steps
from projections.applied import documents_of
from projections.jobs import CONSIDERED, SENT
from projections.opening import open_all

FOLDED: Final = (sessions, messages, plans, steps)
LONGEST_LIFE: Final = timedelta(days=7)
"""A job's deadline is no further away than this: what lives at a moment was accepted within it."""
QUEUE_MAX: Final = 5_000


async def session_at(platform: Platform, views: Views, org_id: str, session_id: str, when: Moment) -> dict[str, Any]:
    """Raises a Problem where the session was not there yet."""
    events = await past.parts(platform, {"session_id": session_id, "org_id": org_id, **when.query})
    opened = await open_all(platform.vault, events)
    writes = (write for event in events for model in FOLDED for write in model.project(event, opened))
    found = {(kind, key): document | {"_id": key} for (kind, key), document in documents_of(writes).items()}
    time = past.time_of(events, when)
    of_session = {"session_id": session_id, "org_id": org_id}
    now, spent = await asyncio.gather(
        queries.jobs_of(platform.db, org_id, _of(found, steps.COLLECTION)),
        queries.money(platform.db, of_session, time),
    )
    jobs = past.jobs_at(now, time)
    session = found[sessions.COLLECTION, session_id]
    return views.session(session) | {
        "messages": [views.message(one) for one in _of(found, messages.COLLECTION)],
        "uploads": [views.upload(org_id, upload) for upload in session.get("uploads", [])],
        "plans": [
            views.plan(
                plan,
                [step for step in _of(found, steps.COLLECTION) if step["plan_id"] == plan["_id"]],
                [job for job in jobs if job.get("plan_id") == plan["_id"]],
                spent.get(plan["_id"], queries.NOTHING),
            )
            for plan in _of(found, plans.COLLECTION)
        ],
        "queue": await queue_at(platform, org_id, time),
        "credits": await credits_at(platform, org_id, time),
        "at": time,
    }


async def queue_at(platform: Platform, org_id: str, time: str) -> list[dict[str, Any]]:
    """What of the organisation waited and ran then, by model and priority."""
    since = time_to_text(datetime.fromisoformat(time) - LONGEST_LIFE)
    wanted = {
        "org_id": org_id,
        "accepted_at": {"$gte": since, "$lte": time},
        "$or": [{"ended_at": {"$exists": False}}, {"ended_at": {"$gt": time}}],
    }
    cursor = platform.db["jobs"].find(wanted, {"outputs": 0, "_trail": 0, CONSIDERED: 0, SENT: 0}).limit(QUEUE_MAX)
    counts: Counter[tuple[str, str, str]] = Counter(
        (job["model"], job["priority"], "running" if job["attempts"] else "queued")
        for job in past.jobs_at(await cursor.to_list(QUEUE_MAX), time)
    )
    lines = sorted({(model, priority) for model, priority, _ in counts})
    return [
        {"model": model, "priority": priority}
        | {state: counts[model, priority, state] for state in ("queued", "running")}
        for model, priority in lines
    ]


async def credits_at(platform: Platform, org_id: str, time: str) -> dict[str, Any]:
    """The organisation's balances as of then."""
    return await ledger.balances_at(platform.db, org_id, datetime.fromisoformat(time))


def _of(found: dict[tuple[str, str], dict[str, Any]], collection: str) -> Sequence[Document]:
    """In the order in which they began."""
    return [document for (kind, _), document in found.items() if kind == collection]
