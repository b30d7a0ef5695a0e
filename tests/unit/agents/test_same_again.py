"""A change reaches what a step is given; where it would reach nothing, the step stays and is not paid again."""

from __future__ import annotations

import pytest

from adapters.llm.offline.narration import is_made_up, spoken, written
from tests.unit.agents.play import Play, StandIn

VOICE = "a voiceover about rain"
SPOKEN = "This is rain. Take a moment and look closely. Every detail is there for a reason."


@pytest.mark.parametrize(
    ("first", "says", "member", "value"),
    [
        ("write a poem about rain", "make the poem longer", "prompt", "Longer poem about rain"),
        ("write a story about rain", "make the story shorter", "prompt", "Shorter story about rain"),
        ("write a story about rain", "make it longer", "prompt", "Longer story about rain"),
        (VOICE, "make the voiceover say Hello there, friend", "text", "Hello there, friend"),
        (VOICE, "make the voice say: welcome home", "text", "welcome home"),
        (VOICE, 'the voice should say "good night" instead', "text", "good night"),
        (VOICE, "make it longer", "text", f"{SPOKEN} See how the rain moves, and where the light falls."),
        (VOICE, "make the voiceover shorter", "text", "This is rain."),
        (VOICE, 'replace the text of the voice with "Buy now"', "text", "Buy now"),
        (VOICE, "make the voice deeper", "voice", "deep"),
        (VOICE, "a female voice please", "voice", "female"),
        (VOICE, "the voice is too fast", "speed", 0.8),
        (VOICE, "the voice is too slow", "speed", 1.25),
        (VOICE, "the voiceover should sound calmer", "speed", 0.8),
        ("a song about rain", "make it longer", "duration_s", 10.0),
    ],
)
async def test_what_changes_is_other_input(first: str, says: str, member: str, value: object) -> None:
    play = Play(model=StandIn())
    await play.hears(first)
    await play.runs()
    before = (await play.shown())["s1"]["input"]
    await play.hears(says)
    after = (await play.shown())["s1"]["input"]
    assert after != before
    assert after[member] == value


@pytest.mark.parametrize(
    ("first", "says", "hears"),
    [
        (VOICE, "the voice should say something different", "What should the voice say"),
        (VOICE, "make the voice purple", "What should the voice say"),
        ('say "hello"', "make it longer", "What should the voice say"),
        ("a video of the sea and a song, merge them", "make step 3 nicer", "stays as it is"),
    ],
)
async def test_what_changes_nothing_is_no_edit(first: str, says: str, hears: str) -> None:
    play = Play(model=StandIn())
    await play.hears(first)
    await play.runs()
    before = await play.shown()
    await play.hears(says)
    assert play.newest.status == "succeeded"
    assert await play.shown() == before
    assert hears in (await play.heard())[-1]


def test_the_writer_writes_more_and_less() -> None:
    for form in ("poem", "story", "haiku", "email"):
        lengths = [len(written(f"{how}{form} about rain")) for how in ("Shorter ", "", "Longer ")]
        assert lengths == sorted(set(lengths))


def test_what_was_made_up_is_known_from_a_persons_words() -> None:
    assert all(is_made_up(spoken("rain", seconds)) for seconds in (1, 5, 20))
    assert not is_made_up("Welcome to our shop.")
