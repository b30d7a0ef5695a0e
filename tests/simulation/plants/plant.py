"""A planted bug: where it is planted, in which scenarios, and what may catch it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.simulation.scenario import Order, Scenario

Seam = Any
"""A context manager that plants something."""


@dataclass(frozen=True, slots=True)
class Plant:
    name: str
    seams: Callable[[], tuple[Seam, ...]]
    rules: frozenset[str]
    scenario: Callable[[int], Scenario]
    """By seed."""
    seeds: int = 40
    """How many are tried at most."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for seam in self.seams():
                stack.enter_context(seam)
            yield


def orders(count: int, model: str = "blind/a", **more: Any) -> tuple[Order, ...]:
    return tuple(Order(round(1.0 + 40.0 * n / count, 2), 0, model, **more) for n in range(count))
