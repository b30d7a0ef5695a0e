"""What is put in another's place, silenced or taken away: exactly that changes; what is not understood is asked back.

Each dialogue: a plan, what is said of it, and the plan from then on, as `kind<sources`; the stand-in answers, the rules
that guard a plan's steps are the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from events.canvas.plan_events import PlanEdited
from tests.unit.agents.play import Play, StandIn

FILM = "generate a product image, animate it into a 5-second video, and add a voiceover"
SCORED = f"{FILM}, then add background music"
MUG = "a picture of a mug, animate it, and add a voiceover"
PETS = "a picture of a dog and a picture of a cat"
IMAGE, VIDEO, VOICE = "s1 image", "s2 video<s1", "s3 speech<s2"


async def graph(play: Play) -> list[str]:
    shown = await play.shown()
    return [f"{name} {one['kind']}{'<' if one['after'] else ''}{','.join(one['after'])}" for name, one in shown.items()]


async def words(play: Play) -> str:
    return str(await play.shown())


async def said(*turns: str, files: Sequence[str] = ()) -> Play:
    play = Play(model=StandIn())
    for number, turn in enumerate(turns):
        await play.hears(turn, attach=files if number == 0 else ())
    return play


@pytest.mark.parametrize(
    ("first", "then", "steps"),
    [
        # a sound in a sound's place lies where that lay
        (FILM, "replace the voiceover with music", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "swap the voice for a song", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "change the voiceover to a song", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "instead of the voiceover use music", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "music instead of the voice", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "use music instead of the voiceover please", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "I don't like the voice, use music instead", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "use music instead", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "replace the voiceover with music and sound effects",
         [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4", "s6 audio", "s7 utility<s5,s6"]),
        (SCORED, "replace the music with sound effects", [IMAGE, VIDEO, VOICE, "s6 audio", "s7 utility<s3,s6"]),
        # another kind of thing, from the same source
        (FILM, "replace the video with a 3D model", [IMAGE, "s3 speech", "s4 3d<s1"]),
        # what is without a part goes on with what that part was made of
        (SCORED, "remove the voiceover", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (SCORED, "remove the music", [IMAGE, VIDEO, VOICE]),
        (FILM, "remove the last step", [IMAGE, VIDEO]),
        (FILM, "without the voice", [IMAGE, VIDEO]),
        (FILM, "drop the video", [IMAGE, "s3 speech"]),
        (FILM, "only the video please", [IMAGE, VIDEO]),
        (FILM, "I changed my mind, no video", [IMAGE, "s3 speech"]),
        (FILM, "actually no voiceover, just music", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "forget the voice, add a song about summer instead", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
        (FILM, "remove the video and the voice, add a song", [IMAGE, "s4 music"]),
        ("a picture of a dog", "make it a video instead", ["s2 video"]),
        # silence
        (FILM, "make it silent", [IMAGE, VIDEO]),
        (FILM, "mute it", [IMAGE, VIDEO]),
        (FILM, "mute the video please", [IMAGE, VIDEO]),
        (FILM, "no sound please", [IMAGE, VIDEO]),
        (SCORED, "make the video silent", [IMAGE, VIDEO]),
        (SCORED, "turn the sound off", [IMAGE, VIDEO]),
        # taken back
        (SCORED, "undo the music", [IMAGE, VIDEO, VOICE]),
        (SCORED, "undo the voiceover", [IMAGE, VIDEO, "s4 music", "s5 utility<s2,s4"]),
    ],
)  # fmt: skip
async def test_a_step_in_anothers_place(first: str, then: str, steps: Sequence[str]) -> None:
    play = await said(first, then)
    assert await graph(play) == steps


@pytest.mark.parametrize(
    ("first", "then", "has", "has_not"),
    [
        (MUG, "instead of a mug make it a bottle", "bottle", "mug"),
        (MUG, "replace the mug with a bottle", "bottle", "mug"),
        (MUG, "make it a bottle", "bottle", "mug"),
        (MUG, "make it a bottle, not a mug", "bottle", "mug"),
        (MUG, "make it a bottle instead of a mug", "bottle", "mug"),
        (MUG, "not a mug but a bottle", "bottle", "mug"),
        (MUG, "a bottle instead of the mug please", "bottle", "mug"),
        (MUG, "the mug should be a bottle", "bottle", "mug"),
        (MUG, "turn the mug into an old bottle", "an old bottle", "mug"),
        ("a picture of a red mug on a table", "make it a bottle", "Picture of a red bottle on a table", "mug"),
        ("a picture of a red mug on a table", "make it a blue bottle", "Picture of a blue bottle on a table", "mug"),
        ("a picture of two mugs", "replace the mugs with bottles", "bottles", "mug"),
        (FILM, "replace the picture with a photo of a shoe", "Photo of a shoe", "roduct"),
        ("a picture of a mug", "make it a watercolor", "Watercolor of a mug", "Picture of"),
        ("a picture of a mug", "replace the photo with a drawing", "Drawing of a mug", "Picture of"),
        ("a picture of a mug", "make it black and white", "black and white", "make"),
        ("a picture of a mug", "replace the background with a beach", "background: a beach", "replace"),
        ("a picture of a mug", "change the colour to red", "colour: red", "change"),
        ("a picture of a dog", "change the dog to brown", "Picture of a brown dog", "change"),
        ("a picture of a dog", "change the dog to be brown", "Picture of a brown dog", "be"),
        ("a picture of a dog", "make it an oil painting", "Oil painting of a dog", "Picture of"),
        ("a picture of a dog", "make it a night scene", "a dog, a night scene", "make"),
        ("a picture of a dog and a cat", "remove the dog", "Picture of a cat", "dog"),
        ("a picture of a dog and a cat", "remove the cat from the picture", "Picture of a dog", "cat"),
        ("a picture of a dog", "remove the background", "a dog, without the background", "remove"),
        ("a song about summer", "change it to winter", "Song about winter", "summer"),
        ("a haiku about rain, read it aloud", "make it about snow", "Haiku about snow", "rain"),
        ("three pictures of cats", "replace the second picture with a dog", "Picture of a dog (2 of 3)", "replace"),
        (FILM, "change the voice to a deep male one", "'voice': 'male'", "change"),
        (FILM, "use a female voice", "'voice': 'female'", "use a"),
        (FILM, "the picture should show a car", "Car image", "roduct"),
        (FILM, "change step 1 to a picture of a car", "Picture of a car", "roduct"),
        (FILM, "make step 1 a picture of a car", "Picture of a car", "roduct"),
        (FILM, "add a logo to the picture", "Product image, with a logo", "add"),
        (FILM, "put our slogan on it", "Product image, with our slogan", "put our"),
        (FILM, "the voice is too fast", "slower", "too"),
        (FILM, "the video is too short", "10-second video", "too"),
        (FILM, "instead of 5 seconds make it 10", "'duration_s': 10", "instead"),
        (FILM, "make it 10 seconds instead of 5", "'duration_s': 10", "instead"),
        (FILM, "keep the picture but change the video to 10 seconds", "10-second video", "keep"),
        (FILM, "make the sky red and the grass blue", "sky red and the grass blue", "make"),
        (FILM, "great, make it blue", "Product image, blue", "great"),
        (FILM, "make the video 8 seconds. And make the video vertical", "8-second video", "vertical"),
        (FILM, "replace the voiceover with a female voice", "'voice': 'female'", "replace"),
    ],
)
async def test_a_thing_in_anothers_place(first: str, then: str, has: str, has_not: str) -> None:
    play = await said(first, then)
    before = await graph(await said(first))
    assert await graph(play) == before
    assert has in await words(play)
    assert has_not not in (await words(play)).replace("made_image", "")


@pytest.mark.parametrize(
    ("first", "then", "asks"),
    [
        (FILM, "replace the music with a voice", "no music"),
        (FILM, "remove the music", "no music"),
        (FILM, "undo the music", "no music"),
        (PETS, "remove the picture", "step 2"),
        (PETS, "replace the picture with a video", "step 2"),
        (PETS, "replace the dragon with a horse", "dragon"),
        (PETS, "delete the dragon", "dragon"),
        (PETS, "swap the picture", "instead"),
        (PETS, "I want a different picture", "how it should be different"),
        ("three pictures of cats", "make it two", "which steps"),
        (PETS, "make it silent", "no sound"),
        ("a picture of a mug", "use the first picture again", "Go back to it"),
        ("a picture of a mug", "use music instead", "Instead of what"),
    ],
)
async def test_what_is_not_there_or_not_clear_is_asked_back(first: str, then: str, asks: str) -> None:
    play = await said(first, then)
    assert play.log.of(PlanEdited) == []
    assert asks in (await play.heard())[-1]


@pytest.mark.parametrize(
    ("first", "then", "steps"),
    [
        (PETS, "animate both pictures", "s3 video<s1; s4 video<s2"),
        (PETS, "animate all of them", "s3 video<s1; s4 video<s2"),
        (PETS, "animate the images from steps 1 and 2", "s3 video<s1; s4 video<s2"),
        (PETS, "make a video from the images from steps 1 and 2", "s3 video<s1,s2"),
        (PETS, "make one video of both pictures", "s3 video<s1,s2"),
        (PETS, "make a slideshow of them all", "s3 video<s1; s4 video<s2; s5 utility<s3,s4"),
        (PETS, "join both pictures into a video", "s3 video<s1; s4 video<s2; s5 utility<s3,s4"),
        (f"{PETS} and a picture of a cow", "animate the pictures from steps 1 and 3", "s4 video<s1; s5 video<s3"),
        (f"{PETS} and a picture of a cow", "make a slideshow of the first and the last picture",
         "s4 video<s1; s5 video<s3; s6 utility<s4,s5"),
        (PETS, "animate the first picture", "s3 video<s1"),
        (PETS, "animate only the first one", "s3 video<s1"),
        (PETS, "please animate the last one", "s3 video<s2"),
        ("three pictures of a fox", "animate the second one", "s4 video<s2"),
        ("a picture of a dog and a picture of a cat", "animate the dog one", "s3 video<s1"),
    ],
)  # fmt: skip
async def test_what_is_spoken_of_is_the_source_each_of_several(first: str, then: str, steps: str) -> None:
    before = len(await graph(await said(first)))
    assert "; ".join((await graph(await said(first, then)))[before:]) == steps


async def test_what_no_model_puts_on_one_picture_is_drawn_from_words_or_said() -> None:
    play = await said(PETS, "make a picture that shows both of them")
    assert (await play.shown())["s3"]["description"] == "Picture: a dog and a cat"
    play = await said(PETS, "merge the images from steps 1 and 2 into one picture")
    assert "several pictures" in (await play.heard())[-1]


async def test_both_files_are_each_a_source() -> None:
    play = await said("animate both pictures", files=["cat.png", "dog.png"])
    assert [one["input"]["image"] for one in (await play.shown()).values()] == ["upload:image_1", "upload:image_2"]


async def test_what_could_be_done_is_done_and_the_rest_is_asked() -> None:
    play = await said(FILM, "remove the dragon and make the video 8 seconds")
    assert await graph(play) == [IMAGE, VIDEO, VOICE]
    assert "8 seconds" in await words(play)
    assert "dragon" in " ".join(await play.heard())


@pytest.mark.parametrize(
    ("then", "hears"),
    [
        ("replace the voiceover with music",
         "Taken out: “Voiceover”. New: “Music” and “Merge”. The rest stays as it was."),
        ("without the voice", "Taken out: “Voiceover”. The rest stays as it was, and nothing has to be made again."),
        ("make the video 8 seconds",
         "Changed: “8-second video”. Made from that: “Voiceover”. The rest stays as it was."),
        ("also a picture of a horse", "New: “Picture of a horse”. The rest stays as it was."),
    ],
)  # fmt: skip
async def test_what_was_changed_is_said(then: str, hears: str) -> None:
    play = await said(FILM, then)
    assert hears in await play.heard()


@pytest.mark.parametrize(
    ("then", "source"),
    [
        ("use image_2 for the video", "upload:image_2"),
        ("use the second image for the video", "upload:image_2"),
        ("use the dog picture instead", "upload:image_2"),
        ("take image_2 as the first frame", "upload:image_2"),
    ],
)
async def test_another_source_of_a_step(then: str, source: str) -> None:
    play = await said("animate image_1", then, files=["beach.png", "dog.png"])
    shown = await play.shown()
    assert [(one["kind"], one["input"]["image"]) for one in shown.values()] == [("video", source)]


async def test_another_step_is_the_source() -> None:
    play = await said(f"{PETS}, and animate the cat picture", "use the dog picture for the video")
    assert await graph(play) == ["s1 image", "s2 image", "s3 video<s1"]


async def test_a_file_takes_the_place_of_what_would_have_been_made() -> None:
    play = await said("a picture of a mug, and animate it", "hm")
    await play.hears("use my photo instead of the picture", attach=["me.png"])
    shown = await play.shown()
    assert [(name, one["input"]["image"]) for name, one in shown.items()] == [("s2", "upload:image_1")]
