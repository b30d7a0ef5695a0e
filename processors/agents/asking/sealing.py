"""A model's answer as it is kept: sealed and packed, on the log or, where it is too large for its event, in storage."""

from __future__ import annotations

import base64
import zlib
from typing import Final, NamedTuple

from commands.ports import Storage, Vault
from events.sealed import Sealed

PACK_FROM_BYTES: Final = 12_000
PACKED_BYTES_MAX: Final = 22_000
"""Of one that stays on the log. Sealed it grows by a third, and with its labels it must fit in a command's answer:
32 KiB (`RESULT_BYTES_MAX`)."""
UNPACKED_BYTES_MAX: Final = 4_000_000
STORED_BYTES_MAX: Final = 16_000_000
_MARK: Final = "zlib:"


class Kept(NamedTuple):
    """Where an answer is: `answer` itself, or the hash of its sealed form in storage."""

    answer: Sealed | None
    answer_sha256: str | None


async def keep_answer(vault: Vault, storage: Storage, org_id: str, like: Sealed, text: str) -> Kept:
    """Raises `Unavailable`: then it is not kept, and nothing may be made of it."""
    packed = pack(text)
    sealed = await vault.seal_like(like, packed)
    if len(packed.encode()) <= PACKED_BYTES_MAX:
        return Kept(sealed, None)
    body = sealed.model_dump_json(by_alias=True).encode()
    return Kept(None, (await storage.put(org_id, body, size_max=STORED_BYTES_MAX)).sha256)


async def kept_answer(vault: Vault, storage: Storage, org_id: str, kept: Kept) -> str | None:
    """None where there is none, or storage has it no more."""
    sealed = kept.answer
    if sealed is None and kept.answer_sha256 is not None:
        try:
            body = b"".join([chunk async for chunk in storage.get(org_id, kept.answer_sha256)])
        except FileNotFoundError:
            return None
        sealed = Sealed.model_validate_json(body)
    return unpack(await vault.open(sealed)) if sealed is not None else None


def pack(text: str) -> str:
    words = text.encode(errors="replace")
    if len(words) < PACK_FROM_BYTES and not text.startswith(_MARK):
        return words.decode()
    return _MARK + base64.b64encode(zlib.compress(words, 9)).decode()


def unpack(text: str) -> str:
    if not text.startswith(_MARK):
        return text
    inflater = zlib.decompressobj()
    return inflater.decompress(base64.b64decode(text.removeprefix(_MARK)), UNPACKED_BYTES_MAX).decode(errors="replace")
