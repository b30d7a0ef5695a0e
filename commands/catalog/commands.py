"""Commands of the catalog decider, keyed by model or provider."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from commands.model import Command
from events.catalog.current import DEFAULT_CONCURRENT, UNLIMITED
from events.catalog.events import ModelSpec


class CatalogCommand(Command):
    context: ClassVar[str] = "catalog"


class ListModel(CatalogCommand):
    """A model from a file; applied only when the hash of its own entry changed since it was last applied."""

    model: ModelSpec
    source_hash: str

    @property
    def route(self) -> str:
        return f"model:{self.model.id}"


class ChangeModel(CatalogCommand):
    """An admin's word: kept until another admin's, or until the file's entry changes."""

    model: ModelSpec

    @property
    def route(self) -> str:
        return f"model:{self.model.id}"


class WithdrawModel(CatalogCommand):
    model_id: str

    @property
    def route(self) -> str:
        return f"model:{self.model_id}"


class ChangeProvider(CatalogCommand):
    provider: str
    active: bool = True
    concurrent: int = Field(default=DEFAULT_CONCURRENT, ge=0, le=UNLIMITED)
    per_api: dict[str, int] = {}

    @property
    def route(self) -> str:
        return f"provider:{self.provider}"


CATALOG_COMMANDS: tuple[type[CatalogCommand], ...] = (ListModel, ChangeModel, WithdrawModel, ChangeProvider)
