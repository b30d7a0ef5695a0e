"""The catalog as the compacted topic `current.catalog` holds it.

Keys: `model:<id>` → CurrentModel, `provider:<name>` → CurrentProvider, `prompt:<owner>:<agent>` → CurrentPrompts.
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

    def takes(self, model: str) -> bool:
        """Whether it does anything of this model: neither switched off, nor held at none at once."""
        return self.active and self.concurrent > 0 and self.per_api.get(model) != 0


PLATFORM: Final = "platform"
"""Who owns the prompts that all organisations share; an organisation's own are its id's."""


class PromptVersion(Frozen):
    version: int
    text: str
    model: str | None = None


class PromptVariant(Frozen):
    """`versions` are the newest few, the newest last: sessions that began under an older one stay with it."""

    variant: str
    weight: int
    versions: tuple[PromptVersion, ...]

    @property
    def newest(self) -> PromptVersion:
        return self.versions[-1]


class CurrentPrompts(Frozen):
    """All variants of one agent's prompt that one owner has published."""

    kind: Literal["prompts"] = "prompts"
    owner: str
    agent: str
    variants: tuple[PromptVariant, ...]
    version: int

    def variant(self, name: str) -> PromptVariant | None:
        return next((one for one in self.variants if one.variant == name), None)


def prompts_key(owner: str, agent: str) -> str:
    return f"prompt:{owner}:{agent}"


CatalogEntry = CurrentModel | CurrentProvider | CurrentPrompts
_KINDS: Final[dict[str, type[CurrentModel] | type[CurrentProvider] | type[CurrentPrompts]]] = {
    "model": CurrentModel,
    "provider": CurrentProvider,
    "prompt": CurrentPrompts,
}


def catalog_entry(key: str, value: bytes) -> CatalogEntry:
    """A record's value, by its key's kind. Raises KeyError for a kind that nobody knows."""
    return _KINDS[key.partition(":")[0]].model_validate_json(value)


def unsaid(provider: str) -> CurrentProvider:
    """What holds for a provider that models name and of which nobody has said anything."""
    concurrent = UNLIMITED if provider == FLEET else DEFAULT_CONCURRENT
    return CurrentProvider(provider=provider, active=True, concurrent=concurrent, version=0)


BREAKERS = "breakers:told"
"""A hash in Redis: `provider/model` → `Troubled`. What is past counts nothing."""
TroubleKind = Literal["open", "half_open", "paused"]


class Troubled(Frozen):
    """Why calls wait, and until when at most. `half_open`: for the one that was let through to find out; `open`: until
    one is; `paused`: as long as the provider has asked for."""

    state: TroubleKind
    until: str


def breaker_field(provider: str, model: str) -> str:
    return f"{provider}\x1f{model}"
