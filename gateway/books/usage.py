"""What was spent day by day: read from the sums that the projection keeps, whatever the length of the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from gateway.reads.queries import Db

By = Literal["model", "project"]
DAYS: Final = 30
"""What is shown where no beginning is asked for."""


async def usage(db: Db, org_id: str, by: By, since: datetime | None, until: datetime | None) -> list[dict[str, Any]]:
    """By day (UTC) and key, oldest first; `until` is not part of it. The key of what has no project is empty."""
    end = (until or datetime.now(UTC) + timedelta(days=1)).astimezone(UTC) - timedelta(microseconds=1)
    start = end - timedelta(days=DAYS) if since is None else since.astimezone(UTC)
    days = {"$gte": start.date().isoformat(), "$lte": end.date().isoformat()}
    sums = {name: {"$sum": f"${name}"} for name in ("spent", "refunded", "jobs")}
    pipeline: list[Mapping[str, Any]] = [
        {"$match": {"org_id": org_id, "day": days}},
        {"$group": {"_id": {"day": "$day", "key": f"${by}"}, **sums}},
        {"$sort": {"_id.day": 1, "_id.key": 1}},
    ]
    return [one.pop("_id") | one async for one in await db["usage"].aggregate(pipeline)]
