"""Events of the catalog: one stream per model, provider or prompt."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from events.canvas.plan_events import AgentType
from events.model import Event, Frozen, Money

PriceUnit = Literal["run", "second", "image", "megapixel", "1k_chars", "1k_tokens"]


class Price(Frozen):
    """Millicredits per unit."""

    unit: PriceUnit
    amount: Money


class ModelLimits(Frozen):
    max_width: int | None = None
    max_height: int | None = None
    max_duration_s: float | None = None
    max_runtime_s: int = Field(default=180, ge=1, le=7200)


class ModelSpec(Frozen):
    """A model as the catalog lists it. `input_schema` is JSON Schema; media fields carry `x-media`."""

    id: str
    title: str
    description: str = ""
    media_in: tuple[str, ...] = ()
    media_out: tuple[str, ...]
    agent_type: AgentType
    input_schema: dict[str, Any]
    limits: ModelLimits = ModelLimits()
    price: Price
    provider: str
    provider_model: str | None = None
    """The provider's own name of it, where it differs from `id`."""
    elsewhere: dict[str, str] | None = None
    """Its names at other providers that take the same input: `provider` alone moves it there."""
    active: bool = True
    safe: bool = False
    """A known-safe fallback of its medium."""
    tags: tuple[str, ...] = ()
    announced: bool | None = None
    """Whether a worker of the fleet has it, where a default installation cannot run it; None: any worker can."""

    def called_at(self, provider: str) -> str:
        """The name under which that provider knows it."""
        return (self.elsewhere or {}).get(provider) or self.provider_model or self.id

    @property
    def usable(self) -> bool:
        """By its own entry; its provider may be switched off all the same."""
        return self.active and self.announced is not False


class CatalogEvent(Event):
    context: ClassVar[str] = "catalog"


class ModelListed(CatalogEvent):
    """`source_hash` is that of the file entry it came from, so that a restart never undoes an admin's change."""

    name: ClassVar[str] = "model_listed"
    model: ModelSpec
    source_hash: str


class ModelChanged(CatalogEvent):
    name: ClassVar[str] = "model_changed"
    model: ModelSpec
    source_hash: str | None = None


class ModelWithdrawn(CatalogEvent):
    name: ClassVar[str] = "model_withdrawn"
    model_id: str


class ModelAnnounced(CatalogEvent):
    """A worker of the fleet has it now, or none has it any more."""

    name: ClassVar[str] = "model_announced"
    model_id: str
    announced: bool


class ProviderChanged(CatalogEvent):
    name: ClassVar[str] = "provider_changed"
    provider: str
    active: bool
    concurrent: int
    per_api: dict[str, int] = {}


class PromptPublished(CatalogEvent):
    """The next version of a variant. Prompts are the house's own words, nobody's personal text: they stand plain."""

    name: ClassVar[str] = "prompt_published"
    owner: str
    """`platform` or an org id."""
    agent: str
    variant: str
    version: int
    """Of this variant: 1, 2, …"""
    text: str
    model: str | None = None
    """The language model that it is meant for, where that is not the configured one."""
    source_hash: str | None = None
    """Of the shipped file that it came from, so that a restart never undoes an admin's change."""


class PromptWeighted(CatalogEvent):
    """The variant's share of new sessions, against those of the same agent's others; 0 takes none."""

    name: ClassVar[str] = "prompt_weighted"
    owner: str
    agent: str
    variant: str
    weight: int


CATALOG_EVENTS: tuple[type[CatalogEvent], ...] = (
    ModelListed,
    ModelChanged,
    ModelWithdrawn,
    ModelAnnounced,
    ProviderChanged,
    PromptPublished,
    PromptWeighted,
)
