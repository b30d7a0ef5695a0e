"""What an edit planner answers is merged with the plan: kept, changed, new, gone on purpose, or back where it stood."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.stages.editing import changed, merge


def step(name: str, kind: str = "image", *after: str, **more: object) -> PlannedStep:
    made = PlannedStep(name, f"{kind} {name}", f"a {kind} called {name}", kind, after)
    return replace(made, **more)  # type: ignore[arg-type]


ORIGINALS = (
    step("s1", "image", model="far/best", input={"prompt": "a image called s1", "width": 800}),
    step("s2", "video", "s1", model="far/cinema", input={"image": "step:s1", "duration_s": 5}),
    step("s3", "speech", "s2", model="far/voice", input={"text": "hello", "voice": "female"}),
)


def answer(*steps: PlannedStep, truncated: bool = False) -> ParsedPlan:
    return ParsedPlan("T", steps, "direct", truncated=truncated)


def test_an_unchanged_step_is_the_original_whatever_else_is_said_of_it() -> None:
    said = step("s1", "image", description="something else", model="other/model", unchanged=True)
    edited = merge(ORIGINALS, answer(said, step("s2", "video", "s1"), step("s3", "speech", "s2")), "no change")
    assert [replace(one, unchanged=False) for one in edited.steps] == list(ORIGINALS)
    assert changed(ORIGINALS, edited.steps) == frozenset()


def test_a_changed_step_keeps_its_model_and_its_fields_but_not_its_old_words() -> None:
    said = step("s1", "image", description="a blue image", input={"height": 600})
    (first, *_) = merge(ORIGINALS, answer(said), "make it blue").steps
    assert (first.model, first.description) == ("far/best", "a blue image")
    assert first.input == {"width": 800, "height": 600}


def test_a_step_of_another_kind_keeps_nothing() -> None:
    (first, *_) = merge(ORIGINALS, answer(step("s1", "3d")), "a mesh").steps
    assert (first.model, dict(first.input)) == (None, {})


def test_a_step_whose_kind_is_lost_keeps_the_one_it_had() -> None:
    before = step("a", "video", model="x/y", input={"width": 640})
    edited = merge([before], answer(replace(before, agent_type="", description="other", model=None)), "change it")
    assert (edited.steps[0].agent_type, edited.steps[0].model) == ("video", "x/y")


def test_a_field_that_named_what_it_waits_for_no_more_goes() -> None:
    said = step("s2", "video", description="a film from words")
    (_, second, _) = merge(ORIGINALS, answer(step("s1", unchanged=True), said), "from words").steps
    assert dict(second.input) == {"duration_s": 5}


@pytest.mark.parametrize("gone", ["s1", "s2", "s3"])
def test_a_step_that_was_dropped_by_accident_comes_back_where_it_stood(gone: str) -> None:
    left = [replace(one, unchanged=True) for one in ORIGINALS if one.id != gone]
    edited = merge(ORIGINALS, answer(*left), "make the colours warmer")
    assert [one.id for one in edited.steps] == ["s1", "s2", "s3"]
    assert edited.restored == (gone,)


@pytest.mark.parametrize(
    ("instruction", "left", "removed"),
    [
        ("remove the voiceover", "s1 s2", "s3"),
        ("without the voiceover, please", "s1 s2", "s3"),
        ("I don't want the voice", "s1 s2", "s3"),
        ("only keep the image", "s1", "s2 s3"),
        ("delete the last one", "s1 s2", "s3"),
        ("delete the video", "s1", "s2 s3"),
        ("ohne Voiceover", "s1 s2", "s3"),
        ("remove the voiceover", "s1", "s3"),
        ("make it less bright", "s1 s2", ""),
        ("not so dark", "s1 s2", ""),
        ("add music", "s1 s2", ""),
    ],
)
def test_a_step_goes_only_where_its_going_was_asked_for(instruction: str, left: str, removed: str) -> None:
    answered = [replace(one, unchanged=True) for one in ORIGINALS if one.id in left.split()]
    edited = merge(ORIGINALS, answer(*answered), instruction)
    assert edited.removed == tuple(removed.split())
    assert {one.id for one in edited.steps} == {"s1", "s2", "s3"} - set(removed.split())
    assert not {up for one in edited.steps for up in one.depends_on} & set(removed.split())


def test_what_was_cut_off_is_missing_not_removed() -> None:
    edited = merge(ORIGINALS, answer(replace(ORIGINALS[0], unchanged=True), truncated=True), "remove everything else")
    assert [one.id for one in edited.steps] == ["s1", "s2", "s3"]


def test_the_second_of_two_steps_of_one_name_is_a_new_step() -> None:
    edited = merge(ORIGINALS, answer(*ORIGINALS, step("s1", "music")), "add music")
    assert [one.id for one in edited.steps] == ["s1", "s2", "s3", "s1_2"]
    assert changed(ORIGINALS, edited.steps) == {"s1_2"}


steps = st.lists(
    st.builds(
        step,
        st.sampled_from(["s1", "s2", "s3", "s4", "s5"]),
        st.sampled_from(["image", "video", "music"]),
        unchanged=st.booleans(),
        description=st.sampled_from(["a image called s1", "else"]),
    ),
    max_size=7,
)


@given(steps, st.sampled_from(["make it blue", "remove the video", "only the image"]), st.booleans())
def test_whatever_is_answered_names_are_unique_and_nothing_is_lost_unasked(
    answered: list[PlannedStep], instruction: str, truncated: bool
) -> None:
    edited = merge(ORIGINALS, answer(*answered, truncated=truncated), instruction)
    names = [one.id for one in edited.steps]
    assert len(names) == len(set(names))
    assert {one.id for one in ORIGINALS} == (set(names) | set(edited.removed)) & {"s1", "s2", "s3"}
    if instruction == "make it blue" or truncated:
        assert edited.removed == ()
    kept = [replace(one, unchanged=False) for one in edited.steps if one.unchanged]
    assert all(one in ORIGINALS for one in kept)
