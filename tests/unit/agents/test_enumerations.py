"""Lists of numbers become one word; what is no such list stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.editing import edit
from processors.agents.words.enumerations import gathered, gathering, numbers_in


@pytest.mark.parametrize(
    ("text", "as_one"),
    [
        ("delete steps 3 and 4", "delete steps no_3_4"),
        ("Steps 2-4, 6 and 9 to 10", "Steps no_2_3_4_6_9_10"),
        ("the Third and the fifth image", "the image no_3_5"),
        ("the next to last step", "the step no_m2"),
        ("the third step", "the third step"),
        ('the text "steps 3 and 4"', 'the text "steps 3 and 4"'),
        ("step 3 and 4 seconds more", "step no_3 and 4 seconds more"),
        ("image 2 of 5", "image 2 of 5"),
        ("a video of 2 to 4 seconds", "a video of 2 to 4 seconds"),
        ("step 3.5", "step 3.5"),
        ("steps 4 to 2", "steps 4 to 2"),
        ("steps 1 to 999", "steps 1 to 999"),
    ],
)
def test_a_list_of_numbers_is_one_word(text: str, as_one: str) -> None:
    assert gathered(text) == as_one
    assert gathered(as_one) == as_one


@pytest.mark.parametrize(
    ("word", "places"), [("no_3_4", (2, 3)), ("no_m2", (-2,)), ("no", ()), ("no_", ()), ("no_x", ()), ("3", ())]
)
def test_the_word_says_which_places_are_meant(word: str, places: tuple[int, ...]) -> None:
    assert numbers_in(word) == places


@given(st.text(alphabet="step s3,4-& andto image#\n", max_size=40))
def test_what_was_written_can_be_had_back(text: str) -> None:
    one, said = gathering(text)
    for word, written in sorted(said.items(), key=lambda pair: -len(pair[0])):
        one = one.replace(word, written)
    assert one.split() == text.split()


KINDS = ("image", "image", "speech", "music", "video")
PLAN = {
    "title": "T",
    "steps": [
        {"id": f"s{n}", "title": f"A {kind}", "description": f"a {kind}", "agent_type": kind, "depends_on": []}
        for n, kind in enumerate(KINDS, 1)
    ],
}


@pytest.mark.parametrize(
    ("request_", "removed"),
    [
        ("delete steps 3 and 4", "s3 s4"),
        ("Delete steps 2-4", "s2 s3 s4"),
        ("remove the last two steps", "s4 s5"),
        ("remove both images", "s1 s2"),
        ("remove image 2", "s2"),
        ("delete the third and the fifth step", "s3 s5"),
        ("keep only steps 1 and 2", "s3 s4 s5"),
        ("remove steps 3 and 4 and make the video blue", "s3 s4"),
        ("remove steps 3 and 9", ""),
        ("make steps 3 and 4 louder", ""),
    ],
)
def test_the_stand_in_takes_out_what_is_numbered_too(request_: str, removed: str) -> None:
    assert edit(request_, PLAN, Facts.of({}, []), []).removed == tuple(removed.split())


def test_the_stand_in_keeps_the_words_of_what_is_no_removal() -> None:
    answer = edit("make the video about steps 3 and 4 at ACME", PLAN, Facts.of({}, []), [])
    assert answer.steps[4]["description"] == "a video about steps 3 and 4 at ACME"
