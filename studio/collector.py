"""Python's garbage collector, for processes that hold or pass through many objects."""

from __future__ import annotations

import gc


def tune_collector() -> None:
    """Looks for cycles every 20,000 new objects, not every 700, and seldom through the old ones.

    The gateway keeps copies of hundreds of thousands of objects for ever, which cost it an eighth of its time; the
    verifier passes millions through, which cost it a quarter.
    """
    gc.set_threshold(20_000, 25, 25)
