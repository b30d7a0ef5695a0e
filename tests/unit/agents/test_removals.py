"""What an edit planner forgets comes back; what a person asks to be without goes, and nothing else of the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.fitting.validator import Issue
from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.stages.editing import merge, repair


def step(name: str, title: str, kind: str, *after: str, words: str = "") -> PlannedStep:
    return PlannedStep(name, title, words or title, kind, after, "far/model", {"prompt": "as it was"})


PLAN = (
    step("s1", "Product image", "image", words="a bottle of shampoo on a product shelf"),
    step("s2", "Video of the bottle", "video", "s1", words="the product spins"),
    step("s3", "Voiceover", "speech", words="says hi"),
    step("s4", "Background music", "music", words="a waltz"),
    step("s5", "Limerick about rain", "text"),
)
IDS = {one.id for one in PLAN}


def lost(instruction: str, gone: str, *, listed: bool, new: str = "") -> str:
    """The ids that are really removed where the answer has none of those in `gone`."""
    left = [replace(one, unchanged=True) for one in PLAN if one.id not in gone.split()]
    left += [step(name, f"New {name}", "image") for name in new.split()]
    said = ParsedPlan("T", tuple(left), "direct", removed=tuple(gone.split()) if listed else ())
    return " ".join(merge(PLAN, said, instruction).removed)


ALL_BUT_FIRST = "s2 s3 s4 s5"

NOBODY_ASKED = """
don't remove the voiceover, just make the video longer
do not delete anything
please don't delete or change the voiceover and the video
do not, under any circumstances, delete the video
don't change, move or delete the music
never remove the voiceover
without changing the voiceover, make the image blue
without removing the video, make the image blue
instead of deleting the voiceover, make it quieter
you should not remove the voiceover
there is no need to remove the video
I don't want you to delete the music
I don't want to lose the voiceover
I didn't ask you to remove the voiceover
why did you remove the voiceover?
did you delete the video?
should I remove the voiceover?
if you remove the voiceover, make the video longer
you removed the voiceover, bring it back
the video is gone
the voiceover is removed
I hear no voiceover
there is no music
why is there no music?
no voiceover?
drop shadow under the product please
drop the video quality a bit
drop the music volume by half
drop the music by 3 dB
remove the background from the product image
remove the background music volume peaks
remove the dog from the image
remove the text from the image
remove the voiceover's echo
remove the noise of the voice
remove the video's black bars
remove the music at the end
take out the red tones
take the music down a notch
take the video and make it blue
cut out the noise in the video
cut the video to 5 seconds
cut the music short
only change the video
just make the video longer
only the image should be blue
just the video a bit longer
not too fast video please
not so dark
no video is good enough for this, so make it sharper
no voiceover changes
I don't want the voiceover to be so loud
I don't want the voiceover removed
I don't want the voiceover too loud
the video looks empty without the music
I cannot imagine it without the voiceover
what would the video be without the music?
make one step of the stairs red
don't delete steps 3 and 4
make steps 3 and 4 louder
remove steps 3 and 9
remove steps 0 to 2
remove steps 4-2
remove steps 2.5 and 3.5
delete the last seven steps
remove the first 5 seconds
remove the last two seconds of the video
delete the second to last second of the video
delete step 3 of the recipe
make the bottle say "delete steps 3 and 4"
remove all images except the first one
remove both images
skip to the best part of the video
lose the sepia tone
forget what I said about the voiceover
make the image of a person without a voice recorder
make the bottle say: remove the voiceover and the video
the slogan reads "delete the video"
make the voice say 'drop the music'
change the title to: without the video
the logo is ugly, remove it
the logo in the image is ugly, remove it
leave the voiceover as it is
keep the voiceover
make the image without text
make the video without a picture frame
a bottle with no image on it
remove the voiceover in the second version only
drop the voiceover lower in the mix
let the music drop at the end
remove the voiceover's first word
delete the video frames that are blurred
the video without the music sounds empty
instead of the voiceover being loud, make it soft
make it blue
add more music
replace the cat with a dog
replace the bottle in the image with a can
swap the colours of the video
use a photo of the sea instead of the beach
make the video louder instead of the music
the music should not go
remove the light of the bottle
remove the music in the first 3 seconds
remove the text on the bottle
remove the shadow of the bottle
take the bottle out of the picture
take the music out of the first scene
remove one of the bottles
remove the bottle
no bottle please
remove the background
turn off the lights in the image
turn the music down
mute the video
mute the image
turn the video off-centre
the colours of the video are off
don't use the image for the video
don't use another voice
don't add another voiceover
don't make the video so fast
don't make the voiceover so loud
I don't want the music so loud
do not include the logo
it sounds better with the voiceover
it is empty without the music
it would not work without the music
I only want the image to be blue
both the image and the video should be blue
cut: the video is too long
cut, then the music
should I remove: the music?
don't: delete, the music
do not create the video again
don't use the music from 10 seconds on
remove the music with the drums
remove the image in the video
remove the video on the wall
mute the voiceover at the end
I only need the music quieter
a video, the music louder
die Stimme nicht weg
lösche die Stimme nicht
bitte nichts löschen
entferne den Hintergrund vom Bild
die Stimme soll lauter werden
lass die Stimme so
ohne die Stimme zu ändern, mach das Bild blau
mach das Video nicht so schnell
ne supprime pas la voix
no elimines la voz
""".strip().splitlines()


@pytest.mark.parametrize("listed", [False, True], ids=["forgotten", "listed"])
@pytest.mark.parametrize("instruction", NOBODY_ASKED)
def test_nothing_goes_where_nobody_asked_for_that(instruction: str, listed: bool) -> None:
    assert lost(instruction, ALL_BUT_FIRST, listed=listed) == ""


ASKED_FOR = [
    ("remove the voiceover", "s3"),
    ("please remove the voiceover.", "s3"),
    ("could you remove the voiceover?", "s3"),
    ("Can you please delete the voice over the top?", ""),
    ("delete the video and keep the voiceover", "s2"),
    ("make the video without music", "s4"),
    ("ok, now remove the voiceover and the music", "s3 s4"),
    ("remove the voiceover, the music and the limerick", "s3 s4"),
    ("remove voiceover and music please", "s3 s4"),
    ("remove the voiceover and add a dog", "s3"),
    ("make the image blue and remove the voiceover", "s3"),
    ("make the image blue, remove the voiceover", "s3"),
    ("don't make it so dark, and remove the voiceover", "s3"),
    ("remove the voiceover but not the music", "s3"),
    ("remove the voiceover; do not remove the music", "s3"),
    ("remove the voiceover, it's too loud", "s3"),
    ("remove the voiceover because I don't need it", "s3"),
    ("remove the voiceover you added", "s3"),
    ("delete the background music", "s4"),
    ("get rid of the music", "s4"),
    ("get rid of the music and the voiceover", "s3 s4"),
    ("get rid of both the music and the voiceover", "s3 s4"),
    ("scratch the voiceover", "s3"),
    ("music off please", "s4"),
    ("turn off the music", "s4"),
    ("switch the music off", "s4"),
    ("mute the music", "s4"),
    ("Delete: the music", "s4"),
    ("please remove: the music, the voiceover", "s3 s4"),
    ("I only want the image and the video", "s3 s4 s5"),
    ("remove the music so we hear the voice", "s4"),
    ("delete the video of the bottle", "s2"),
    ("remove the video that shows the bottle", "s2"),
    ("remove the video called bottle", "s2"),
    ("take the voiceover out", "s3"),
    ("take out the voiceover", "s3"),
    ("leave the music out please", "s4"),
    ("remove the music from the plan", "s4"),
    ("I don't want the voiceover", "s3"),
    ("we don't need the music anymore", "s4"),
    ("I no longer want the voiceover", "s3"),
    ("I never asked for a voiceover", "s3"),
    ("I would like to drop the music", "s4"),
    ("I'd like the voiceover removed", "s3"),
    ("the voiceover can go", "s3"),
    ("the music should be removed", "s4"),
    ("the music has to go", "s4"),
    ("the voiceover is not needed", "s3"),
    ("the music is no longer needed", "s4"),
    ("the music is superfluous", "s4"),
    ("without the voiceover, please", "s3"),
    ("make it without the voiceover", "s3"),
    ("no voiceover please", "s3"),
    ("no more music", "s4"),
    ("make the video with no music", "s4"),
    ("the voiceover is awful, remove it", "s3"),
    ("I don't like the voiceover. Delete it.", "s3"),
    ("remove step s4", "s4"),
    ("delete s3", "s3"),
    ("delete step 3", "s3"),
    ("delete the third step", "s3"),
    ("remove the voiceover step", "s3"),
    ("delete the last two steps", "s4 s5"),
    ("remove the last 2 steps", "s4 s5"),
    ("delete the two last steps", "s4 s5"),
    ("delete both of the last two steps", "s4 s5"),
    ("delete the second to last step", "s4"),
    ("delete the third and fourth step", "s3 s4"),
    ("delete the 3rd and the 5th steps", "s3 s5"),
    ("delete step two", "s2"),
    ("remove the 5 second video", "s2"),
    ("delete step #3", "s3"),
    ("delete steps 3 and 4", "s3 s4"),
    ("Delete Steps 3 & 4, please", "s3 s4"),
    ("delete step 3 and step 4", "s3 s4"),
    ("remove steps two, three and five", "s2 s3 s5"),
    ("remove steps 2,3", "s2 s3"),
    ("remove steps 2-4", "s2 s3 s4"),
    ("remove steps 3–5", "s3 s4 s5"),
    ("remove steps 2 to 4 from the plan", "s2 s3 s4"),
    ("remove steps 2, 4 through 5", "s2 s4 s5"),
    ("steps 3 and 4 can go", "s3 s4"),
    ("we don't need steps 3 and 4 anymore", "s3 s4"),
    ("remove steps 3 and 4 and make the image blue", "s3 s4"),
    ("delete step 3 and make 4 copies of the image", "s3"),
    ("delete steps 3 and 4 but keep the voiceover", "s4"),
    ("delete steps 3 and 4 but not step 4", "s3"),
    ("keep only steps 1 and 2", "s3 s4 s5"),
    ("only keep steps 1 to 3", "s4 s5"),
    ("delete everything but steps 1 and 2", "s3 s4 s5"),
    ("delete all but the first two steps", "s3 s4 s5"),
    ("lösche die Schritte 3 und 4", "s3 s4"),
    ("lösche die letzten beiden Schritte", "s4 s5"),
    ('remove "Background music"', "s4"),
    ("remove everything except the image", "s2 s3 s4 s5"),
    ("delete all but the image and the video", "s3 s4 s5"),
    ("only keep the image", "s2 s3 s4 s5"),
    ("just the image please", "s2 s3 s4 s5"),
    ("keep only the image and the voiceover", "s2 s4 s5"),
    ("only the image, the voiceover and the music please", "s2 s5"),
    ("only the image, not the voiceover", "s2 s4 s5"),
    ("nothing but the image", "s2 s3 s4 s5"),
    ("keep the image and remove everything else", "s2 s3 s4 s5"),
    ("die Stimme weg", "s3"),
    ("die Stimme kann weg", "s3"),
    ("bitte die Musik löschen", "s4"),
    ("lösch die Musik", "s4"),
    ("entferne bitte die Hintergrundmusik", "s4"),
    ("lass die Stimme weg", "s3"),
    ("nimm die Musik raus", "s4"),
    ("ohne Stimme bitte", "s3"),
    ("kein Voiceover", "s3"),
    ("keine Musik mehr", "s4"),
    ("ich brauche die Musik nicht mehr", "s4"),
    ("nur das Bild", "s2 s3 s4 s5"),
    ("supprime la voix", "s3"),
    ("elimina la voz", "s3"),
    ("senza musica", "s4"),
]


@pytest.mark.parametrize("listed", [False, True], ids=["forgotten", "listed"])
@pytest.mark.parametrize(("instruction", "removed"), ASKED_FOR, ids=[one for one, _ in ASKED_FOR])
def test_what_was_asked_for_goes_and_nothing_else(instruction: str, removed: str, listed: bool) -> None:
    gone = lost(instruction, ALL_BUT_FIRST, listed=listed)
    if listed and "limerick" in instruction:
        removed += " s5"
    assert gone == removed


@pytest.mark.parametrize(
    ("instruction", "removed"),
    [
        ("remove the limerick", "s5"),
        ("no text please", "s5"),
        ("I want only the image, blue", "s2 s3 s4 s5"),
        ("just the image, but in blue", "s2 s3 s4 s5"),
        ("remove the rain limerick", "s5"),
        ("remove the music from the video", "s4"),
        ("remove the voiceover that I don't like", "s3"),
        ("the video without the voiceover", "s3"),
        ("remove the video with the product", "s2"),
        ("I'd prefer it without the voiceover", "s3"),
        ("delete the text about rain", "s5"),
        ("remove the music in waltz time", ""),
        ("remove the rain", "s5"),
        ("let's drop the rain idea", "s5"),
        ("don't add music", "s4"),
        ("please don't include the voiceover", "s3"),
        ("let's not have music", "s4"),
        ("it would be better without the voiceover", "s3"),
        ("without audio", "s3 s4"),
        ("remove the audio", "s3 s4"),
        ("ナレーションを削除して", "s2 s3 s4 s5"),
        ("удали озвучку", "s2 s3 s4 s5"),
        ("delete 3 and 4", "s3 s4"),
        ("remove the 5-second video", "s2"),
        ("delete the last two", "s4 s5"),
    ],
)
def test_what_words_leave_open_is_for_the_answer_to_say(instruction: str, removed: str) -> None:
    assert lost(instruction, ALL_BUT_FIRST, listed=False) == ""
    assert lost(instruction, ALL_BUT_FIRST, listed=True) == removed


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


names = st.sets(st.sampled_from(sorted(IDS)))


@given(names, names, st.sampled_from([*NOBODY_ASKED, *(one for one, _ in ASKED_FOR)]), st.booleans())
def test_never_goes_more_than_the_words_name(left: set[str], listed: set[str], instruction: str, cut: bool) -> None:
    kept = tuple(replace(one, unchanged=True) for one in PLAN if one.id in left)
    edited = merge(PLAN, ParsedPlan("T", kept, "direct", truncated=cut, removed=tuple(listed)), instruction)
    allowed = {*dict(ASKED_FOR).get(instruction, "").split(), *(["s5"] if "limerick" in instruction else [])}
    assert set(edited.removed) <= allowed - left
    assert {one.id for one in edited.steps} | set(edited.removed) == IDS
    assert not (cut and edited.removed)


@given(st.text(max_size=60))
def test_whatever_is_said_is_read(instruction: str) -> None:
    assert set(lost(instruction, ALL_BUT_FIRST, listed=True).split()) <= IDS


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
