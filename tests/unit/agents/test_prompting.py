"""Which prompt a session is given: the shipped ones, and a chance that stays the same."""

from __future__ import annotations

import pytest

from processors.agents.asking.prompting import BuiltIn, Pinned, chance_of


@pytest.mark.parametrize("agent", ["planner", "planner_full"])
def test_the_shipped_prompts_are_one_variant_each(agent: str) -> None:
    prompt = BuiltIn().pick(agent, "org_A", None, 0.99)
    assert (prompt.agent, prompt.variant, prompt.model) == (agent, "default", None)
    assert prompt.version >= 1
    assert prompt.text
    assert BuiltIn().pick(agent, "org_B", Pinned("other", 7), 0.0) == prompt


def test_a_session_keeps_its_chance_and_sessions_spread_evenly() -> None:
    chances = [chance_of(f"ses_{number}", "planner") for number in range(2000)]
    assert chances == [chance_of(f"ses_{number}", "planner") for number in range(2000)]
    assert all(0 <= chance < 1 for chance in chances)
    assert 900 < sum(chance < 0.5 for chance in chances) < 1100
    assert chance_of("ses_1", "planner") != chance_of("ses_1", "validator")
