"""How the key that signs checkpoints is replaced: by one that it vouches for, while the platform runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from adapters.signing.keys import KeyFile, SigningKey
from studio.client.access import access
from studio.client.api import Api, OutOfTime
from studio.settings import Settings

TAKEN_WITHIN_S: Final = 90.0
LOOK_EVERY_S: Final = 0.25


class NoRotation(Exception):
    """The signing key cannot be replaced from here."""


async def rotated(url: str | None, key: str | None, settings: Settings) -> dict[str, Any]:
    """Makes the new key, where the log has the old one to vouch for it, and waits until the log has the new one.

    Raises NoRotation, and BadSigningKey for what is no key.
    """
    async with Api(access(url, key), TAKEN_WITHIN_S) as api:
        if settings.signing_key is not None:
            before = SigningKey.parse(settings.signing_key.get_secret_value())
            await signs_now(api, before)
            return {"replaces": before.key_id, "STUDIO_SIGNING_KEY": SigningKey.new(before).text}
        file = key_file(settings.signing_key_file)
        before = file()
        await signs_now(api, before)
        fresh = file.rotate()
        while await found(api, fresh) is None:
            if api.left <= 0:
                raise OutOfTime("the new key is in its file, and the signer has not taken it yet: see its log")
            await asyncio.sleep(LOOK_EVERY_S)
    return {"key_id": fresh.key_id, "public_key": fresh.public_key, "replaces": before.key_id}


def key_file(path: Path | None) -> KeyFile:
    """Raises NoRotation."""
    if path is None:
        raise NoRotation("there is no signing key here: name it by STUDIO_SIGNING_KEY_FILE")
    return KeyFile(path)


async def signs_now(api: Api, key: SigningKey) -> None:
    """Raises NoRotation for a key that does not sign at present: it could vouch for none."""
    known = await found(api, key)
    if known is None:
        raise NoRotation("the present key has not signed yet: start the platform with it first")
    if "retired_at" in known:
        raise NoRotation(f"the key here was replaced at {known['retired_at']}: rotate where the present one lies")


async def found(api: Api, key: SigningKey) -> dict[str, Any] | None:
    keys = await api.get("/v1/audit/keys")
    return next((one for one in keys["items"] if one["key_id"] == key.key_id), None)
