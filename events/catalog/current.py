"""The catalog as the compacted topic `current.catalog` holds it.

Keys: `model:<id>` → CurrentModel, `provider:<name>` → CurrentProvider.
"""

from __future__ import annotations

from typing import Final, Literal

from events.catalog.events import ModelSpec
from events.model import Frozen

FLEET: Final = "fleet"
DEFAULT_CONCURRENT: Final = 8
UNLIMITED: Final = 100_000
"""The most that can be set: in effect, no limit but what the fleet's workers take."""


class CurrentModel(Frozen):
    kind: Literal["model"] = "model"
    model: ModelSpec
    version: int


class CurrentProvider(Frozen):
    kind: Literal["provider"] = "provider"
    provider: str
    active: bool
    concurrent: int
    per_api: dict[str, int] = {}
    version: int


def unsaid(provider: str) -> CurrentProvider:
    """What holds for a provider that models name and of which nobody has said anything."""
    concurrent = UNLIMITED if provider == FLEET else DEFAULT_CONCURRENT
    return CurrentProvider(provider=provider, active=True, concurrent=concurrent, version=0)


BREAKERS = "breakers"
"""A hash in Redis: `provider/model` → until when its calls wait. What is past counts nothing."""


def breaker_field(provider: str, model: str) -> str:
    return f"{provider}\x1f{model}"
