"""Shapes that several read models share: times, assets, errors and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from events.assets import AssetRef
from events.envelope import Recorded
from events.log.codec import time_to_text
from events.sealed import Sealed
from projections.opening import Opened
from projections.storable import unstorable


def at(event: Recorded) -> str:
    """The event's time, RFC 3339."""
    return time_to_text(event.envelope.time)


def origin(event: Recorded) -> dict[str, Any]:
    """Which event of the log it is, and what led to it."""
    envelope = event.envelope
    return {
        "id": envelope.id,
        "actor": envelope.actor,
        "command_id": envelope.command_id,
        "causation_id": envelope.causation_id,
        "partition": event.partition,
        "offset": event.offset,
    }


def present(**members: Any) -> dict[str, Any]:
    """Only the members that are there: optional ones are absent, never null."""
    return {name: value for name, value in members.items() if value is not None}


def text(sealed: Sealed | None, opened: Opened) -> str | None:
    return None if sealed is None else opened(sealed)


def kids(*sealed: Sealed | None) -> frozenset[str]:
    return frozenset(box.kid for box in sealed if box is not None)


def parsed(sealed: Sealed | None, opened: Opened) -> Any:
    """The JSON that was sealed; a text that is none (an erased one), or that no document can hold, as it is."""
    return None if sealed is None else as_json(opened(sealed))


def as_json(words: str) -> Any:
    """See `parsed`."""
    try:
        value = orjson.loads(words)
    except orjson.JSONDecodeError:
        return words
    return value if unstorable(value) is None else words


def asset(ref: AssetRef, opened: Opened) -> dict[str, Any]:
    """An asset as documents hold it: never with an address."""
    plain = ref.model_dump(mode="json", exclude_none=True, exclude={"text"})
    return plain | present(text=text(ref.text, opened))


def assets(refs: tuple[AssetRef, ...], opened: Opened) -> list[dict[str, Any]]:
    return [asset(ref, opened) for ref in refs]


def asset_kids(refs: tuple[AssetRef, ...]) -> frozenset[str]:
    return kids(*(ref.text for ref in refs))


def failure(category: str, error: Sealed | None, opened: Opened) -> dict[str, Any]:
    return present(category=category, detail=text(error, opened))


def local_name(step_id: str) -> str:
    """`stp_X.2.s3` → `s3`: a name without dots, fit for a path inside of a document."""
    return step_id.rsplit(".", 1)[1]


def without_nulls(model: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if value is not None}
