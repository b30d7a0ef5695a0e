"""What reads people's words takes a time of the words' length: pages of spaces, quotes or digits hold nobody up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from processors.agents.fitting.coercion import Unfit, coerced
from processors.agents.fitting.policies import policy_of, without_price
from processors.agents.stages.plan_validator import read
from processors.agents.telling.blocks import words
from processors.agents.words.labels import spoken, written
from processors.agents.words.mentions import resolve
from processors.agents.words.removals import asked
from processors.agents.words.things import Thing
from processors.executor import durations

LENGTH = 40_000
PIECES = (
    " ", "\n", "\t", '"', "'", "1", "1:", "a ", "the ", "the first, ", "image 1", "< ", "no ", "not ",
    ", ", "the voice ", "on a budget ", "remove ", "(", "-", "5 s ",
)  # fmt: skip
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
