"""What an edit planner forgets comes back; what a person asks to be without goes, and nothing else of the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.plan import ParsedPlan
from processors.agents.stages.editing import merge
from tests.unit.agents.removing import ALL_BUT_FIRST, IDS, PLAN, lost

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
