"""What an answer came to, whichever agent gave it, and how two of them are compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Judgement = Literal["better", "worse", "other", "same"]
"""`other`: it holds up as well, but says something else."""


@dataclass(frozen=True, slots=True)
class Figures:
    tokens_in: int
    tokens_out: int
    ms: int
    model: str = ""
    """Which language model answered; empty where none did."""


class Outcome(Protocol):
    """An answer as the platform would take it today."""

    @property
    def figures(self) -> Figures: ...

    @property
    def error(self) -> str | None:
        """No model answered: the category."""
        ...

    @property
    def well_formed(self) -> bool:
        """Its JSON needed no repair."""
        ...

    @property
    def rank(self) -> tuple[int, ...]:
        """The larger, the better it holds up."""
        ...

    @property
    def content(self) -> object:
        """Equal where two of one rank come to the same."""
        ...

    @property
    def in_short(self) -> str: ...

    def as_json(self) -> Mapping[str, Any]: ...


def compared(before: Outcome, after: Outcome) -> Judgement:
    if before.rank != after.rank:
        return "better" if after.rank > before.rank else "worse"
    return "same" if before.content == after.content else "other"
