"""Platforms that many tests share: each ends with its last test, for one that stands idle takes an eighth of a core."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

T = TypeVar("T")
_open: dict[str, ExitStack] = {}


@contextmanager
def shared(name: str, manager: AbstractContextManager[T]) -> Iterator[T]:
    """Within the block the platform is up, unless its end comes before."""
    with ExitStack() as stack:
        _open[name] = stack
        try:
            yield stack.enter_context(manager)
        finally:
            del _open[name]


def end_all_but(names: Collection[str]) -> None:
    """Ends those that are open under another name; nobody may ask for them again."""
    for name, stack in _open.items():
        if name not in names:
            stack.close()
