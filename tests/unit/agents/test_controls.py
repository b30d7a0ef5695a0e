"""Wishes that are no edit get their answer, and never end up in a prompt; edits that look like them stay edits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.llm.offline.controls import control
from adapters.llm.offline.draft import Facts
from adapters.llm.offline.editing import edit
from adapters.llm.offline.planning import plan
from events.canvas.plan_events import PlanEdited
from tests.unit.agents.play import Play, StandIn

WAITS, ENDED = "awaiting_approval", "succeeded"


@pytest.mark.parametrize(
    ("says", "waiting", "ended"),
    [
        *((said, "Approve and run", "Run again") for said in (
            "approve", "approve it", "run it", "go", "go ahead", "do it", "yes", "yes please", "ok, run it", "start",
            "looks good, run it", "Please run the plan!", "proceed", "go for it", "continue", "yes do it",
            "make it happen", "make it", "please finish",
        )),
        *((said, "Reject", "nothing to stop") for said in (
            "stop", "cancel", "cancel it", "cancel the plan", "abort", "pause", "reject", "stop it please",
            "stop running",
        )),
        *((said, "has not run yet", "Rerun from here") for said in (
            "try again", "again", "redo it", "regenerate", "retry", "can you do it again?", "one more time",
            "it failed", "the picture is broken", "it doesn't work", "re-run the plan",
            "redo the video", "make it again", "give it another try", "do the picture again",
        )),
        *((said, "Say what should be different", "Say what should be different") for said in (
            "no", "nope", "no thanks", "I don't like it", "i really don't like this", "I hate it", "meh", "it's ugly",
            "that's wrong", "not what I wanted", "it looks terrible", "hmm, the video is bad",
            "this is not what I asked for", "no not like that", "I'm not sure", "you decide", "i don't know",
            "change everything", "make it different",
        )),
        *((said, "by its name", "With another model") for said in (
            "use a different model", "another model please", "try another model", "switch the model",
            "use a better model for the video", "change the model",
        )),
        *((said, "Go back to it", "Go back to it") for said in (
            "go back to the red one", "hmm no, cat was better", "the first one was better",
            "switch back to the old one",
            "I liked the first version more", "the red one was much nicer", "return to the version before",
            "i preferred the red one",
        )),
        *((said, "list of credits", "list of credits") for said in ("I want my money back", "refund me")),
        *((said, "Download", "Download") for said in (
            "download it", "save it", "share the video", "send me the file", "show me the picture", "export it as mp4",
            "play it",
        )),
    ],
)  # fmt: skip
def test_a_wish_that_is_no_edit_is_told_what_does_it(says: str, waiting: str, ended: str) -> None:
    for status, hears in ((WAITS, waiting), (ENDED, ended)):
        assert hears in (control(says, status) or "")


@pytest.mark.parametrize(
    "says",
    [
        "make it blue", "cancel the voiceover", "stop the music", "make a picture again",
        "add a voiceover again",
        "no voiceover", "no music please", "use local/picture", "a different background", "make the cat run",
        "use a red background", "it should be better lit", "make it stop at the end", "the dog is too big",
        "go back to the house in the last scene", "a dog would be better", "show a dog", "open the window",
        "I don't like the dog, use a cat instead", "download speed chart in the background", "play the piano softer",
        "make it run", "run faster", "start with a close-up", "switch the model to local/picture",
    ],
)  # fmt: skip
def test_an_edit_is_none_of_them(says: str) -> None:
    assert control(says, WAITS) is None


@pytest.mark.parametrize("status", [WAITS, ENDED])
@pytest.mark.parametrize(
    "says",
    ["approve", "stop", "no", "try again", "I don't like it", "use a different model", "go back to the red one",
     "hmm no, cat was better", "download it"],
)  # fmt: skip
def test_it_changes_no_step(says: str, status: str) -> None:
    present = {"title": "T", "status": status, "steps": plan("a picture of a cat", Facts()).steps}
    answer = edit(says, present, Facts(), [])
    assert answer.steps == ()
    assert answer.reason


async def test_nothing_of_it_is_to_be_run_and_paid_again() -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears("I don't like it")
    assert play.newest.status == "succeeded"
    assert play.log.of(PlanEdited) == []
    assert "Say what should be different" in (await play.heard())[-1]


@pytest.mark.parametrize(
    ("says", "words", "hears"),
    [
        (["make it blue and run it"], "Picture of a cat, blue", "Run again"),
        (["add birds to the picture", "undo the birds"], "Picture of a cat", ""),
        (["add a red hat to the picture", "undo the red hat"], "Picture of a cat", ""),
        (["add birds to the picture"], "Picture of a cat, with birds", ""),
        (["no, a dog"], "Picture of a dog", ""),
    ],
)
async def test_what_an_edit_can_do_of_it_is_done(says: Sequence[str], words: str, hears: str) -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    for said in says:
        await play.hears(said)
    assert (await play.shown())["s1"]["description"] == words
    assert hears in " ".join((await play.heard())[-2:])
