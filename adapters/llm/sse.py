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
        self._line = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Raises Broken where an event has no end."""
        self._line += piece
        while (end := self._line.find(b"\n", self._searched)) >= 0:
            line = bytes(self._line[:end]).rstrip(b"\r")
            del self._line[: end + 1]
            self._searched = 0
            if line.startswith(b"data:"):
                self._data.append(line[5:].lstrip())
                self._size += len(line)
            elif not line and self._data:
                data, self._data, self._size = b"\n".join(self._data), [], 0
                yield data
        self._searched = len(self._line)
        if self._size + len(self._line) > EVENT_BYTES_MAX:
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
