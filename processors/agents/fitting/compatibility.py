"""How well a model fits a step: what it takes of the media at hand, how near it comes to the length, the size and the
shape wished."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from events.catalog.events import ModelSpec
from processors.agents.fitting.shapes import Shape, Turn, nearest_share, wished
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known
from processors.executor import durations
from processors.executor.slots import resolved

_SAID_SIZES: Final = (
    (re.compile(r"\b8k\b", re.IGNORECASE), 7680),
    (re.compile(r"\b(?:4k|uhd|2160p)\b", re.IGNORECASE), 3840),
    (re.compile(r"\b(?:full[- ]?hd|1080p)\b", re.IGNORECASE), 1920),
)
"""Words → pixels of the longer side."""


SHAPE_UNTOLD: Final = 0.5
"""Of a model that nobody can tell a shape: it makes its own."""


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Each from 0 to 1, where 1 is all that is wished for."""

    media: float = 1.0
    duration: float = 1.0
    size: float = 1.0
    shape: float = 1.0

    @property
    def limits(self) -> float:
        """To two places: less makes no difference between models."""
        return round(self.duration * self.size * self.shape, 2)

    def as_json(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 2) for name in ("media", "duration", "size", "shape")}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a step asks of any model: pixels, seconds and a shape, as far as it names them."""

    width: float | None = None
    height: float | None = None
    side: int | None = None
    """Of the longer one, where words such as `4k` name it."""
    duration_s: float | None = None
    shape: Shape | Turn | None = None


def wish(step: PlannedStep, known: Known) -> Wish:
    """Read once for all models that are compared."""
    return Wish(
        width=durations.seconds(step.input.get("width")),
        height=durations.seconds(step.input.get("height")),
        side=_said_size(f"{step.title} {step.description}"),
        duration_s=_duration(step, known),
        shape=wished(step.input),
    )


def compatibility(asked: Wish, model: ModelSpec, *, at_hand: frozenset[str], used: frozenset[str]) -> Compatibility:
    """`used` are those of the media `at_hand` that the model has a place for."""
    limits = model.limits
    sizes = [
        _share(limits.max_width, asked.width),
        _share(limits.max_height, asked.height),
        _share(_longest(limits.max_width, limits.max_height), asked.side),
    ]
    return Compatibility(
        media=len(used) / len(at_hand) if at_hand else 1.0,
        duration=_share(limits.max_duration_s, asked.duration_s),
        size=min(sizes),
        shape=_shape(asked.shape, model, used),
    )


def _duration(step: PlannedStep, known: Known) -> float | None:
    """Lips move for as long as the sound before them lasts."""
    if (own := durations.wished(step.input, step.description)) is not None or step.agent_type != "lipsync":
        return own
    lengths: Iterable[Any] = (one.hint.get("duration_s") for one in known.steps)
    return max((length for length in lengths if length is not None), default=None)


def _shape(said: Shape | Turn | None, model: ModelSpec, used: frozenset[str]) -> float:
    """What begins with a picture or a film keeps its shape."""
    if said is None or used & {"image", "video"}:
        return 1.0
    schema = model.input_schema
    rules = {name: resolved(rule, schema) for name, rule in schema.get("properties", {}).items()}
    share = nearest_share(said, rules)
    return SHAPE_UNTOLD if share is None else share


def _said_size(words: str) -> int | None:
    return next((pixels for pattern, pixels in _SAID_SIZES if pattern.search(words)), None)


def _longest(*sides: int | None) -> int | None:
    return max((side for side in sides if side is not None), default=None)


def _share(most: float | None, wished: float | None) -> float:
    return 1.0 if most is None or not wished or wished <= most else most / wished
