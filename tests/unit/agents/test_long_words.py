"""What reads people's words takes a time of the words' length: pages of spaces, quotes or digits hold nobody up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from adapters.llm.offline.agents import answer
from adapters.llm.offline.draft import Facts
from adapters.llm.offline.planning import plan
from processors.agents.fitting.coercion import Unfit, coerced
from processors.agents.fitting.policies import policy_of, without_price
from processors.agents.stages.plan_validator import read
from processors.agents.telling.blocks import words
from processors.agents.words.labels import spoken, written
from processors.agents.words.mentions import resolve
from processors.agents.words.removals import asked
from processors.agents.words.removed_steps import Missing, meant_to_go
from processors.agents.words.things import Thing
from processors.executor import durations
from tests.unit.agents.removing import step

LENGTH = 16_000
"""Letters of the longest message that the interface takes."""
PIECES = (
    " ", "\n", "\t", '"', "'", "1", "1:", "a ", "the ", "the first, ", "image 1", "< ", "no ", "not ",
    ", ", "the voice ", "on a budget ", "remove ", "(", "-", "5 s ", "\u00a0", "\u2028", "...", "9", "²",
    "the first and ", "das erste und ", "remove the first and ", "and a ", "a picture of a cat and ",
)  # fmt: skip
PLAN = list(plan("a picture of a cat, animate it, and add a voice", Facts()).steps)


def offline(agent: str) -> Callable[[str], Any]:
    """The stand-in's answer to a message."""

    def read_by(text: str) -> str:
        present = f"<plan>\n{json.dumps({'title': 'Cat', 'steps': PLAN})}\n</plan>\n"
        said = f"{present}<request>\n{text}\n</request>"
        return answer(agent, [{"role": "user", "content": said}]).content

    return read_by


STEPS = (step("s1", "Cat", "image"), step("s2", "Voice", "speech"))
READERS: dict[str, Callable[[str], Any]] = {
    "labels": lambda text: (list(spoken(text)), list(written(text))),
    "mentions": lambda text: resolve(text, [Thing("image_1", "image"), Thing("s1", "speech")]),
    "policies": policy_of,
    "prices": without_price,
    "removals": lambda text: list(asked(text)),
    "blocks": lambda text: words("request", text),
    "durations": lambda text: (durations.said_in(text), durations.seconds(text)),
    "numbers": lambda text: coerced(text, {"type": "number"}),
    "verdicts": lambda text: list(read(text, ())),
    "going": lambda text: meant_to_go(text, STEPS, Missing(STEPS)),
    "offline planner": offline("planner"),
    "offline edit planner": offline("edit_planner"),
    "offline classifier": offline("context_classifier"),
}
SECONDS_MAX = 5.0
"""A hundred times what the slowest takes; a square of the length would be minutes."""


@pytest.mark.parametrize("reader", READERS.values(), ids=[*READERS])
@pytest.mark.parametrize("piece", PIECES, ids=map(repr, PIECES))
def test_long_words_are_read_in_a_time_of_their_length(reader: Callable[[str], Any], piece: str) -> None:
    for begin, end in (("", ""), ("the first 5 ", "x"), ("<", "1"), ("remove the ", " please")):
        started = time.process_time()
        with suppress(Unfit):
            reader(begin + piece * (LENGTH // len(piece)) + end)
        assert time.process_time() - started < SECONDS_MAX
