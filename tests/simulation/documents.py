"""The store of read models: documents and positions in one transaction, as `projections.stores.mongo` keeps them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from projections.applied import Document, applied
from projections.earlier import Place
from projections.writes import Blank, Write

if TYPE_CHECKING:
    from tests.simulation.world import Process

T = TypeVar("T")


@dataclass(slots=True)
class DocumentServer:
    documents: dict[Place, Document] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)

    def write(self, writes: Sequence[Write]) -> None:
        for write in writes:
            assert not isinstance(write, Blank), "nobody is forgotten here"
            place = (write.collection, write.id)
            document = applied(self.documents.get(place), write)
            if document is not None:
                self.documents[place] = document


class DocumentStore:
    """A projector's connection: its `Store`, and what it looks up before it writes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.server = process.world.documents

    async def positions(self, _name: str) -> dict[str, int]:
        return await self.call("positions", lambda: dict(self.server.positions))

    async def documents(self, collection: str, ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        def found() -> dict[str, Mapping[str, Any]]:
            there = self.server.documents
            return {name: dict(there[collection, name]) for name in sorted(ids) if (collection, name) in there}

        return await self.call("find", found)

    async def apply(self, _name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        def transaction() -> None:
            self.server.write(writes)
            self.server.positions.update(positions)

        await self.call("transaction", transaction)

    async def call(self, what: str, effect: Callable[[], T]) -> T:
        return await self._process.world.network.call(self._process, "mongo", what, effect)
