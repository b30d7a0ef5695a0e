"""What a store of documents can hold of a JSON value: one that it cannot would stop a projector for ever."""

from __future__ import annotations

from typing import Any, Final

INTEGER_MAX: Final = 2**63 - 1
DEPTH_MAX: Final = 90
"""MongoDB takes 100 levels, the document's own among them."""


def unstorable(value: Any, depth_max: int = DEPTH_MAX) -> str | None:
    """Why no document can hold the value, as the end of a sentence; None where one can."""
    level = [value]
    for _ in range(depth_max + 1):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                if any("\0" in name for name in one):
                    return "has a name with a NUL character"
                inner += one.values()
            elif isinstance(one, list):
                inner += one
            elif isinstance(one, int) and abs(one) > INTEGER_MAX:
                return "has an integer of more than 64 bits"
        if not inner:
            return None
        level = inner
    return f"is nested more than {depth_max} levels deep"
