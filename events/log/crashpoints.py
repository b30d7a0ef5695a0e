"""Crash points: named places where a test may end or freeze the process, as a kill -9 or a long pause would."""

from __future__ import annotations

import os
import signal
from typing import Final

CRASHED: Final = 137


def _parse(text: str | None) -> tuple[str, int, bool] | None:
    """`name:n` crashes at the n-th passage, `name:n:freeze` stops there until SIGCONT."""
    if not text:
        return None
    name, count, how = (*text.split(":"), "", "")[:3]
    return name, int(count or 1), how == "freeze"


_crash_at = _parse(os.environ.get("CRASH_AT"))
_passed = 0


def crashpoint(name: str) -> None:
    """A place that `CRASH_AT` may name; nothing happens there otherwise."""
    global _passed
    if _crash_at is None or _crash_at[0] != name:
        return
    _passed += 1
    if _passed != _crash_at[1]:
        return
    if _crash_at[2]:
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        os._exit(CRASHED)
