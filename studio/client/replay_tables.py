"""Movements as tables for other programs: CSV for spreadsheets, Parquet for analysts."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Protocol

import arro3.core as arrow
import orjson
from arro3.io import write_parquet

from projections.audit.account import MOVED

LEFT: Final = ("available", "allocations", "reserved", "spent")
CAUSE: Final = ("actor", "session_id", "plan_id", "run_id", "step_id", "step_title", "model", "prompt")
NUMBERS: Final = ("seq", *MOVED, "uncollected", *(f"{name}_after" for name in LEFT))
COLUMNS: Final = (
    "seq", "at", "kind", "entry_id", *MOVED, "uncollected", *(f"{name}_after" for name in LEFT), "job_id",
    "project_id", "reason", *CAUSE, "prev_hash", "hash",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would take for the beginning of a formula."""
GROUP: Final = 20_000


class Table(Protocol):
    """A context manager. The file is there whole, or not at all."""

    def __enter__(self) -> Table: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def add(self, movement: Mapping[str, Any]) -> None: ...


class CsvTable:
    """Amounts in millicredits; text that a spreadsheet would run is marked as text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.part")

    def __enter__(self) -> CsvTable:
        self._file = self._draft.open("w", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file)
        self._rows.writerow(COLUMNS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            self._draft.replace(self._path)
        else:
            self._draft.unlink()

    def add(self, movement: Mapping[str, Any]) -> None:
        row = row_of(movement)
        self._rows.writerow([_cell(row.get(name)) for name in COLUMNS])


class ParquetTable:
    """Typed columns, `at` as text as on the log. Rows wait in a temporary file, so that memory stays flat."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.part")

    def __enter__(self) -> ParquetTable:
        self._rows: IO[bytes] = tempfile.TemporaryFile(dir=self._path.parent)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._rows:
            if kind is not None:
                return
            try:
                self._rows.seek(0)
                reader = arrow.RecordBatchReader.from_batches(SCHEMA, self._batches())
                write_parquet(reader, self._draft, compression="zstd(3)", max_row_group_size=10 * GROUP)
                self._draft.replace(self._path)
            finally:
                self._draft.unlink(missing_ok=True)

    def add(self, movement: Mapping[str, Any]) -> None:
        row = row_of(movement)
        self._rows.write(orjson.dumps([row.get(name) for name in COLUMNS], option=orjson.OPT_APPEND_NEWLINE))

    def _batches(self) -> Iterator[arrow.RecordBatch]:
        rows: list[list[Any]] = []
        for line in self._rows:
            rows.append(orjson.loads(line))
            if len(rows) == GROUP:
                yield _batch(rows)
                rows = []
        yield _batch(rows)


def row_of(movement: Mapping[str, Any]) -> dict[str, Any]:
    left = {**movement["balances"], "allocations": sum(movement["balances"]["allocations"].values())}
    after = {f"{name}_after": left[name] for name in LEFT}
    cause = {name: value for name, value in movement["cause"].items() if name in CAUSE}
    return {**movement, **movement["moves"], **after, **cause}


def _type(name: str) -> arrow.DataType:
    return arrow.DataType.int64() if name in NUMBERS else arrow.DataType.utf8()


SCHEMA: Final = arrow.Schema([arrow.Field(name, _type(name)) for name in COLUMNS])


def _batch(rows: list[list[Any]]) -> arrow.RecordBatch:
    columns = [[row[at] for row in rows] for at in range(len(COLUMNS))]
    arrays = [arrow.Array(column, _type(name)) for name, column in zip(COLUMNS, columns, strict=True)]
    return arrow.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
