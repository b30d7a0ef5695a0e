"""A tool is only given what it does: other operations are left out and told, and nothing takes their place unsaid."""

from __future__ import annotations

import json
from typing import Any

import pytest

from events.canvas.plan_events import PlanValidated
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec
from processors.agents.catalog import Catalog
from processors.agents.fitting.selector import select
from processors.agents.operations import asked_for
from processors.agents.plan import PlannedStep
from processors.agents.tools import Tool
from processors.agents.words.references import Known, KnownStep
from tests.catalog import shipped
from tests.unit.agents.makers import media, model, schema
from tests.unit.agents.play import Play, StandIn

WHOLE = [entry.spec for entry in shipped()]
EVERYTHING = Catalog.of(CurrentModel(model=spec, version=1) for spec in WHOLE)
IMAGE, VIDEO, AUDIO, TEXT, MESH = (
    KnownStep(name, f"stp_X.1.{name}", frozenset({medium}))
    for name, medium in (("i", "image"), ("v", "video"), ("a", "audio"), ("t", "text"), ("m", "3d"))
)
TEMPLATES = ("{}", "{} the result of the step before", "Final step: {}")


def tool(title: str, description: str = "", **more: Any) -> PlannedStep:
    return PlannedStep("s", title, description, "utility", **more)


def chosen(step: PlannedStep, *sources: KnownStep, catalog: Catalog = EVERYTHING) -> str | None:
    choice = select(step, Known(steps=sources), catalog)
    return choice.model.id if choice else None


@pytest.mark.parametrize(
    "words",
    [
        "burn subtitles into the film", "add captions", "Untertitel einblenden", "play it backwards", "reverse it",
        "put the watermark ACME on it", "Wasserzeichen", "a slideshow of the pictures", "pack everything in a zip",
        "mix both into one audio file", "trim to five seconds", "crop to a square", "rotate by 90 degrees",
        "speed it up", "in slow motion", "loop it three times", "convert to GIF", "as a webm", "compress the file",
        "a collage of all", "side by side", "stabilise the film", "reduce the noise: denoise", "black and white",
        "blur the faces", "mute the film", "extract the sound", "normalise the loudness", "transcribe the speech",
        "add a crossfade", "colorize it", "remove the sound", "translate it", "frobnicate the bits",
    ],
)  # fmt: skip
@pytest.mark.parametrize("sources", [(IMAGE,), (VIDEO,), (VIDEO, AUDIO), (VIDEO, VIDEO), (IMAGE, IMAGE, TEXT)], ids=str)
def test_what_no_tool_does_is_given_to_none(words: str, sources: tuple[KnownStep, ...]) -> None:
    is_merged = "mix both" in words and AUDIO in sources  # a mix of a film and a sound is what the merger makes
    assert chosen(tool(words.split()[0], words), *sources) == ("local/merge" if is_merged else None)
    assert chosen(tool("", words), *sources) == ("local/merge" if is_merged else None)


@pytest.mark.parametrize(
    ("title", "description", "sources", "does"),
    [
        ("Merge", "Lay the voice over the film", (VIDEO, AUDIO), "merge"),
        ("Final film", "The sea with calm music under it", (VIDEO, AUDIO), "merge"),
        ("Add music", "Add the music to the film", (VIDEO, AUDIO), "merge"),
        ("Mix", "Mix film and music", (VIDEO, AUDIO), "merge"),
        ("Zusammenführen", "Lege die Musik unter das Video", (VIDEO, AUDIO), "merge"),
        ("Ajouter la musique", "", (VIDEO, AUDIO), "merge"),
        ("動画に音楽を付ける", "", (VIDEO, AUDIO), "merge"),
        ("Join", "One clip after the other", (VIDEO, VIDEO), "concat"),
        ("Merge the clips", "", (VIDEO, VIDEO), "concat"),
        ("Final cut", "Both scenes together", (VIDEO, VIDEO), "concat"),
        ("Thumbnail", "", (VIDEO,), "thumbnail"),
        ("Poster", "Extract the first frame as a poster", (VIDEO,), "thumbnail"),
        ("Vorschaubild", "", (IMAGE,), "thumbnail"),
        ("Upscale", "Enlarge it to 4K", (IMAGE,), "upscale"),
        ("Cut-out", "Remove the background of the picture", (IMAGE,), "cutout"),
    ],
)
def test_what_a_tool_does_is_given_to_it(
    title: str, description: str, sources: tuple[KnownStep, ...], does: str
) -> None:
    model_id = chosen(tool(title, description), *sources)
    assert model_id is not None
    assert does in EVERYTHING.tools[model_id].does


def test_every_tool_of_the_catalog_is_known_by_what_it_does() -> None:
    tools = [spec for spec in WHOLE if spec.agent_type == "utility"]
    assert tools
    assert [spec.id for spec in tools if not Tool.of(spec).does] == []


@pytest.mark.parametrize(
    "spec", [spec for spec in WHOLE if spec.agent_type == "utility"], ids=lambda spec: str(spec.id)
)
def test_a_tool_does_what_its_own_words_ask_for(spec: ModelSpec) -> None:
    """Its title as a step's: it can be had by that."""
    assert asked_for("", spec.title, spec.description) in Tool.of(spec).does


def test_an_operation_nobody_has_heard_of_is_known_by_the_tools_own_words() -> None:
    own = model(
        "acme/frobnicator", "utility", ("image",), schema(["image"], image=media("image")), tags=("frobnicate",)
    )
    catalog = Catalog.of([CurrentModel(model=spec, version=1) for spec in (*WHOLE, own)])
    assert chosen(tool("Frobnicate"), IMAGE, catalog=catalog) == "acme/frobnicator"
    assert chosen(tool("Subtitles"), IMAGE, catalog=catalog) is None
    assert "frobnicate" in catalog.capabilities["utility"].does


def test_the_operation_that_a_planner_names_counts_before_its_words() -> None:
    assert chosen(tool("Prêt", "voilà", input={"operation": "thumbnail"}), VIDEO) == "local/thumbnail"
    assert chosen(tool("Thumbnail", input={"operation": "subtitle"}), VIDEO) is None


def test_a_tool_that_is_named_for_what_it_does_not_do_is_not_taken() -> None:
    assert chosen(tool("Reverse", model="local/thumbnail"), VIDEO) is None
    assert chosen(tool("Go", model="local/thumbnail"), VIDEO) == "local/thumbnail"


def test_a_step_that_is_as_it_was_keeps_its_tool() -> None:
    assert chosen(tool("Reverse", model="local/thumbnail", unchanged=True), VIDEO) == "local/thumbnail"


FILM = {"id": "a", "title": "Sea", "description": "the sea", "agent_type": "video", "depends_on": []}
BACKWARDS = {"id": "b", "title": "Backwards", "description": "Play the video backwards", "agent_type": "utility",
             "depends_on": ["a"]}  # fmt: skip
VOICE = {"id": "c", "title": "Voice", "description": "A calm voice over the film", "agent_type": "speech",
         "depends_on": ["b"], "input": {"text": "The sea is calm."}}  # fmt: skip


def answer(*steps: dict[str, Any]) -> str:
    return json.dumps({"title": "Sea", "steps": steps})


async def test_what_is_left_out_is_said_though_the_plan_is_revised() -> None:
    play = Play(answer(FILM, BACKWARDS), answer(FILM))
    await play.hears("the sea, backwards")
    assert [step["kind"] for step in (await play.shown()).values()] == ["video"]
    [told] = await play.heard()
    assert told == "“Backwards”: no tool here does that, so it was left out."


async def test_what_was_to_be_made_from_it_says_what_it_is_made_from() -> None:
    play = Play(*[answer(FILM, BACKWARDS, VOICE)] * 3)
    await play.hears("the sea, backwards, with a voice")
    steps = await play.shown()
    assert (steps["c"]["after"], steps["c"]["model"]) == (["a"], "local/voiceover")
    [told] = await play.heard()
    assert "“Backwards”: no tool here does that, so it was left out." in told
    assert "“Voice”: it was to be made from “Backwards”, which is left out, so it is made from what" in told
    issues = [await play.vault.open(one) for one in play.log.of(PlanValidated)[-1].issues]
    assert any(one.startswith("“Backwards”: no tool here does that") for one in issues)
    assert any(one.startswith("c: it was to be made from “Backwards”, which is left out") for one in issues)


async def test_a_medium_that_nothing_makes_is_said_as_well() -> None:
    song = {**FILM, "id": "b", "title": "Song", "agent_type": "music"}
    play = Play(answer(FILM, song), answer(FILM))
    play.catalog = play.catalog.without([one.id for one in play.catalog.of_type("music")])
    await play.hears("the sea, and a song")
    [told] = await play.heard()
    assert "“Song”" in told


async def test_the_stand_in_plans_no_operation_that_no_tool_does() -> None:
    play = Play(model=StandIn())
    await play.hears("a video of the sea with subtitles")
    assert [step["kind"] for step in (await play.shown()).values()] == ["video"]
    [told] = await play.heard()
    assert told.startswith("No model here can do that")


async def test_the_stand_in_joins_clips_to_a_slide_show() -> None:
    play = Play(model=StandIn())
    await play.hears("Create four images of seasons, and a slideshow of them")
    assert [step["model"] for step in (await play.shown()).values()][-1] == "local/concat"
    assert await play.heard() == []


async def test_the_stand_in_takes_a_picture_out_of_a_film_with_a_tool_that_does() -> None:
    play = Play(model=StandIn())
    await play.hears("extract an image from video_1", attach=["a.mp4"])
    assert [step["model"] for step in (await play.shown()).values()] == ["local/thumbnail"]
