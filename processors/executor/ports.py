"""What the executor asks of the outside: the catalog's copy and stored streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from events.catalog.events import ModelSpec
from events.envelope import Recorded


class Models(Protocol):
    async def find(self, model_id: str) -> ModelSpec | None:
        """The model as the catalog has it now; a new one may take a moment to appear."""
        ...

    def all(self, org_id: str) -> Sequence[ModelSpec]:
        """Every model that the catalog has now, whose provider takes it, and that the organisation's limits allow."""
        ...


class StoredStreams(Protocol):
    async def read(self, subject: str, upto_version: int) -> Sequence[Recorded]:
        """All events of a stream up to a version. Raises Unavailable while they are not stored yet."""
        ...

    async def of_plan(self, plan_id: str, upto_version: int) -> Sequence[Recorded]:
        """What a plan is made of as of a version. Raises Unavailable while it is not stored yet."""
        ...
