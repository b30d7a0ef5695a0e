"""A persistent map: a change copies one small chunk of it, and chunks that did not change are packed once."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

V = TypeVar("V")

CHUNK: Final = 24
"""About the square root of the most that a table is made for, 500: a change copies a chunk and the list of chunks."""


class _Chunk(Generic[V]):
    """Some values in a row. Its pickled form is kept, for a state is written far more often than most of it changes."""

    __slots__ = ("_packed", "values")

    def __init__(self, values: tuple[V, ...]) -> None:
        self.values = values
        self._packed: bytes | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Chunk) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._packed is None:
            self._packed = pickle.dumps(self.values, 5)
        return _unpacked, (self._packed,)


def _unpacked(packed: bytes) -> _Chunk[Any]:
    chunk: _Chunk[Any] = _Chunk(pickle.loads(packed))  # our own state, packed above
    chunk._packed = packed
    return chunk


class Table(Mapping[str, V]):
    """Immutable; keys stay in the order in which they came. `put` costs the same in a table of 10 and of 500."""

    __slots__ = ("_chunks", "_places")

    def __init__(self, items: Iterable[tuple[str, V]] = ()) -> None:
        found = dict(items)
        values = tuple(found.values())
        self._places = {key: place for place, key in enumerate(found)}
        self._chunks = tuple(_Chunk(values[begin : begin + CHUNK]) for begin in range(0, len(values), CHUNK))

    def __getitem__(self, key: str) -> V:
        place = self._places[key]
        return self._chunks[place // CHUNK].values[place % CHUNK]

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self._places == other._places and self._chunks == other._chunks

    def __hash__(self) -> int:
        return hash(tuple(self._places))

    def __repr__(self) -> str:
        return f"Table({dict(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._places, self._chunks)

    def put(self, key: str, value: V) -> Table[V]:
        """The table with this value under the key; a new key comes last."""
        place = self._places.get(key)
        if place is None:
            return self._with_last(key, value)
        number, place = place // CHUNK, place % CHUNK
        values = self._chunks[number].values
        chunk = _Chunk((*values[:place], value, *values[place + 1 :]))
        return _restored(self._places, (*self._chunks[:number], chunk, *self._chunks[number + 1 :]))

    def put_all(self, changes: Mapping[str, V]) -> Table[V]:
        """Copies each chunk that is touched once, however many of its values change."""
        if not changes.keys() <= self._places.keys():
            return Table((*self.items(), *changes.items()))
        touched: dict[int, list[V]] = {}
        for key, value in changes.items():
            chunk, place = divmod(self._places[key], CHUNK)
            if chunk not in touched:
                touched[chunk] = list(self._chunks[chunk].values)
            touched[chunk][place] = value
        chunks = list(self._chunks)
        for number, values in touched.items():
            chunks[number] = _Chunk(tuple(values))
        return _restored(self._places, tuple(chunks))

    def _with_last(self, key: str, value: V) -> Table[V]:
        places = {**self._places, key: len(self._places)}
        if len(self._places) % CHUNK == 0:
            return _restored(places, (*self._chunks, _Chunk((value,))))
        return _restored(places, (*self._chunks[:-1], _Chunk((*self._chunks[-1].values, value))))

    def place(self, key: str) -> int:
        """Where the key stands in the order of keys."""
        return self._places[key]


def _restored(places: dict[str, int], chunks: tuple[_Chunk[V], ...]) -> Table[V]:
    table: Table[V] = Table.__new__(Table)
    table._places, table._chunks = places, chunks
    return table
