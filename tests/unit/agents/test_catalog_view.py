"""The catalog is asked for nothing while plans are made: worked out once, and anew when a model or provider changes."""

from __future__ import annotations

from collections.abc import Iterable

from events.catalog.current import CatalogEntry, CurrentModel, CurrentPrompts, CurrentProvider
from processors.agents.catalog import CatalogView
from tests.unit.agents.makers import MODELS


class Copy:
    """The copy of `current.catalog`; counts how often it is gone through."""

    def __init__(self) -> None:
        self.read = 0
        self.held: list[CatalogEntry] = [CurrentModel(model=one, version=1) for one in MODELS]

    def __call__(self) -> Iterable[CatalogEntry]:
        self.read += 1
        return self.held


def test_it_is_gone_through_once_for_all_plans_until_something_of_it_changes() -> None:
    copy = Copy()
    view = CatalogView(copy)
    first = view()
    assert all(view() is first for _ in range(100))
    view.changed("prompt:platform:planner", CurrentPrompts(owner="platform", agent="planner", variants=(), version=1))
    assert view() is first
    assert copy.read == 1
    off = CurrentProvider(provider=first.models["local/merge"].provider, active=False, concurrent=1, version=1)
    copy.held.append(off)
    view.changed(f"provider:{off.provider}", off)
    assert "local/merge" not in view().models
    assert copy.read == 2
    view.changed("model:local/merge", None)
    view()
    assert copy.read == 3
