"""What a call really cost, and how its job explains it: what was estimated, what came, what was captured."""

from __future__ import annotations

from typing import Any

import pytest

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.pricing import estimate, reservation
from commands.refusals import InvalidInput
from events.assets import AssetRef
from events.catalog.events import ModelLimits, ModelSpec, Price, PriceUnit
from events.jobs.events import PriceLine
from events.topics import EVENTS_JOBS
from gateway.reads.views import Views
from processors.dispatcher.cost import actual, as_agreed
from processors.dispatcher.ports import Usage
from tests.given import JOB, ORG, dispatch, opened, submit
from tests.specification import Given, World
from tests.unit.projections.given import documents, on


def spec(unit: PriceUnit, amount: int = 100, **limits: Any) -> ModelSpec:
    return ModelSpec(
        id="m", title="m", media_out=("image",), agent_type="image", input_schema={},
        limits=ModelLimits(**limits), price=Price(unit=unit, amount=amount), provider="p",
    )  # fmt: skip


def output(media_type: str = "image/png", **measures: Any) -> AssetRef:
    return AssetRef(asset_id="ast_1", sha256="0" * 64, bytes=1, media_type=media_type, **measures)


def film(duration_s: float | None) -> AssetRef:
    return output("video/mp4", width=1280, height=720, duration_s=duration_s)


def sound(duration_s: float | None) -> AssetRef:
    return output("audio/mpeg", duration_s=duration_s)


STILL, WORDS = output(width=1920, height=1080), output("text/plain")


@pytest.mark.parametrize(
    ("unit", "values", "outputs", "usage", "quantity", "amount"),
    [
        ("run", {}, [output(), output()], Usage(), "1", 100),
        ("image", {"num_images": 4}, [STILL, STILL, STILL], Usage(), "3", 300),
        ("image", {"num_images": 4}, [STILL, WORDS], Usage(), "1", 100),
        ("image", {}, [WORDS], Usage(), "0", 0),
        ("second", {"duration": 10}, [film(4.2)], Usage(), "4.2", 420),
        ("second", {"duration": 10}, [film(2.001), film(1.0)], Usage(), "3.001", 301),
        ("second", {"duration": 10}, [film(4.2), STILL, WORDS], Usage(), "4.2", 420),
        ("second", {"duration": 10}, [film(4.2), sound(4.2)], Usage(), "4.2", 420),
        ("second", {"duration": 10}, [sound(0.1), sound(0.2)], Usage(), "0.3", 30),
        ("second", {"duration": 10}, [film(None)], Usage(seconds=3), "10", 1000),
        ("second", {"duration": 10}, [film(None), film(2.0)], Usage(), "10", 1000),
        ("second", {"duration": 10}, [STILL], Usage(seconds=3), "10", 1000),
        ("megapixel", {}, [STILL], Usage(), "2.0736", 208),
        ("megapixel", {}, [STILL, STILL, WORDS], Usage(), "4.1472", 415),
        ("megapixel", {"size": "1000x1000"}, [output()], Usage(), "1", 100),
        ("1k_tokens", {"prompt": "x"}, [WORDS], Usage(tokens=1500), "1.5", 150),
        ("1k_tokens", {"prompt": "x"}, [WORDS], Usage(tokens=0), "0", 0),
        ("1k_tokens", {"prompt": "x", "max_tokens": 9}, [WORDS], Usage(), "0.01", 1),
        ("1k_chars", {"text": "x" * 250}, [sound(9.0)], Usage(), "0.25", 25),
        ("1k_chars", {"text": "ä" * 251}, [sound(9.0)], Usage(), "0.251", 26),
    ],
)
def test_what_came_out_counts_where_the_price_counts_it(
    unit: PriceUnit, values: dict[str, Any], outputs: list[AssetRef], usage: Usage, quantity: str, amount: int
) -> None:
    lines, total = actual(spec(unit), values, outputs, usage)
    assert [(line.quantity, line.amount) for line in lines] == [(quantity, amount)]
    assert total == amount


def explained(model: ModelSpec, values: dict[str, Any], outputs: list[AssetRef], usage: Usage) -> dict[str, Any]:
    """The job as the API shows it, from its price to its bill, by the real decider and its read model."""
    price, _ = estimate(model, values)
    world = World(ORGS)
    for command in (*opened(10_000), submit(reserve=reservation(price), price=price), dispatch()):
        world.handle(command)
    bill, cost = actual(as_agreed(model, price), values, outputs, usage)
    done = c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=tuple(outputs), cost=cost, bill=bill)
    world.handle(done)
    return Views(lambda org, asset: "").job(documents(on(EVENTS_JOBS, JOB, *world.events(JOB)))["jobs"][JOB])


@pytest.mark.parametrize(
    ("model", "values", "outputs", "usage", "price", "bill", "captured", "uncollected"),
    [
        (spec("run"), {}, [STILL], Usage(), ("1", 100), ("1", 100), 100, None),
        (spec("run", 0), {}, [STILL], Usage(), ("1", 0), ("1", 0), 0, None),
        (spec("image"), {"n": 4}, [STILL] * 3, Usage(), ("4", 400), ("3", 300), 300, None),
        (spec("second"), {"duration": 10}, [film(9.5)], Usage(), ("10", 1000), ("9.5", 950), 950, None),
        (spec("second"), {"duration": 5}, [film(5.042)], Usage(), ("5", 500), ("5.042", 505), 500, 5),
        (spec("second", max_duration_s=8), {}, [sound(3)], Usage(), ("8", 800), ("3", 300), 300, None),
        (spec("megapixel"), {"size": "2000x1000"}, [STILL], Usage(), ("2", 200), ("2.0736", 208), 200, 8),
        (spec("1k_chars"), {"text": "x" * 99}, [sound(1)], Usage(), ("0.099", 10), ("0.099", 10), 10, None),
        (spec("1k_tokens"), {"prompt": "xy", "max_tokens": 98}, [WORDS], Usage(tokens=31), ("0.1", 10), ("0.031", 4),
         4, None),
    ],
    ids=lambda value: value.price.unit if isinstance(value, ModelSpec) else "",
)  # fmt: skip
def test_a_job_explains_what_was_reserved_and_what_was_captured_line_by_line(
    model: ModelSpec,
    values: dict[str, Any],
    outputs: list[AssetRef],
    usage: Usage,
    price: tuple[str, int],
    bill: tuple[str, int],
    captured: int,
    uncollected: int | None,
) -> None:
    job = explained(model, values, outputs, usage)
    unit = {"unit": model.price.unit, "unit_amount": model.price.amount}
    for member, (quantity, amount) in (("price", price), ("bill", bill)):
        assert job[member] == [{**unit, "quantity": quantity, "amount": amount}]
    assert job["reserved"] == max(1, price[1])
    assert (job["captured"], job.get("uncollected")) == (captured, uncollected)
    assert job["captured"] + job.get("uncollected", 0) == sum(line["amount"] for line in job["bill"])


def test_the_bill_is_made_at_the_price_that_was_agreed_upon() -> None:
    agreed = (PriceLine(unit="second", quantity="5", unit_amount=10, amount=50),)
    assert actual(as_agreed(spec("run", 9_999), agreed), {}, [film(4.2)], Usage())[1] == 42
    assert as_agreed(spec("run", 7), None) == spec("run", 7)


def test_an_attempt_carries_the_agreed_price_and_another_models_does_not() -> None:
    price, _ = estimate(spec("run", 400), {})
    given = Given(ORGS, (*opened(), submit(price=price)))
    same, other = dispatch(), dispatch().model_copy(update={"model": "safe"})
    assert [given.world.decide(each).events[0][1].model_dump()["price"] for each in (same, other)] == [
        tuple(line.model_dump() for line in price),
        None,
    ]


class TestLinesThatDoNotAddUp:
    """A sum that its lines do not explain is an error of ours: nothing is written."""

    LINES = (PriceLine(unit="run", quantity="1", unit_amount=400, amount=400),)

    def test_a_reservation(self) -> None:
        Given(ORGS, opened()).when(submit(reserve=401, price=self.LINES)).then_refused(InvalidInput)

    def test_a_bill(self) -> None:
        done = c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(), cost=401, bill=self.LINES)
        Given(ORGS, (*opened(), submit(), dispatch())).when(done).then_refused(InvalidInput)
