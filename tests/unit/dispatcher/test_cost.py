"""What a call really cost."""

from __future__ import annotations

from typing import Any

import pytest

from events.assets import AssetRef
from events.catalog.events import ModelSpec, Price, PriceUnit
from processors.dispatcher.cost import actual
from processors.dispatcher.ports import Usage


def spec(unit: PriceUnit, amount: int = 100) -> ModelSpec:
    return ModelSpec(
        id="m", title="m", media_out=("image",), agent_type="image", input_schema={},
        price=Price(unit=unit, amount=amount), provider="p",
    )  # fmt: skip


def output(**measures: Any) -> AssetRef:
    return AssetRef(asset_id="ast_1", sha256="0" * 64, bytes=1, media_type="image/png", **measures)


@pytest.mark.parametrize(
    ("unit", "values", "outputs", "usage", "quantity", "amount"),
    [
        ("run", {}, [output(), output()], Usage(), "1", 100),
        ("image", {"num_images": 4}, [output(), output(), output()], Usage(), "3", 300),
        ("second", {"duration": 10}, [output(duration_s=4.2)], Usage(), "4.2", 420),
        ("second", {"duration": 10}, [output(duration_s=2.001), output(duration_s=1.0)], Usage(), "3.001", 301),
        ("second", {"duration": 10}, [output()], Usage(seconds=3), "10", 1000),
        ("megapixel", {}, [output(width=1920, height=1080)], Usage(), "2.0736", 208),
        ("1k_tokens", {"prompt": "x"}, [output()], Usage(tokens=1500), "1.5", 150),
        ("1k_chars", {"text": "x" * 250}, [output()], Usage(), "0.25", 25),
    ],
)
def test_what_came_out_counts_where_the_price_counts_it(
    unit: PriceUnit, values: dict[str, Any], outputs: list[AssetRef], usage: Usage, quantity: str, amount: int
) -> None:
    lines, total = actual(spec(unit), values, outputs, usage)
    assert [(line.quantity, line.amount) for line in lines] == [(quantity, amount)]
    assert total == amount
