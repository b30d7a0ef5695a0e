"""Operators are told at once, once, and of nothing that is between a person and a model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from events.jobs.events import Category
from processors.alerts.core import QUIET, RULES, Alerts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("category", ["billing", "contract"])
def test_what_somebody_must_act_on_is_told_at_once(category: Category) -> None:
    alert = Alerts().failed(category, "fal", "fal/flux", NOON)
    assert alert is not None
    assert (alert.urgency, alert.count) == ("page", 1)
    assert "fal" in alert.text


@pytest.mark.parametrize("category", ["outage", "timeout", "unknown", "rate_limit"])
def test_a_providers_troubles_are_told_when_there_are_several_within_a_minute(category: Category) -> None:
    alerts, threshold = Alerts(), RULES[category].threshold
    told = [alerts.failed(category, "fal", "m", NOON + timedelta(seconds=n)) for n in range(threshold)]
    assert [one is not None for one in told] == [False] * (threshold - 1) + [True]
    spread = Alerts()
    assert all(spread.failed(category, "fal", "m", NOON + timedelta(minutes=2 * n)) is None for n in range(threshold))


def test_the_same_is_told_again_after_ten_minutes_with_how_often_it_was() -> None:
    alerts = Alerts()
    assert alerts.failed("billing", "fal", "m", NOON) is not None
    for minute in range(1, 10):
        assert alerts.failed("billing", "fal", "m", NOON + timedelta(minutes=minute)) is None
    again = alerts.failed("billing", "fal", "m", NOON + QUIET)
    assert again is not None
    assert again.count == 10


def test_another_provider_or_model_is_another_matter() -> None:
    alerts = Alerts()
    assert alerts.failed("billing", "fal", "m", NOON) is not None
    assert alerts.failed("billing", "runway", "m", NOON) is not None
    assert alerts.failed("contract", "fal", "m", NOON) is not None
    assert alerts.failed("contract", "fal", "n", NOON) is not None


def test_one_empty_account_is_one_page_whatever_models_it_is_behind() -> None:
    alerts = Alerts()
    told = [alerts.failed("billing", "fal", f"m{n}", NOON + timedelta(seconds=n)) for n in range(40)]
    assert [one is not None for one in told] == [True] + [False] * 39
    again = alerts.failed("billing", "fal", "m7", NOON + QUIET)
    assert again is not None
    assert again.count == 40


@pytest.mark.parametrize("category", ["content_policy", "input_validation", "insufficient_credit"])
def test_what_is_between_a_person_and_a_model_is_nobody_elses_business(category: Category) -> None:
    alerts = Alerts()
    assert [alerts.failed(category, "fal", "m", NOON) for _ in range(100)] == [None] * 100
