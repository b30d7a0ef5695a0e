"""Positions: a vector of topic-partition → next offset, and the opaque token that stands for it outside."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import Final

import orjson

Position = Mapping[str, int]
"""`topic/partition` → next offset: what stands before it has been seen."""

TOKEN_MAX: Final = 8192
_PART = re.compile(r"[a-zA-Z0-9._-]{1,200}/[0-9]{1,5}\Z")


def part(topic: str, partition: int) -> str:
    """The name of a topic-partition in a position."""
    return f"{topic}/{partition}"


def encode(position: Position) -> str:
    """An opaque token, safe in URLs and headers; equal positions have equal tokens."""
    text = orjson.dumps(dict(position), option=orjson.OPT_SORT_KEYS)
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(token: str) -> dict[str, int]:
    """The position that a token stands for. Raises ValueError on anything that `encode` did not make."""
    if len(token) > TOKEN_MAX:
        raise ValueError("a position of this length is none")
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        position = orjson.loads(raw)
    except (binascii.Error, ValueError) as error:
        raise ValueError("malformed position") from error
    if not isinstance(position, dict):
        raise ValueError("malformed position")  # noqa: TRY004 - to a caller every bad token is a bad value
    for name, offset in position.items():
        if not _PART.match(name) or type(offset) is not int or not 0 <= offset < 2**63:
            raise ValueError("malformed position")
    return position


def merge(*positions: Position) -> dict[str, int]:
    """The later of each part."""
    merged: dict[str, int] = {}
    for position in positions:
        for name, offset in position.items():
            if merged.get(name, -1) < offset:
                merged[name] = offset
    return merged


def covers(have: Position, need: Position) -> bool:
    """Whether everything before `need` has been seen at `have`."""
    return all(have.get(name, 0) >= offset for name, offset in need.items())


def only(position: Position, topics: Collection[str]) -> dict[str, int]:
    """The parts that belong to these topics: what one reader of them can wait for."""
    return {name: offset for name, offset in position.items() if name.rsplit("/", 1)[0] in topics}
