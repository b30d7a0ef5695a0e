"""A job's input as its provider reads it: every `{"$asset": …}` replaced by an address, or by the text itself."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from pydantic import ValidationError

from commands.ports import Storage
from commands.signing import asset_path
from events.assets import AssetRef
from processors.dispatcher.errors import InputRefused

ASSET: Final = "$asset"
INLINE_MAX_BYTES: Final = 8 * 2**20
INLINE_TOTAL_MAX_BYTES: Final = 24 * 2**20
"""Of all data URIs of one call: larger bodies are refused by workers and providers alike."""
DEPTH_MAX: Final = 20

Link = Callable[[AssetRef], Awaitable[str]]
Replace = Callable[[AssetRef], Awaitable[Any]]


def parsed(text: str) -> dict[str, Any]:
    """The opened input. Raises InputRefused, also for what was erased in the meantime."""
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputRefused("the input cannot be read any more") from error
    if not isinstance(values, dict):
        raise InputRefused("the input is no object")
    return values


async def resolved(value: Any, replace: Replace, depth: int = 0) -> Any:
    """The value with each asset replaced, in order. Raises InputRefused for one that is none."""
    if depth > DEPTH_MAX:
        raise InputRefused("the input is nested too deeply")
    if isinstance(value, dict):
        if ASSET in value:
            return await replace(_asset(value[ASSET]))
        return {key: await resolved(item, replace, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [await resolved(item, replace, depth + 1) for item in value]
    return value


def _asset(value: Any) -> AssetRef:
    try:
        return AssetRef.model_validate(value)
    except ValidationError as error:
        raise InputRefused("a file of the input is no asset") from error


@dataclass(slots=True)
class Links:
    """Addresses for one call: signed, at an address that the reader reaches; without one, small files as data URIs."""

    storage: Storage
    org_id: str
    base_url: str | None
    """Where the provider reaches the gateway; None: nowhere, so that everything must go inline."""
    secret: bytes
    now: float
    hashes: dict[str, str] = field(default_factory=dict, init=False)
    """SHA-256 of each file that has been given an address, by that address."""
    _inline: int = field(default=0, init=False)

    async def __call__(self, asset: AssetRef) -> str:
        """Raises InputRefused for a file that can go neither way."""
        if self.base_url is not None:
            address = self.base_url.rstrip("/") + asset_path(self.secret, self.org_id, asset, now=self.now)
            self.hashes[address] = asset.sha256
            return address
        if asset.bytes > INLINE_MAX_BYTES or self._inline + asset.bytes > INLINE_TOTAL_MAX_BYTES:
            raise InputRefused("a file is too large to be sent with the call, and no public address is set")
        self._inline += asset.bytes
        try:
            body = b"".join([chunk async for chunk in self.storage.get(self.org_id, asset.sha256)])
        except FileNotFoundError as error:
            raise InputRefused("a file of the input is not there any more") from error
        return f"data:{asset.media_type};base64,{base64.b64encode(body).decode()}"
