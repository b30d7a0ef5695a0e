"""Commands of the catalog decider, keyed by model, provider or an owner's prompts of an agent."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field

from commands.model import Command
from events.catalog.current import DEFAULT_CONCURRENT, UNLIMITED, prompts_key
from events.catalog.events import ModelSpec

NAME: Final = r"^[a-z][a-z0-9_]{0,63}$"
VARIANT: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
WEIGHT_MAX: Final = 1000

Weight = Annotated[int, Field(strict=True, ge=0, le=WEIGHT_MAX)]
"""A variant's share of new sessions, against those of the same agent's others; 0 takes none."""


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


class AnnounceModel(CatalogCommand):
    """A worker of the fleet has it now, or none has it any more."""

    model_id: str
    announced: bool

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


class PromptCommand(CatalogCommand):
    """`owner` is `platform`, or the organisation that asks."""

    owner: str
    agent: str = Field(pattern=NAME)

    @property
    def route(self) -> str:
        return prompts_key(self.owner, self.agent)


class PublishPrompt(PromptCommand):
    """The next version of a variant; the same text and model again are none.

    With a `source_hash` it comes from a shipped file: applied only where that file changed since it was last applied.
    """

    variant: str = Field(pattern=VARIANT)
    text: str
    model: str | None = Field(default=None, min_length=1, max_length=200)
    weight: Weight | None = None
    """None: as it is."""
    based_on: int | None = Field(default=None, ge=0)
    """The version that the text was written from, 0 for none: refused where a newer one stands by now."""
    source_hash: str | None = None


class WeighPrompts(PromptCommand):
    """New shares of variants, all at once; those that are not named stay as they are."""

    weights: dict[str, Weight] = Field(min_length=1)


CATALOG_COMMANDS: tuple[type[CatalogCommand], ...] = (
    ListModel,
    ChangeModel,
    WithdrawModel,
    AnnounceModel,
    ChangeProvider,
    PublishPrompt,
    WeighPrompts,
)
