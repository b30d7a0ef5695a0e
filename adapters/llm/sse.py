"""The events of a streamed answer: its bytes cut into JSON values, bounded whatever the server sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson

from adapters.llm.failures import Broken

EVENT_BYTES_MAX: Final = 4 * 1024 * 1024


class EventReader:
    """Feed bytes, get the data of each server-sent event that they complete. What is no event is passed over."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        """Pieces of a line whose end has not come."""
        self._begun_size = 0
        self._data: list[bytes] = []
        self._data_size = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Raises Broken where an event has no end."""
        self._begun.append(piece)
        self._begun_size += len(piece)
        if b"\n" in piece:
            *lines, rest = b"".join(self._begun).split(b"\n")
            self._begun, self._begun_size = [rest], len(rest)
            for line in lines:
                if line.startswith(b"data:"):
                    self._data.append(line[5:].strip())
                    self._data_size += len(line)
                elif self._data and line in (b"", b"\r"):
                    data, self._data, self._data_size = b"\n".join(self._data), [], 0
                    yield data
        if self._data_size + self._begun_size > EVENT_BYTES_MAX:
            raise Broken("an event without end")


def value_of(data: bytes) -> Any:
    """The JSON value of an event or an answer. Half a surrogate pair is let through. Raises Broken."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Broken("what the server sent is no JSON") from error
