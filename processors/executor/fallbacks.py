"""Which models may do a step where one has failed: safe ones after a refusal, other providers after their troubles.

Pure. The order is the order in which they are tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from commands.canvas.commands import FALLBACKS_MAX
from events.catalog.current import FLEET
from events.catalog.events import ModelSpec
from events.jobs.events import Category
from processors.executor.slots import media_slots

SAFE: Final[frozenset[Category]] = frozenset({"content_policy"})
"""Another model may think otherwise, one that is known to be mild most of all."""
ELSEWHERE: Final[frozenset[Category]] = frozenset(
    {"billing", "outage", "rate_limit", "timeout", "contract", "lease_expired"}
)
"""The provider's troubles, or ours with it."""
_UNLIKE: Final = 10**9


def fallbacks(failed: ModelSpec, models: Iterable[ModelSpec], category: Category) -> tuple[str, ...]:
    """None where the fault was the input's, for no model would take it."""
    if category not in SAFE | ELSEWHERE:
        return ()
    fitting = [model for model in models if _may_do(model, failed, category)]
    fitting.sort(key=lambda model: _distance(model, failed))
    return tuple(model.id for model in fitting[:FALLBACKS_MAX])


def _may_do(model: ModelSpec, failed: ModelSpec, category: Category) -> bool:
    """It makes what the failed one makes, from nothing that the failed one would not have had."""
    if not model.usable or model.id == failed.id or model.agent_type != failed.agent_type:
        return False
    if category in SAFE and not model.safe:
        return False
    if category in ELSEWHERE and model.provider == failed.provider:
        return False
    makes = set(failed.media_out) <= set(model.media_out)
    return makes and _needs(model) <= set(failed.media_in)


def _needs(model: ModelSpec) -> set[str]:
    return {kind for slot in media_slots(model.input_schema) if slot.required for kind in slot.kinds}


def _distance(model: ModelSpec, failed: ModelSpec) -> tuple[bool, int, int, int, str]:
    """What takes the same media, is praised for the same things, and costs about the same, comes first.

    Our own workers come last where they were not asked: their engines may be stand-ins.
    """
    ours = model.provider == FLEET != failed.provider
    media = len(set(failed.media_in) ^ set(model.media_in))
    tags = -len(set(model.tags) & set(failed.tags))
    return ours, media, tags, _price_apart(model, failed), model.id


def _price_apart(model: ModelSpec, failed: ModelSpec) -> int:
    """Prices of unlike units are not compared."""
    if model.price.unit != failed.price.unit:
        return _UNLIKE
    return abs(model.price.amount - failed.price.amount)
