"""One-time codes by which a page gets its key: kept hashed in Redis, gone when used or after ten minutes."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Literal

from redis.asyncio import Redis

CODE_LIFE_S: Final = 600
CODE_MAX: Final = 128


PageRole = Literal["member", "admin"]


async def issue_code(redis: Redis, org_id: str, role: PageRole) -> str:
    code = secrets.token_urlsafe(24)
    await redis.set(_name(code), f"{org_id} {role}", ex=CODE_LIFE_S)
    return code


async def redeem_code(redis: Redis, code: str) -> tuple[str, PageRole] | None:
    """The organisation and role it was made for; the second to ask gets nothing."""
    found = await redis.getdel(_name(code))
    if found is None:
        return None
    org_id, _, role = (found.decode() if isinstance(found, bytes) else str(found)).partition(" ")
    return org_id, "admin" if role == "admin" else "member"


def _name(code: str) -> str:
    return f"page-code:{hashlib.sha256(code.encode()).hexdigest()}"
