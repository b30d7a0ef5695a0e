"""The catalog as the compacted topic `current.catalog` holds it.

Keys: `model:<id>` → CurrentModel, `provider:<name>` → CurrentProvider.
"""

from __future__ import annotations

from typing import Literal

from events.catalog.events import ModelSpec
from events.model import Frozen


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
