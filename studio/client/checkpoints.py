"""Asks the platform for a checkpoint and waits until it is signed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

from studio.client.access import access
from studio.client.api import Api, OutOfTime

SIGNED_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.25


async def signed_now(url: str | None, key: str | None, org: str | None) -> dict[str, Any]:
    """The checkpoint that covers everything up to now; none where there are no entries."""
    found, path = access(url, key), "/v1/audit"
    if org is not None:
        found = replace(found, api_key=key or found.admin_key or found.api_key)
        path = f"/v1/admin/orgs/{org}/audit"
    async with Api(found, SIGNED_WITHIN_S) as api:
        asked = await api.post(f"{path}/checkpoints")
        if asked["seq"] == 0:
            return {}
        while True:
            chain = await api.get(f"{path}/chain")
            if (signed := chain.get("checkpoint")) is not None and signed["seq"] >= asked["seq"]:
                return dict(signed)
            if api.left <= 0:
                raise OutOfTime(f"entry {asked['seq']} was not signed within {SIGNED_WITHIN_S:.0f} s")
            await asyncio.sleep(LOOK_EVERY_S)
