"""Whose session it is, also in the moment before the read model has it."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.http.problems import not_found
from gateway.platform import Platform

OWNED_WAIT_S: Final = 1.0
LOOK_EVERY_S: Final = 0.05


async def owned(platform: Platform, session_id: str, org_id: str) -> None:
    """Passes for a session of this organisation; what is unknown and what is another's take equally long."""
    try:
        async with asyncio.timeout(OWNED_WAIT_S):
            while platform.hub.org_of(session_id) != org_id:
                if await platform.db["sessions"].find_one({"_id": session_id, "org_id": org_id}, {"_id": 1}):
                    return
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise not_found() from None
