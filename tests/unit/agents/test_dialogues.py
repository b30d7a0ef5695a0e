"""Conversations of several turns: what goes on with the plan and what begins anew, what changes, and what is run again.

The classifier's rules, the edit planner's merge and the resolver of references are the real ones; the stand-in answers
on its own wire, the canvas decider is the real one, in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from events.canvas.plan_events import PlanEdited, PlanRevised
from events.canvas.session_events import ContextClassified
from tests.unit.agents.play import Play, StandIn

CAT = "a picture of a cat"
TWO = "a picture of a dog and a picture of a cat"
MAIN = "generate a product image, animate it into a 5-second video, and add a voiceover"
FILM = ["image", "video", "speech"]
NO_EDIT = ("stays as it is", "Go back to it", "reject it instead", "What should the voice say")
"""What is heard where the plan is not touched."""


@dataclass(frozen=True)
class Turn:
    """What is said once the plan has run, and what shall come of it."""

    says: str
    kinds: Sequence[str] = ()
    """Of the newest plan's steps, in order."""
    runs: Sequence[str] = ()
    """The steps that the next run makes; all others keep their results."""
    anew: bool = False
    has: str = ""
    """Somewhere in the newest plan's words or inputs."""
    hears: str = ""
    attach: Sequence[str] = ()


def turn(says: str, kinds: str, runs: str, **more: Any) -> Turn:
    return Turn(says, kinds.split(), runs.split(), **more)


F = "image video speech"
DIALOGUES: dict[str, tuple[str, Sequence[str], Sequence[Turn]]] = {
    # one step is different
    "a length": (MAIN, (), [turn("make the video 8 seconds", F, "s2 s3", has="8 seconds")]),
    "a length that nobody names": (MAIN, (), [turn("8 seconds please", F, "s2 s3", has="8.0")]),
    "longer": (MAIN, (), [turn("make the clip longer", F, "s2 s3", has="10 seconds")]),
    "shorter": (MAIN, (), [turn("a bit shorter please", F, "s2 s3", has="'duration_s': 2.5")]),
    "a colour": (MAIN, (), [turn("make it blue", F, "s1 s2 s3", has="blue")]),
    "a named step": (MAIN, (), [turn("make the product image brighter", F, "s1 s2 s3", has="brighter")]),
    "a shape": (MAIN, (), [turn("vertical please", F, "s1 s2 s3", has="9:16")]),
    "what is said": (MAIN, (), [turn("make the voice say: welcome home", F, "s3", has="welcome home")]),
    "something different is said": (MAIN, (), [
        turn("the voice should say something different", F, "", hears="What should the voice say"),
    ]),
    "the voice": (MAIN, (), [turn("the voiceover should sound calmer", F, "s3", has="calmer")]),
    "another thing in its place": (CAT, (), [turn("replace the cat with a dog", "image", "s1", has="a dog")]),
    "a background": (CAT, (), [turn("use a red background", "image", "s1", has="red background")]),
    "by its words": ("draw a cat and write a haiku", (), [
        turn("the haiku should be about rain", "image text", "s2", has="rain"),
    ]),
    "German words are kept": (CAT, (), [turn("im Winter bitte", "image", "s1", has="Winter")]),
    "instead": (CAT, (), [turn("in watercolours instead", "image", "s1", has="watercolours")]),
    # something more
    "music": (MAIN, (), [turn("add background music", f"{F} music utility", "s4 s5")]),
    "music in other words": (MAIN, (), [turn("I would like a soundtrack too", f"{F} music utility", "s4 s5")]),
    "a mesh": (MAIN, (), [turn("also make a 3D model of it", f"{F} 3d", "s4")]),
    "a film of the picture": (CAT, (), [turn("animate it", "image video", "s2")]),
    "a film of that image": (CAT, (), [turn("now animate that image", "image video", "s2")]),
    "a text": (CAT, (), [turn("write a slogan for it too", "image text", "s2")]),
    "a voice": ("a video of the sea", (), [turn("add a voiceover", "video speech", "s2")]),
    "another picture": (CAT, (), [turn("also a picture of a horse", "image image", "s2", has="horse")]),
    # something less
    "no voice": (MAIN, (), [turn("remove the voiceover", "image video", "", hears="nothing has to be made again")]),
    "no voice in other words": (MAIN, (), [turn("without the voiceover please", "image video", "")]),
    "no voice, forgotten": (MAIN, (), [turn("forget the voiceover", "image video", "")]),
    "no voice, off": (MAIN, (), [turn("turn off the voiceover", "image video", "")]),
    "two of them": (MAIN, (), [turn("get rid of the video and the voiceover", "image", "")]),
    "one of two, by what it shows": (TWO, (), [turn("delete the picture of the dog", "image", "", has="cat")]),
    "two of them, and more": (MAIN, (), [
        turn("get rid of the video and the voiceover and make the image blue", "image", "s1", has="blue"),
    ]),
    "no picture to begin with": (MAIN, (), [turn("remove the product image", "video speech", "s2 s3")]),
    "only the picture": (MAIN, (), [turn("only keep the picture", "image", "")]),
    "no voice but music": (MAIN, (), [
        turn("remove the voiceover and add music", "image video music utility", "s4 s5"),
    ]),
    # what words point at
    "a file by its label": ("animate image_1", ["a.png", "b.png"], [
        turn("now animate image_2", "video video", "s2", has="upload:image_2"),
    ]),
    "the second image": ("animate image_1", ["a.png", "b.png"], [
        turn("now animate the second image", "video video", "s2", has="upload:image_2"),
    ]),
    "a file by its name": ("animate image_1", ["beach.png", "dog.png"], [
        turn("now animate the dog picture", "video video", "s2", has="upload:image_2"),
    ]),
    "a file that comes now": (CAT, (), [
        turn("animate my photo", "image video", "s2", has="upload:image_1", attach=["me.png"]),
    ]),
    "a result, in a new plan": (CAT, (), [
        turn("let's start a new project: animate that image", "video", "s1", anew=True, has="upload:made_image_1"),
    ]),
    "a step by what it shows": (TWO, (), [
        turn("animate the picture of the dog", "image image video", "s3", has="'after': ['s1']"),
    ]),
    "a step by its number": (TWO, (), [
        turn("animate the image from step 1", "image image video", "s3", has="'after': ['s1']"),
    ]),
    "a change of what it shows": (TWO, (), [
        turn("make the picture of the dog brighter", "image image", "s1", has="'Picture of a dog, brighter'"),
    ]),
    "a file by what it shows": ("animate image_1", ["cat.png", "dog.png"], [
        turn("now animate the image of the cat", "video video", "s2", has="upload:image_1"),
    ]),
    # something new
    "it says so": (MAIN, (), [turn("start over: a poem about the sea", "text", "s1", anew=True)]),
    "it shares nothing": (MAIN, (), [turn("draw a lighthouse at night", "image", "s1", anew=True, has="lighthouse")]),
    "something else": (CAT, (), [turn("something else: write a haiku about rain", "text", "s1", anew=True)]),
    # nothing that can be done
    "a greeting": (MAIN, (), [Turn("thank you", FILM, (), hears="stays as it is")]),
    "an undoing": (MAIN, (), [
        Turn("undo that", FILM, (), hears="Go back to it"),
        Turn("go back to the previous version", FILM, (), hears="Go back to it"),
    ]),
    "everything": (MAIN, (), [Turn("delete everything", FILM, (), hears="reject it instead")]),
    # several turns
    "three turns": (MAIN, (), [
        turn("make the video 8 seconds", F, "s2 s3"),
        turn("add background music", f"{F} music utility", "s4 s5", has="8 seconds"),
        turn("remove the music", F, "", has="8 seconds"),
    ]),
    "back and forth": (CAT, (), [
        turn("animate it", "image video", "s2"),
        turn("make the cat black", "image video", "s1 s2", has="black"),
        turn("start something new: a song about trains", "music", "s1", anew=True),
        turn("make it 8 seconds", "music", "s1", has="8"),
    ]),
    "taken out and put in again": (MAIN, (), [
        turn("remove the voiceover", "image video", ""),
        turn("add a voiceover again", F, "s3"),
    ]),
}  # fmt: skip


def test_there_are_enough_of_them() -> None:
    assert len(DIALOGUES) >= 30


@pytest.mark.parametrize("name", DIALOGUES)
async def test_a_dialogue(name: str) -> None:
    first, files, turns = DIALOGUES[name]
    play = Play(model=StandIn())
    await play.hears(first, attach=files)
    await play.runs()
    for said in turns:
        before, plan_id = len(play.log.of(PlanEdited)), play.newest.plan_id
        await play.hears(said.says, attach=said.attach)
        assert play.log.of(ContextClassified)[-1].decision == ("NEW" if said.anew else "SAME")
        assert (play.newest.plan_id != plan_id) == said.anew
        assert len(play.log.of(PlanEdited)) - before == (0 if said.anew or said.hears in NO_EDIT else 1)
        shown = await play.shown()
        assert [step["kind"] for step in shown.values()] == list(said.kinds)
        assert said.has in str(shown)
        assert said.hears in " ".join((await play.heard())[-1:])
        ran = await play.runs() if play.newest.status == "awaiting_approval" else []
        assert ran == list(said.runs)
        assert play.newest.status == "succeeded"


async def test_the_first_message_asks_for_no_classification() -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    assert play.script.agents == []
    assert isinstance(play.model, StandIn)
    assert play.model.agents == ["planner", "validator"]


async def test_a_running_plan_is_not_changed_under_its_run() -> None:
    play = Play(model=StandIn())
    await play.hears(CAT, approval="auto")
    assert play.newest.status == "running"
    await play.hears("make it blue")
    assert "still running" in (await play.heard())[-1]
    assert play.log.of(PlanRevised) == []
