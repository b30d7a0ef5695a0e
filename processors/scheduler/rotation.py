"""A weighted round robin over keys that come and go: who has had the least for its weight is first."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

K = TypeVar("K")

_SCALE = 1_000_000_000
_SLACK = 64


class Rotation(Generic[K]):
    """Stride scheduling on integers: each turn moves a key's pass on by 1/weight; every call is O(log n).

    A key that comes in joins at the end of the present round: it saves up no turns, nobody is put off for ever by
    a stream of newcomers, and who has just had its turn and comes back at once gains nothing.
    """

    def __init__(self) -> None:
        self._passes: dict[K, int] = {}
        self._weights: dict[K, int] = {}
        self._left: dict[K, int] = {}
        """Whose turn is still to come and who takes no part: until the clock has come to it."""
        self._left_heap: list[tuple[int, int, K]] = []
        self._heap: list[tuple[int, int, K]] = []
        self._clock = 0
        self._turn = 0

    def __contains__(self, key: K) -> bool:
        return key in self._passes

    def __len__(self) -> int:
        return len(self._passes)

    def enter(self, key: K, weight: int = 1) -> None:
        """Takes part from now on, or goes on with another weight."""
        self._weights[key] = weight
        if key not in self._passes:
            self._push(key, max(self._left.pop(key, 0), self._clock + _SCALE // weight))

    def leave(self, key: K) -> None:
        """Takes no part until it enters again."""
        if key in self._passes:
            self._remember(key, self._passes.pop(key))
            del self._weights[key]

    def first(self) -> K | None:
        """Whose turn it is; it stays so until it is charged or leaves."""
        while self._heap:
            turn, _, key = self._heap[0]
            if self._passes.get(key) == turn:
                return key
            heapq.heappop(self._heap)
        return None

    def charge(self, key: K, weight: int = 1) -> None:
        """It has had its turn, whether it takes part at the moment or not."""
        if key in self._passes:
            before = self._passes[key]
            self._clock = max(self._clock, before)
            self._push(key, before + _SCALE // self._weights[key])
        else:
            before = max(self._left.get(key, 0), self._clock)
            self._clock = max(self._clock, before)
            self._remember(key, before + _SCALE // weight)

    def leaders(self, count: int) -> list[K]:
        """Some of those whose turn is near, soonest first; for showing, not for deciding."""
        near = sorted(entry for entry in self._heap[: 2 * count] if self._passes.get(entry[2]) == entry[0])
        return list(dict.fromkeys(entry[2] for entry in near))[:count]

    def _push(self, key: K, turn: int) -> None:
        self._passes[key] = turn
        self._entered(self._heap, self._passes, key, turn)

    def _remember(self, key: K, turn: int) -> None:
        if turn > self._clock:
            self._left[key] = turn
            self._entered(self._left_heap, self._left, key, turn)
        while self._left_heap and self._left_heap[0][0] <= self._clock:
            turn, _, key = heapq.heappop(self._left_heap)
            if self._left.get(key) == turn:
                del self._left[key]

    def _entered(self, heap: list[tuple[int, int, K]], valid: dict[K, int], key: K, turn: int) -> None:
        """What does not hold any more goes once there is more of it than of the rest."""
        self._turn += 1
        heapq.heappush(heap, (turn, self._turn, key))
        if len(heap) > 2 * len(valid) + _SLACK:
            heap[:] = [entry for entry in heap if valid.get(entry[2]) == entry[0]]
            heapq.heapify(heap)
