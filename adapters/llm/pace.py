"""How often streams are read: each word at once where few come, several together where many do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

READS_PER_S: Final = 2_000
"""Of all streams of a process together. A read costs the same whether it finds one word or ten."""
SHORTEST_S: Final = 0.02
"""Words come no closer: a shorter pause would find no more of them."""
LONGEST_S: Final = 0.1


class Pace:
    """Of the streams that a process reads at this moment."""

    def __init__(self) -> None:
        self._streams = 0

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Counts one more for as long as the block lasts."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @property
    def pause_s(self) -> float:
        """Between two reads of one stream."""
        pause = min(self._streams / READS_PER_S, LONGEST_S)
        return pause if pause >= SHORTEST_S else 0.0
