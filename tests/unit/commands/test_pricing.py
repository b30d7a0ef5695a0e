"""Prices are exact: Decimal quantities, whole millicredits, rounded up once per line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.pricing import estimate, priced
from events.catalog.events import ModelLimits, ModelSpec, Price, PriceUnit
from events.model import MONEY_MAX


def spec(unit: PriceUnit, amount: int, properties: dict[str, Any] | None = None, **limits: Any) -> ModelSpec:
    return ModelSpec(
        id="test/model",
        title="Test",
        media_out=("image",),
        agent_type="image",
        input_schema={"type": "object", "properties": properties or {}},
        limits=ModelLimits(**limits),
        price=Price(unit=unit, amount=amount),
        provider="test",
    )


@pytest.mark.parametrize(
    ("model", "values", "quantity", "total"),
    [
        (spec("run", 40), {"anything": 1}, "1", 40),
        (spec("image", 30), {}, "1", 30),
        (spec("image", 30), {"num_images": 4}, "4", 120),
        (spec("image", 30, {"n": {"default": 2}}), {}, "2", 60),
        (spec("second", 50), {"duration_s": 5}, "5", 250),
        (spec("second", 50), {"duration": "5"}, "5", 250),
        (spec("second", 50), {"seconds": "8s"}, "8", 400),
        (spec("second", 3), {"duration": 2.5}, "2.5", 8),
        (spec("second", 50), {"music_length_ms": 20_000}, "20", 1000),
        (spec("second", 50, {"duration_s": {"default": 4}}), {}, "4", 200),
        (spec("second", 50, max_duration_s=10), {}, "10", 500),
        (spec("second", 50, max_duration_s=10), {"duration_s": "long"}, "10", 500),
        (spec("second", 50, max_duration_s=10), {"duration_s": True}, "10", 500),
        (spec("second", 50), {"clips": [{"$asset": {"duration_s": 2.5}}, {"$asset": {"duration_s": 4}}]}, "6.5", 325),
        (spec("second", 50, max_duration_s=6), {"video": {"$asset": {"duration_s": 9}}}, "6", 300),
        (spec("megapixel", 100), {"width": 1280, "height": 720}, "0.9216", 93),
        (spec("megapixel", 100), {"size": "1000x1000", "n": 2}, "2", 200),
        (spec("megapixel", 100, max_width=2000, max_height=1000), {"ratio": "16:9"}, "2", 200),
        (spec("1k_chars", 100), {"text": "x" * 1001}, "1.001", 101),
        (spec("1k_chars", 100, {"text": {"maxLength": 3000}}), {"text": "step:s1"}, "3", 300),
        (spec("1k_tokens", 1000), {"prompt": "häß", "max_tokens": 10}, "0.015", 15),
    ],
)
def test_a_call_is_priced_by_its_unit(model: ModelSpec, values: dict[str, Any], quantity: str, total: int) -> None:
    lines, amount = estimate(model, values)
    assert [line.quantity for line in lines] == [quantity]
    assert amount == total == sum(line.amount for line in lines)


def test_a_price_beyond_all_money_is_refused() -> None:
    with pytest.raises(ValueError, match="no amount"):
        priced(Price(unit="second", amount=MONEY_MAX), Decimal(2))


@given(
    quantity=st.decimals(min_value=0, max_value=10**6, places=6),
    amount=st.integers(min_value=0, max_value=10**6),
)
def test_a_line_is_the_least_whole_amount_that_covers_the_exact_one(quantity: Decimal, amount: int) -> None:
    line = priced(Price(unit="second", amount=amount), quantity)
    assert Decimal(line.quantity) == quantity
    assert line.amount >= quantity * amount > line.amount - 1
