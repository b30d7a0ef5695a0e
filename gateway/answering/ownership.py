"""Whose session it is, also in the moment before the read model has it."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.http.problems import not_found
from gateway.platform import Platform
from projections.looking import found_within

OWNED_WAIT_S: Final = 1.0
LOOK_EVERY_S: Final = 0.05


async def owned(platform: Platform, session_id: str, org_id: str) -> None:
    """Passes for a session of this organisation; what is unknown and what is another's take equally long."""

    async def look() -> bool | None:
        if platform.hub.org_of(session_id) == org_id:
            return True
        mine = {"_id": session_id, "org_id": org_id}
        return True if await platform.db["sessions"].find_one(mine, {"_id": 1}) else None

    if await found_within(look, OWNED_WAIT_S, lambda: asyncio.sleep(LOOK_EVERY_S)) is None:
        raise not_found()
