"""What a store of documents can hold of a JSON value: one that it cannot would stop a projector for ever."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

INTEGER_MAX: Final = 2**63 - 1
DEPTH_MAX: Final = 90
"""MongoDB takes 100 levels, the document's own among them."""


class Unstorable(NamedTuple):
    """Where a value holds what no document can, as the steps that lead there, and why, as the end of a sentence."""

    path: tuple[str | int, ...]
    why: str


def unstorable(value: Any, depth_max: int = DEPTH_MAX) -> Unstorable | None:
    """The first thing in the value, level by level, that no document can hold; None where one holds it all."""
    level: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    for _ in range(depth_max + 1):
        inner: list[tuple[tuple[str | int, ...], Any]] = []
        for path, one in level:
            if isinstance(one, dict):
                if any("\0" in name for name in one):
                    return Unstorable(path, "has a name with a NUL character")
                inner += [((*path, name), held) for name, held in one.items()]
            elif isinstance(one, list):
                inner += [((*path, number), held) for number, held in enumerate(one)]
            elif isinstance(one, int) and abs(one) > INTEGER_MAX:
                return Unstorable(path, "is an integer of more than 64 bits")
        if not inner:
            return None
        level = inner
    return Unstorable(level[0][0][:1], f"is nested more than {depth_max} levels deep")
