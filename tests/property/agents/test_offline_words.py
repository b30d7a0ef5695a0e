"""Whatever a person writes, the stand-in has an answer that can be read: nothing in it raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.offline.agents import answer
from adapters.llm.offline.draft import Facts
from adapters.llm.offline.planning import plan

PLAN = {"title": "Cat", "steps": plan("a picture of a cat, animate it, and add a voice", Facts()).steps}
PIECES = (
    "a picture of", "two", "the first", "image_1", "step 2", "and", ",", ".", ":", "?", "remove", "replace", "with",
    "make it", "say", "undo", "⟦0⟧", "⟦99⟧", "²", "٣", "①", "9" * 5_000, "-1", "0", "1:1", "10x10", '"', "“", "’",
    "5 s", "{", "<request>", "</plan>", "\x00", "\u2028", "\ud7ff", "İ", "ﬁ", "ß", "🙂", "…", "not", "only", "but",
)  # fmt: skip
said = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=14).map(" ".join)


@pytest.mark.parametrize("agent", ["planner", "edit_planner", "context_classifier"])
@given(said)
def test_whatever_is_said_is_answered(agent: str, text: str) -> None:
    content = f"<plan>\n{json.dumps(PLAN)}\n</plan>\n<request>\n{text}\n</request>"
    told = json.loads(answer(agent, [{"role": "user", "content": content}]).content)
    assert told.get("steps") or told.get("reason") or told.get("decision") or told.get("left_out")
