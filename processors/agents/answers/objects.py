"""Reads the short answers of agents: the one JSON object in them, however it is wrapped or broken. Never raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from processors.agents.answers.fences import without_thoughts
from processors.agents.answers.lenient_json import LenientReader

ANSWER_CHARS_MAX = 200_000


def read_object(answer: str) -> Mapping[str, Any] | None:
    """The first object with anything in it; None where there is none."""
    text = without_thoughts(answer[:ANSWER_CHARS_MAX]).strip()
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        reader = LenientReader()
        reader.feed(text)
        value = next(
            (root for root in (*reader.roots, *reader.asides, reader.open_root()) if isinstance(root, dict) and root),
            None,
        )
    return value if isinstance(value, dict) else None


def plain_key(name: str) -> str:
    """`Model-ID`, `model_id` → `modelid`: what a member is called, however it is written."""
    return "".join(filter(str.isalnum, name.lower()))


def member(said: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first member of one of these names, however they are written, that says anything."""
    told = {plain_key(key): value for key, value in said.items()}
    return next((told[name] for name in names if told.get(name) not in (None, "", [], {})), None)


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Those of a list that are objects; a lone object counts as a list of one."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]
