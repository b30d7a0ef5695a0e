"""An export file: what one organisation has on the log, a line a record, so that it can be verified anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from events.log.clients import Record

FORMAT: Final = 1
CHUNK: Final = 100
"""Records handed over at once: few enough for the processor's cache."""
NUMBERS: Final = {"partition": 2**16, "offset": 2**63, "timestamp": 2**63}
"""Members of a record, and what they are less than."""


class NoExport(Exception):
    """The file is no export, or of a kind that this program does not know."""


def header(path: Path) -> dict[str, Any]:
    """The first line. Raises NoExport."""
    with path.open("rb") as file:
        try:
            found = orjson.loads(file.readline())
        except orjson.JSONDecodeError as error:
            raise NoExport(f"{path} is no export") from error
    if not isinstance(found, dict) or found.get("export") != FORMAT:
        raise NoExport(f"{path} does not begin with the header of an export of kind {FORMAT}")
    return found


def records(path: Path, topic: str | None = None) -> Iterator[list[Record]]:
    """Batches of one topic's records each, in the file's order. Raises NoExport at a line that is no record."""
    batch: list[Record] = []
    with path.open("rb") as file:
        file.readline()
        for number, line in enumerate(file, start=2):
            record = _record(line, f"{path}, line {number}")
            if topic not in (None, record.topic):
                continue
            if batch and (record.topic != batch[0].topic or len(batch) >= CHUNK):
                yield batch
                batch = []
            batch.append(record)
    if batch:
        yield batch


def as_line(record: Record) -> bytes:
    """One record, data as they are on the log."""
    return orjson.dumps(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": record.timestamp,
            "key": None if record.key is None else record.key.decode(),
            "headers": {name: value.decode() for name, value in record.headers},
            "data": orjson.loads(record.value),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _record(line: bytes, where: str) -> Record:
    try:
        one = orjson.loads(line)
        headers = tuple((name, value.encode()) for name, value in one["headers"].items())
        key, value = one["key"], orjson.dumps(one["data"])
        if type(one["topic"]) is not str or not all(
            type(one[name]) is int and 0 <= one[name] < most for name, most in NUMBERS.items()
        ):
            raise ValueError("topic, partition, offset or timestamp")  # noqa: TRY301 - one message for all of it
        return Record(
            topic=one["topic"],
            partition=one["partition"],
            offset=one["offset"],
            timestamp=one["timestamp"],
            timestamp_type=0,
            key=None if key is None else key.encode(),
            value=value,
            checksum=None,
            serialized_key_size=-1,
            serialized_value_size=len(value),
            headers=headers,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NoExport(f"{where}: no record: {error!r}") from error
