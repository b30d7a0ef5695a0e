"""Which models the fleet's workers announce, against what the catalog says of them. Pure.

Only models that a default installation cannot run are looked at (`announced` is set in their entry). One is usable as
soon as a worker announces it, and until nobody has for a minute: a worker that starts anew takes nothing away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from events.catalog.events import ModelSpec

GONE_FOR: Final = timedelta(minutes=1)
ASK_AGAIN: Final = timedelta(seconds=10)
"""What was asked for and does not show in the catalog is asked for again."""


@dataclass(frozen=True, slots=True)
class Announce:
    """The catalog shall say so."""

    model_id: str
    announced: bool


class Announcements:
    """As many entries as the catalog has models of that kind."""

    def __init__(self) -> None:
        self._listed: dict[str, bool] = {}
        self._seen: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}

    def on_model(self, spec: ModelSpec) -> None:
        """An entry of the catalog as it stands now."""
        self._asked.pop(spec.id, None)
        if spec.announced is None:
            self._listed.pop(spec.id, None)
            self._seen.pop(spec.id, None)
        else:
            self._listed[spec.id] = spec.announced

    def on_fleet(self, served: frozenset[str], now: datetime) -> list[Announce]:
        """The models of all workers that are registered now."""
        changes = ((model, self._changed(model, served, now)) for model in self._listed)
        return [Announce(model, there) for model, there in changes if there is not None]

    def _changed(self, model: str, served: frozenset[str], now: datetime) -> bool | None:
        """What the catalog shall say instead; None: nothing, or it was asked a moment ago."""
        if model in served:
            self._seen[model] = now
        listed, seen = self._listed[model], self._seen.setdefault(model, now)
        there = model in served or (listed and now - seen < GONE_FOR)
        if there == listed or now - self._asked.get(model, now - ASK_AGAIN) < ASK_AGAIN:
            return None
        self._asked[model] = now
        return there
