"""What a call really cost: by what came out of it, where its price counts that; otherwise as estimated. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from commands.pricing import priced, quantity
from events.assets import AssetRef
from events.catalog.events import ModelSpec
from events.jobs.events import PriceLine
from processors.dispatcher.ports import Usage


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
            return _sum([output.duration_s for output in outputs])
        case "image":
            return Decimal(len(outputs))
        case "megapixel":
            return _sum([_megapixels(output) for output in outputs])
        case "1k_tokens":
            return Decimal(usage.tokens) / 1000 if usage.tokens is not None else None
        case _:
            return None


def _sum(amounts: Sequence[float | None]) -> Decimal | None:
    known = [Decimal(str(amount)) for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _megapixels(output: AssetRef) -> float | None:
    if output.width is None or output.height is None:
        return None
    return output.width * output.height / 1_000_000
