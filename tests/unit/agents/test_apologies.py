"""What a person is told of what was left as it was: a step that was kept, a web address that was not opened."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from processors.agents.words.web import addresses
from tests.unit.agents.play import Play, StandIn

STEPS = [
    {"id": f"s{n}", "title": title, "description": title, "agent_type": "image", "depends_on": []}
    for n, title in enumerate(("Picture of a dog", "Picture of a cat"), 1)
]
FIRST = json.dumps({"title": "T", "steps": STEPS})
SAME = {"context_classifier": ['{"decision": "SAME"}'] * 3}


def answer(*steps: Mapping[str, object], removed: tuple[str, ...] = ()) -> str:
    return json.dumps({"title": "T", "steps": steps, "removed": removed})


async def test_a_step_that_is_kept_in_doubt_is_named_with_the_words_that_remove_it() -> None:
    dog = {**STEPS[0], "unchanged": True}
    play = Play(FIRST, answer(dog, removed=("s2",)), answer(dog, removed=("s2",)), lines=SAME)
    await play.hears("a dog and a cat")
    await play.runs()
    await play.hears("it looks a bit too much like my neighbour's")
    [said] = (await play.heard())[-1:]
    assert "I kept step 2 (“Picture of a cat”)" in said
    assert list(await play.shown()) == ["s1", "s2"]
    words = said.split("say “")[1].split("”")[0]
    await play.hears(words)
    assert list(await play.shown()) == ["s1"]


async def test_it_is_said_beside_what_was_changed_too() -> None:
    brown = {**STEPS[0], "description": "Picture of a brown dog"}
    play = Play(FIRST, answer(brown, removed=("s2",)), lines=SAME)
    await play.hears("a dog and a cat")
    await play.runs()
    await play.hears("make the dog brown")
    assert "I kept step 2" in (await play.heard())[-1]
    assert (await play.shown())["s1"]["description"] == "Picture of a brown dog"


async def test_what_is_only_forgotten_beside_a_change_comes_back_without_a_word() -> None:
    brown = {**STEPS[0], "description": "Picture of a brown dog"}
    play = Play(FIRST, answer(brown), lines=SAME)
    await play.hears("a dog and a cat")
    await play.runs()
    await play.hears("make the dog brown")
    assert "kept" not in (await play.heard())[-1]
    assert list(await play.shown()) == ["s1", "s2"]


@pytest.mark.parametrize("first", ["animate https://example.com/cat.png into a 5 second video", "hi www.example.com/a"])
async def test_a_web_address_is_not_passed_over_in_silence(first: str) -> None:
    play = Play(model=StandIn())
    await play.hears(first)
    [said] = [one for one in await play.heard() if "cannot fetch" in one]
    assert first.split()[1] in said
    assert "upload" in said


async def test_nor_in_an_edit() -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears("use the background of https://example.com/sea")
    assert "cannot fetch https://example.com/sea:" in (await play.heard())[-1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("animate https://example.com/cat.png.", "https://example.com/cat.png"),
        ("summarise http://example.com/news, please", "http://example.com/news"),
        ("use (www.example.com/x) and example.org/dog.jpg", "www.example.com/x example.org/dog.jpg"),
        ("https://a.io/x and https://a.io/x again", "https://a.io/x"),
        ("a poster with the text https://example.com", ""),
        ('a sign that says "www.example.com"', ""),
        ("a QR code for https://example.com", ""),
        ("the words on https://example.com/a.txt", "https://example.com/a.txt"),
        ("use logo.png and cat.jpg", ""),
        ("write to me@example.com about and/or", ""),
        ("a 16:9 video, 3.5 seconds/shot", ""),
    ],
)
def test_which_addresses_are_meant_to_be_opened(text: str, found: str) -> None:
    assert " ".join(addresses(text)) == found
