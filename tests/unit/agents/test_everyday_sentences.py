"""What people say every day, in one turn or two, over the whole catalog and over this machine's models alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from processors.agents.catalog import Catalog
from tests.unit.agents.makers import shipped_catalog
from tests.unit.agents.play import Play, StandIn, own_catalog

SUNSET, CAT, SCORED = "a picture of a sunset", "a video of a cat", "a video of a cat with music"
TEA, READ, LOGO = "a haiku about tea", "a haiku about tea, read it aloud", "a logo for a bakery"
SAID: dict[tuple[str, ...], str] = {
    ("I need a logo for my coffee shop called Bean There",): "image",
    ("Make me an Instagram post about our summer sale",): "text",
    (
        "create a 15 second ad for running shoes with upbeat music and a voiceover",
    ): "video; music; utility<1,2; speech<3",
    ("turn my product photo into a short video",): "image; video<1",
    ("a bedtime story about a brave mouse, read by a warm voice, with pictures",): "text; speech<1; image<1",
    ("birthday invitation for a 5 year old who loves dinosaurs",): "image",
    ("a thumbnail for my youtube video about sourdough",): "image",
    ("make a podcast intro",): "speech",
    ("a looping background video of rain on a window",): "video",
    ("three variations of a poster for a rock concert",): "image; image; image",
    ("an explainer video on how photosynthesis works",): "video",
    ("a picture of my dog as an astronaut",): "image",
    ("a red bicycle in front of a blue door",): "image",
    ("create a meditation audio with ocean sounds and a calm female voice",): "audio; speech",
    ("Describe a futuristic city, then paint it, then animate the painting",): "text; image<1; video<2",
    ("make a music video for a song about the moon",): "video",
    ("a talking portrait of Einstein explaining relativity",): "image; speech; lipsync<1,2",
    ("a 10 second clip of a waterfall, vertical",): "video",
    ("write a tweet announcing our new app and an image to go with it",): "text; image<1",
    ("ringtone of a cat meowing",): "audio",
    ("wallpaper of mountains at sunset 1920x1080",): "image",
    ("a comic strip about two robots in four panels",): "image",
    ("use Kling for a video of a whale",): "video",
    ("a slide show of three pictures of beaches",): "video",
    (SUNSET, "make it more dramatic"): "image",
    (SUNSET, "add a sailboat"): "image",
    (SUNSET, "now at night"): "image",
    (SUNSET, "I need it as a video too"): "image; video<1",
    (SUNSET, "two more like this"): "image; image; image",
    (SUNSET, "make another one with mountains"): "image; image",
    (CAT, "add some text at the end that says Subscribe"): "video",
    (CAT, "make it 8 seconds", "add music", "without the music"): "video",
    (SCORED, "different music please, something sad"): "video; music; utility<1,2",
    (SCORED, "lower the volume of the music"): "video; music; utility<1,2",
    (SCORED, "replace the music with a voiceover"): "video; speech<1",
    (TEA, "make it funnier"): "text",
    (TEA, "read it out loud in a deep voice"): "text; speech<1",
    (READ, "change the voice to a woman"): "text; speech<1",
    (LOGO, "in blue and gold"): "image",
    (LOGO, "put it on a mug"): "image",
    (LOGO, "as a sticker too"): "image; image",
    (LOGO, "turn it into a 3D model", "remove the 3D model"): "image",
}
TOLD: dict[tuple[str, ...], tuple[str, str]] = {
    (SUNSET, "add a sailboat"): ("s1", "Picture of a sunset, with a sailboat"),
    (SUNSET, "now at night"): ("s1", "Picture of a sunset, at night"),
    (SUNSET, "make another one with mountains"): ("s2", "Picture of a sunset with mountains"),
    (SCORED, "different music please, something sad"): ("s2", "Music: a cat, something sad"),
    (LOGO, "put it on a mug"): ("s1", "Logo for a bakery, on a mug"),
    (LOGO, "as a sticker too"): ("s2", "Sticker of a bakery"),
}
"""What a step is told."""
CATALOGS = {"all": shipped_catalog(), "local": own_catalog()}


async def said(turns: Sequence[str], catalog: Catalog) -> Play:
    play = Play(model=StandIn())
    play.catalog = catalog
    for turn in turns:
        await play.hears(turn)
    return play


@pytest.mark.parametrize("models", CATALOGS)
@pytest.mark.parametrize("turns", SAID, ids=" / ".join)
async def test_it_becomes_its_plan(turns: tuple[str, ...], models: str) -> None:
    shown = await (await said(turns, CATALOGS[models])).shown()
    place = {name: str(number) for number, name in enumerate(shown, 1)}
    steps = [(one["kind"], ",".join(place[up] for up in one["after"])) for one in shown.values()]
    assert "; ".join(f"{kind}<{ups}" if ups else kind for kind, ups in steps) == SAID[turns]


@pytest.mark.parametrize("turns", TOLD, ids=" / ".join)
async def test_its_step_is_told_just_that(turns: tuple[str, ...]) -> None:
    name, description = TOLD[turns]
    assert (await (await said(turns, CATALOGS["local"])).shown())[name]["description"] == description


def test_there_are_forty_of_them() -> None:
    assert len(SAID) >= 40
