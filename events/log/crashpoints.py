"""Crash points: named places where a test may end the process, as a kill -9 would."""

from __future__ import annotations

import os
from typing import Final

CRASHED: Final = 137


def _parse(text: str | None) -> tuple[str, int] | None:
    if not text:
        return None
    name, _, count = text.partition(":")
    return name, int(count or 1)


_crash_at = _parse(os.environ.get("CRASH_AT"))
_passed = 0


def crashpoint(name: str) -> None:
    """Ends the process at the n-th passage of the place that `CRASH_AT=name:n` names."""
    global _passed
    if _crash_at is None or _crash_at[0] != name:
        return
    _passed += 1
    if _passed == _crash_at[1]:
        os._exit(CRASHED)
