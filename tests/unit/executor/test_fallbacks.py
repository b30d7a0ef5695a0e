"""Where a model has failed, another one may do: a safe one, or one of another provider; never for a bad input."""

from __future__ import annotations

from typing import Any

import pytest

from commands.canvas.commands import FALLBACKS_MAX
from events.canvas.plan_events import StepFailed, StepFellBack
from events.catalog.events import ModelSpec
from events.jobs.events import Category, JobAccepted
from processors.executor.fallbacks import ELSEWHERE, fallbacks
from tests.catalog import shipped
from tests.given import PLAN
from tests.unit.executor.house import IMAGE, TEXT, House, Steps, spec

PAINTER = spec("painter", "image", "image", {"prompt": TEXT}, "prompt")
BOTTLE: Steps = {"a": ("painter", "image", (), "A bottle", {})}


def model(name: str, **fields: Any) -> ModelSpec:
    return PAINTER.model_copy(update={"id": name, "provider": "elsewhere", **fields})


@pytest.mark.parametrize("category", ["input_validation", "insufficient_credit", "unknown"])
def test_what_no_model_would_take_is_given_to_none(category: Category) -> None:
    assert fallbacks(PAINTER, [model("other", safe=True)], category) == ()


def test_after_a_refusal_only_safe_models_are_tried() -> None:
    models = [PAINTER, model("bold"), model("mild", safe=True), model("same house", safe=True, provider="fleet")]
    assert set(fallbacks(PAINTER, models, "content_policy")) == {"mild", "same house"}


@pytest.mark.parametrize("category", sorted(ELSEWHERE))
def test_after_a_providers_troubles_only_other_providers_are_tried(category: Category) -> None:
    models = [PAINTER, model("elsewhere"), model("same house", provider="fleet")]
    assert fallbacks(PAINTER, models, category) == ("elsewhere",)


@pytest.mark.parametrize(
    "fields",
    [
        {"active": False},
        {"media_out": ("video",)},
        {"agent_type": "utility"},
        {"input_schema": {"type": "object", "required": ["image"], "properties": {"image": IMAGE}}},
    ],
)
def test_one_that_makes_something_else_or_needs_what_is_not_there_is_passed_over(fields: dict[str, Any]) -> None:
    assert fallbacks(PAINTER, [model("other", **fields)], "outage") == ()


def test_what_is_most_alike_comes_first_and_not_all_of_them_come() -> None:
    cheap, dear = PAINTER.price.model_copy(update={"amount": 90}), PAINTER.price.model_copy(update={"amount": 900})
    failed = PAINTER.model_copy(update={"tags": ("photo",)})
    models = [model("dear", price=dear), model("alike", price=dear, tags=("photo",)), model("cheap", price=cheap)]
    assert fallbacks(failed, models, "outage") == ("alike", "cheap", "dear")
    many = [model(f"m{number:02}") for number in range(30)]
    assert len(fallbacks(PAINTER, many, "outage")) == FALLBACKS_MAX


def test_every_medium_of_the_catalog_has_a_safe_model_and_another_provider() -> None:
    """Of every model that a provider refuses or whose account is empty, for the media that more than one makes."""
    models = [entry.spec for entry in shipped()]
    categories: tuple[Category, ...] = ("content_policy", "billing")
    for category in categories:
        for agent_type in ("image", "video", "speech", "music", "3d", "lipsync"):
            of_type = [one for one in models if one.agent_type == agent_type and one.provider != "fleet"]
            assert [one.id for one in of_type if not fallbacks(one, models, category)] == []


class TestAStep:
    async def test_is_done_by_a_safe_model_after_a_refusal_and_the_log_says_why(self) -> None:
        house = await refused(model("mild", safe=True))
        [fell] = [event for event in house.canvas.events(PLAN) if isinstance(event, StepFellBack)]
        assert (fell.from_model, fell.to_model, fell.category) == ("painter", "mild", "content_policy")
        assert house.statuses == {"a": "ready"}
        await house.work("a")
        assert house.statuses == {"a": "succeeded"}
        jobs = [event for _, event in house.orgs.log if isinstance(event, JobAccepted)]
        assert [job.model for job in jobs] == ["painter", "mild"]
        assert await house.repeat() == []

    async def test_fails_where_no_other_model_may_do_it(self) -> None:
        assert (await refused(model("bold"))).statuses == {"a": "failed"}

    async def test_is_not_given_a_model_that_costs_more_than_was_agreed_to(self) -> None:
        dear = PAINTER.price.model_copy(update={"amount": 101})
        house = await refused(model("dear", safe=True, price=dear))
        assert house.statuses == {"a": "failed"}
        assert house.queued == 1

    async def test_is_given_the_next_one_where_the_first_cannot_be_had(self) -> None:
        dear = PAINTER.price.model_copy(update={"amount": 101})
        house = await refused(
            model("a dear one", safe=True, price=dear, tags=("photo",)), model("mild", safe=True), tags=("photo",)
        )
        await house.work("a")
        assert house.statuses == {"a": "succeeded"}
        assert house.jobs["a"].model == "mild"

    async def test_falls_from_provider_to_provider_within_what_its_first_model_might_cost(self) -> None:
        house = House()
        of = {"a/one": 100, "a/two": 100, "c/mid": 50, "b/cheap": 60, "d/dear": 101, "e/dearest": 900}
        for name, amount in of.items():
            price = PAINTER.price.model_copy(update={"amount": amount})
            house.models[name] = model(name, provider=name[0], price=price)
        del house.models["painter"]
        house.plan({"a": ("a/one", "image", (), "A bottle", {})})
        await house.react()
        for _ in range(3):
            house.dispatch("a")
            await house.react()
            house.fail("a", "outage")
            await house.react()
        fallen = [event for event in house.canvas.events(PLAN) if isinstance(event, StepFellBack)]
        jobs = [event.model for _, event in house.orgs.log if isinstance(event, JobAccepted)]
        assert jobs == ["a/one", "b/cheap", "c/mid"]
        assert [(fell.to_model, fell.untried) for fell in fallen] == [
            ("d/dear", None), ("b/cheap", True), ("c/mid", None), ("e/dearest", None)
        ]  # fmt: skip
        [failed] = [event for event in house.canvas.events(PLAN) if isinstance(event, StepFailed)]
        assert failed.category == "outage"


async def refused(*others: ModelSpec, tags: tuple[str, ...] = ()) -> House:
    """A house whose painter refuses for content, with these models beside it."""
    house = House()
    house.models["painter"] = PAINTER.model_copy(update={"tags": tags})
    house.models |= {one.id: one for one in others}
    house.plan(BOTTLE)
    await house.react()
    house.dispatch("a")
    house.fail("a")
    await house.react()
    return house
