"""What an auditor finds wrong, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from events.log.clients import Record


@dataclass(frozen=True, slots=True)
class Fault:
    """`rule` is a code; `place` is `topic/partition/offset`, absent where something is missing from the log."""

    rule: str
    detail: str
    org_id: str | None = None
    seq: int | None = None
    place: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        where = [self.org_id, None if self.seq is None else f"entry {self.seq}", self.place]
        return f"{self.rule}: {self.detail} ({', '.join(word for word in where if word)})"


Say = Callable[[Fault], None]


def place(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"
