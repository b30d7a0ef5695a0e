"""What a call really cost: by what came out of it, where its price counts that; otherwise as estimated. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from commands.pricing import priced, quantity
from events.assets import AssetRef
from events.catalog.events import ModelSpec, Price
from events.jobs.events import PriceLine
from processors.dispatcher.ports import Usage


def as_agreed(spec: ModelSpec, agreed: Sequence[PriceLine] | None) -> ModelSpec:
    """The model at the price that its job was accepted at, whatever the catalog says by now."""
    if not agreed:
        return spec
    return spec.model_copy(update={"price": Price(unit=agreed[0].unit, amount=agreed[0].unit_amount)})


def actual(
    spec: ModelSpec, values: Mapping[str, Any], outputs: Sequence[AssetRef], usage: Usage
) -> tuple[tuple[PriceLine, ...], int]:
    """The lines of the bill and their total in millicredits."""
    counted = _counted(spec, outputs, usage)
    line = priced(spec.price, counted if counted is not None else quantity(spec, values))
    return (line,), line.amount


def _counted(spec: ModelSpec, outputs: Sequence[AssetRef], usage: Usage) -> Decimal | None:
    """The quantity as the result shows it; None where only the input can tell."""
    match spec.price.unit:
        case "second":
            return _sum([_seconds(output) for output in _film(outputs)])
        case "image":
            return Decimal(len(_pictures(outputs)))
        case "megapixel":
            return _sum([_megapixels(output) for output in _pictures(outputs)])
        case "1k_tokens":
            return Decimal(usage.tokens) / 1000 if usage.tokens is not None else None
        case _:
            return None


def _pictures(outputs: Sequence[AssetRef]) -> list[AssetRef]:
    return [output for output in outputs if output.media_type.startswith("image/")]


def _film(outputs: Sequence[AssetRef]) -> list[AssetRef]:
    """What runs: films, or where there is none, sound. A still or a text beside it takes no time."""
    films = [output for output in outputs if output.media_type.startswith("video/")]
    return films or [output for output in outputs if output.media_type.startswith("audio/")]


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _seconds(output: AssetRef) -> Decimal | None:
    return None if output.duration_s is None else Decimal(str(output.duration_s))


def _megapixels(output: AssetRef) -> Decimal | None:
    if output.width is None or output.height is None:
        return None
    return Decimal(output.width * output.height) / 1_000_000
