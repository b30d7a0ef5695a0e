"""Figures of variants as the interface shows them, and which are compared with which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.http.problems import Problem
from gateway.lab.agent_metrics import DAYS, Figures, Key, comparisons, item, span

DEFAULT: Key = ("planner", "platform", "default", 0)
BRIEF: Key = ("planner", "org_A", "brief", 0)
VALIDATOR: Key = ("validator", "", "default", 0)


def figures(calls: int, accepted: int, ms: int = 900) -> Figures:
    return Figures(calls=calls, messages=calls, plans=calls, accepted=accepted, times={ms: calls})


def test_a_variant_that_has_only_begun_shows_no_rates() -> None:
    shown = item(VALIDATOR, Figures(calls=2, open=2, messages=2))
    assert (shown["calls"], shown["open"]) == (2, 2)
    assert not {"owner", "p50_ms", "error_rate", "acceptance_rate", "revise_rounds", "version"} & set(shown)


def test_rates_are_of_what_has_ended() -> None:
    shown = item(
        DEFAULT,
        Figures(
            calls=12,
            open=2,
            errors=1,
            messages=8,
            plans=14,
            accepted=6,
            auto=4,
            waiting=2,
            rejected=1,
            authored=8,
            rounds=4,
            times={100: 8, 4000: 1},
        ),
    )
    assert (shown["error_rate"], shown["acceptance_rate"], shown["revise_rounds"]) == (0.1, 0.75, 0.5)
    assert (shown["p50_ms"], shown["p95_ms"], shown["owner"]) == (100, 4000, "platform")


def test_the_most_used_variant_of_each_agent_is_compared_with_the_others() -> None:
    found = {BRIEF: figures(30, 12), DEFAULT: figures(100, 85, ms=400), VALIDATOR: Figures(calls=40, messages=40)}
    lines = {line["measure"]: line for line in comparisons(found)}
    assert set(lines) == {"acceptance_rate", "error_rate", "p50_ms"}
    acceptance = lines["acceptance_rate"]
    assert acceptance["a"] == {"variant": "default", "owner": "platform"}
    assert acceptance["b"] == {"variant": "brief", "owner": "org_A"}
    assert (acceptance["n_a"], acceptance["n_b"], acceptance["verdict"]) == (100, 30, "different")
    assert acceptance["p_value"] < 0.001
    assert lines["error_rate"]["verdict"] == "no difference shown"
    assert lines["error_rate"]["p_value"] == 1.0
    assert (lines["p50_ms"]["value_a"], lines["p50_ms"]["value_b"]) == (400, 900)


def test_of_few_calls_it_says_that_they_are_few() -> None:
    lines = comparisons({BRIEF: figures(3, 0), DEFAULT: figures(100, 100)})
    assert {line["verdict"] for line in lines} == {"too few to tell"}
    assert all("p_value" not in line for line in lines)


def test_a_span_is_the_last_thirty_days_and_at_most_a_year() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert span(None, now) == (now - timedelta(days=DAYS), now)
    for since in (now + timedelta(seconds=1), now - timedelta(days=367)):
        with pytest.raises(Problem):
            span(since, now)


def test_of_many_comparisons_one_that_differs_by_chance_alone_is_not_shown_as_different() -> None:
    """60 of 100 against 74 of 100: p = 0.036 by itself, 0.25 among seven."""
    found = {DEFAULT: figures(100, 60)} | {
        ("planner", "org_A", f"v{number}", 0): figures(100, 74 if number == 3 else 61) for number in range(7)
    }
    lines = [line for line in comparisons(found) if line["measure"] == "acceptance_rate"]
    (odd,) = [line for line in lines if line["b"]["variant"] == "v3"]
    assert odd["p_value"] < 0.05 < odd["p_adjusted"]
    assert {line["verdict"] for line in lines} == {"no difference shown"}
    assert {line["correction"] for line in lines} == {"holm"}
