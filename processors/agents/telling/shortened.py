"""What a model is shown of long things: enough to know them by, and marked, so that its echo is no change. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import orjson

from processors.agents.telling.present import PresentStep

PLAN_CHARS: Final = 60_000
"""Of a plan's steps together, as JSON; beyond that they are shown in short."""
NAMED_CHARS: Final = 30_000
"""Of those beside them that the request speaks of, and that are shown whole."""
DESCRIPTION_CHARS_MIN: Final = 40
TITLE_CHARS: Final = 60
"""Of a step that is shown in short."""
CUT: Final = "…"


def steps_told(steps: Sequence[PresentStep], named: Collection[str] = ()) -> list[dict[str, Any]]:
    """All steps; where they are too much together, those that are not `named` in short and without their fields."""
    whole = [one.as_json() for one in steps]
    sizes = [len(orjson.dumps(one)) for one in whole]
    if sum(sizes) <= PLAN_CHARS:
        return whole
    share, left, told = PLAN_CHARS // len(steps), NAMED_CHARS, []
    for one, size in zip(whole, sizes, strict=True):
        if one["id"] in named and size <= left:
            left -= size
            told.append(one)
        else:
            told.append(one if size <= share else _in_short(one, share))
    return told


def _in_short(step: dict[str, Any], share: int) -> dict[str, Any]:
    bare = {key: value for key, value in step.items() if key != "input"} | {"title": cut(step["title"], TITLE_CHARS)}
    room = share - len(orjson.dumps({**bare, "description": ""}))
    return {**bare, "description": cut(step["description"], max(DESCRIPTION_CHARS_MIN, room))}


def cut(text: str, longest: int) -> str:
    """Marked where something is left out."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + CUT


def uncut(said: str, original: str) -> str:
    """The original, where what is said of it is only what was shown of it."""
    return original if said.endswith(CUT) and original.startswith(said[: -len(CUT)].rstrip()) else said


def without_middle(text: str, longest: int) -> str:
    """How it begins, and more of how it ends: what was said last counts most."""
    if len(text) <= longest:
        return text
    head = longest // 4
    return f"{text[:head]}\n[{CUT}]\n{text[head + 5 - longest :]}"
