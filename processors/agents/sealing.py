"""A model's answer as it is kept on the log: sealed, and packed where it would make its event too large."""

from __future__ import annotations

import base64
import zlib
from typing import Final

from commands.ports import Vault
from events.sealed import Sealed

PACK_FROM_CHARS: Final = 12_000
PACKED_CHARS_MAX: Final = 24_000
"""Sealed it grows by a third; an event stays under 64 KiB."""
UNPACKED_BYTES_MAX: Final = 4_000_000
_MARK: Final = "zlib:"


async def seal_answer(vault: Vault, like: Sealed, text: str) -> Sealed | None:
    """None where even packed it is too large: a restart then asks the model again, nothing else is lost."""
    packed = pack(text)
    return await vault.seal_like(like, packed) if packed is not None else None


async def open_answer(vault: Vault, sealed: Sealed) -> str:
    return unpack(await vault.open(sealed))


def pack(text: str) -> str | None:
    if len(text) < PACK_FROM_CHARS and not text.startswith(_MARK):
        return text
    packed = _MARK + base64.b64encode(zlib.compress(text.encode(errors="replace"), 9)).decode()
    return packed if len(packed) <= PACKED_CHARS_MAX else None


def unpack(text: str) -> str:
    if not text.startswith(_MARK):
        return text
    inflater = zlib.decompressobj()
    return inflater.decompress(base64.b64decode(text.removeprefix(_MARK)), UNPACKED_BYTES_MAX).decode()
