"""What was found to be broken: the first of it counts, and ends the run as soon as somebody asks."""

from __future__ import annotations

from collections.abc import Callable


class Violation(Exception):
    """`rule` names the invariant."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(rule, detail)
        self.rule = rule
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.rule}: {self.detail}"


class Findings:
    """Kept, and not raised where they are made: that is inside of somebody else's callback."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._first: Violation | None = None

    def demand(self, holds: bool, rule: str, detail: str) -> None:
        if not holds:
            self.fail(rule, detail)

    def fail(self, rule: str, detail: str) -> None:
        self._tell(f"VIOLATION {rule}: {detail}")
        self._first = self._first or Violation(rule, detail)

    def raise_first(self) -> None:
        if self._first is not None:
            raise self._first
