"""Which steps go: of several of a kind, by number, with what was made from them; and what a repair may take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processors.agents.fitting.validator import Issue
from processors.agents.plan import ParsedPlan
from processors.agents.stages.editing import merge, repair
from tests.unit.agents.removing import ALL_BUT_FIRST, PLAN, lost, step


@pytest.mark.parametrize("instruction", ["replace the video with a photo", "a photo instead of the video"])
def test_what_is_replaced_goes_where_something_came_in_its_place(instruction: str) -> None:
    assert lost(instruction, "s2", listed=False) == ""
    assert lost(instruction, "s2 s3", listed=False, new="s6") == "s2"


def test_what_was_made_from_what_goes_may_go_with_it_but_not_what_shall_stay() -> None:
    chain = (PLAN[0], PLAN[1], replace(PLAN[2], depends_on=("s2",)))
    said = ParsedPlan("T", (replace(PLAN[0], unchanged=True),), "direct")
    assert merge(chain, said, "delete the video").removed == ("s2", "s3")
    assert merge(chain, said, "delete the video, keep the voiceover").removed == ("s2",)


def test_of_two_of_a_kind_the_one_that_is_missing_was_meant() -> None:
    pictures = (step("s1", "Cat", "image"), step("s2", "Dog", "image"), step("s3", "Horse", "image"))

    def removed(instruction: str, *left: int) -> tuple[str, ...]:
        said = ParsedPlan("T", tuple(replace(pictures[n], unchanged=True) for n in left), "direct")
        return merge(pictures, said, instruction).removed

    assert removed("remove the image", 0, 2) == ("s2",)
    assert removed("remove the image", 0) == ()
    assert removed("remove the second image", 0) == ("s2",)
    assert removed("remove the dog picture", 0) == ("s2",)
    assert removed("remove the last two images", 0) == ("s2", "s3")
    assert removed("remove the pictures of dogs and horses") == ()
    assert removed("remove all images", 0) == ("s2", "s3")
    assert removed("remove images 2 and 3", 0) == ("s2", "s3")
    assert removed("remove image 2", 0) == ("s2",)
    assert removed("remove the second and the third picture", 0) == ("s2", "s3")
    assert removed("remove all three images") == ("s1", "s2", "s3")


def test_what_stands_behind_the_noun_says_which_of_two() -> None:
    pictures = (
        step("s1", "Dog picture", "image", words="a dog that looks at a cat"),
        step("s2", "Cat picture", "image", words="a cat"),
        step("s3", "Dog video", "video", "s1"),
    )

    def removed(instruction: str, *listed: str) -> tuple[str, ...]:
        left = tuple(replace(one, unchanged=True) for one in pictures if one.id not in listed)
        return merge(pictures, ParsedPlan("T", left, "direct", removed=listed), instruction).removed

    assert removed("delete the picture of the cat", "s2") == ("s2",)
    assert removed("delete the picture of the cat", "s1") == ()
    assert removed("remove the image with the dog", "s1", "s3") == ("s1", "s3")
    assert removed("remove the one with the dog", "s2") == ()
    assert removed("remove the cat", "s2") == ()
    assert removed("remove the dog", "s1", "s3") == ("s1", "s3")
    assert removed("remove the dog from the picture", "s1", "s3") == ()
    assert removed("remove the picture of the dog from the wall", "s1", "s3") == ()
    assert removed("take the cat out of the picture", "s2") == ()
    assert removed("delete the picture of the horse", "s2") == ()


def test_a_title_of_several_parts_names_its_step() -> None:
    assert lost("remove the limerick about rain", ALL_BUT_FIRST, listed=False) == "s5"
    assert lost("remove the limerick about snow", ALL_BUT_FIRST, listed=True) == ""


def test_so_many_are_those_that_are_missing_or_nothing() -> None:
    pictures = (step("s1", "Cat", "image"), step("s2", "Dog", "image"), step("s3", "Horse", "image"), PLAN[3])

    def removed(instruction: str, *left: int) -> tuple[str, ...]:
        said = ParsedPlan("T", tuple(replace(pictures[n], unchanged=True) for n in left), "direct")
        return merge(pictures, said, instruction).removed

    for words in ("remove both images", "remove these two images", "remove two images"):
        assert removed(words, 2, 3) == ("s1", "s2")
        assert removed(words, 3) == ()
    assert removed("remove both images and the music", 1) == ("s1", "s3", "s4")
    assert removed("remove two steps", 0, 1) == ("s3", "s4")


def test_where_steps_are_called_by_numbers_their_names_count() -> None:
    steps = tuple(replace(one, id=str(n)) for n, one in zip((10, 20, 3, 4, 5), PLAN, strict=True))
    said = ParsedPlan("T", (replace(steps[0], unchanged=True),), "direct")
    assert merge(steps, said, "delete steps 3 and 5").removed == ("3", "5")


@pytest.mark.parametrize(
    ("problem", "about", "removed"),
    [
        ("does not say whose video it is", "s2", ""),
        ("no voiceover is heard in it", "s3", ""),
        ("remove the red tones", "s2", ""),
        ("it is too dark, take the light out of the scene", "s2", ""),
        ("nobody asked for music: remove it", "s4", "s4"),
        ("the music is not needed", "s4", "s4"),
        ("a duplicate of the first", "s4", "s4"),
        ("nobody asked for music: remove it", "s3", ""),
        ("nobody asked for the voiceover", "s3", ""),
    ],
)
def test_a_repair_takes_nothing_that_was_there_before_nor_what_is_only_wrong(
    problem: str, about: str, removed: str
) -> None:
    said = ParsedPlan("T", (replace(PLAN[0], unchanged=True),), "direct", removed=("s2", "s3", "s4", "s5"))
    edited = repair(PLAN, said, [Issue("objection", problem, step_id=about)], kept={"s1", "s3"})
    assert " ".join(edited.removed) == removed
