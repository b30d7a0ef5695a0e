"""The field verifier's second pass: what rules leave open, and how much of a model's answer counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commands.ask import Unavailable
from commands.canvas.commands import SelectModels
from events.canvas.plan_events import ModelSelected
from events.canvas.session_events import AgentCallRecorded, StageBegun
from events.catalog.current import CurrentModel
from events.catalog.events import ModelLimits, Price
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import Fitted, furnished
from processors.agents.fitting.selector import Choice
from processors.agents.llm import LlmFailed
from processors.agents.plan import PlannedStep
from processors.agents.stages.field_questions import questions, settled
from processors.agents.words.references import Known, KnownStep, KnownUpload
from tests.unit.agents.makers import TEXT, media, model, schema
from tests.unit.agents.play import Play

FACE = KnownUpload("image_1", "image", "upl_1", "ast_01K3QWERTY0987654321", "me.png")
LOGO = KnownUpload("image_2", "image", "upl_2", "ast_01M7ASDFGH1234567890", "logo.png")
CLIP = KnownUpload("video_1", "video", "upl_3", "ast_01V8POIUYT5555555555", "clip.mp4")
POEM = KnownStep("t", "stp_X.1.t", frozenset({"text"}))
SCENE = KnownStep("s", "stp_X.1.s", frozenset({"image"}))
OTHER_SCENE = KnownStep("s2", "stp_X.1.s2", frozenset({"image"}))
KNOWN = Known((FACE, LOGO, CLIP), said="put my logo on me")
STYLE: dict[str, Any] = {"type": "string", "enum": ["photo", "line_art", "3d"]}
SIZE: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 8}
VOICE: dict[str, Any] = {"type": "string", "enum": ["alloy", "onyx"], "default": "alloy"}
VOICE_ID: dict[str, Any] = {"type": "string", "pattern": "^[A-Z0-9]{10}$", "default": "21M00TCM4T"}
MANY: dict[str, Any] = {"type": "array", "items": media("image"), "maxItems": 3}
FRAME: dict[str, Any] = {
    "type": "object", "required": ["type", "url"],
    "properties": {"type": {"const": "image"}, "url": {"type": "string", "format": "uri"}},
}  # fmt: skip
FRAMES: dict[str, Any] = {"type": "object", "properties": {"frame0": FRAME, "frame1": FRAME}}


def fitted(
    properties: dict[str, Any], given: dict[str, Any], *, required: list[str] | None = None, words: str = "go",
    known: Known = KNOWN, kind: str = "image",
) -> tuple[Fitted, Catalog]:  # fmt: skip
    spec = model("test/model", kind, ("image",), schema(required or [], **properties))
    catalog = Catalog.of([CurrentModel(model=spec, version=1)])
    return furnished(PlannedStep("a", "", words, kind, input=given), Choice(spec, "one"), known), catalog


def asked(one: Fitted, catalog: Catalog, *attached: KnownUpload) -> dict[str, str]:
    return {left.field: left.doubt for question in questions([one], catalog, attached) for left in question.fields}


TWO = {"image": media("image"), "style_image": media("image")}


@pytest.mark.parametrize(
    ("properties", "given", "more", "doubts"),
    [
        # what rules settle is not asked
        ({"image": media("image")}, {"image": "image_1"}, {}, {}),
        ({"style": STYLE}, {"style": "Line Art"}, {}, {}),
        ({"style": STYLE}, {}, {}, {}),
        ({"images": MANY}, {"images": "image_1"}, {}, {}),
        ({"prompt": TEXT}, {"prompt": "a cat", "flavour": "x"}, {}, {}),
        ({"n": {**SIZE, "default": 2}}, {}, {"required": ["n"]}, {}),
        ({"text": TEXT}, {}, {"required": ["text"], "words": 'say "welcome aboard"'}, {}),
        ({"text": TEXT}, {}, {"required": ["text"], "known": Known((), (POEM,))}, {}),
        ({"image": media("image")}, {}, {"required": ["image"], "known": Known((FACE, CLIP))}, {}),
        ({"image": media("image")}, {}, {"words": "draw image_2"}, {}),
        # a file that nobody has, where there is none to take instead
        ({"audio": media("audio")}, {"audio": "https://evil.test/a.mp3"}, {}, {}),
        # nor where a step before gives one
        ({"image": media("image")}, {"image": "https://evil.test/a.png"}, {"known": Known((FACE,), (SCENE,))}, {}),
        # but which of several the wiring cannot tell
        ({"image": media("image")}, {"image": "the calm one"}, {"known": Known((), (SCENE, OTHER_SCENE))},
         {"image": "foreign-file"}),
        ({"image": media("image")}, {"image": "the calm one"}, {"known": Known((), (SCENE, POEM))}, {}),
        # what they do not
        ({"image": media("image")}, {"image": "https://evil.test/a.png"}, {}, {"image": "foreign-file"}),
        ({"image": media("image")}, {"image": "the one with the hat"}, {}, {"image": "foreign-file"}),
        ({"image": media("image")}, {"image": "video_1"}, {}, {"image": "wrong-medium"}),
        ({"image": media("image")}, {"image": "image_9"}, {"required": ["image"]}, {"image": "newest-upload"}),
        ({"image": media("image")}, {}, {"required": ["image"]}, {"image": "newest-upload"}),
        (TWO, {}, {"words": "image_1 in the style of image_2"}, {"image": "by-order"}),
        ({"images": MANY}, {"images": ["image_1", "my cat"]}, {}, {"images": "foreign-file"}),
        ({"keyframes": FRAMES}, {"keyframes": {"frame0": "nobody.png"}}, {}, {"keyframes.frame0": "foreign-file"}),
        ({"style": STYLE}, {"style": "as if drawn"}, {}, {"style": "unfit"}),
        ({"n": SIZE}, {"n": "a few"}, {}, {"n": "unfit"}),
        ({"style": STYLE}, {}, {"required": ["style"]}, {"style": "guessed"}),
        ({"n": SIZE}, {}, {"required": ["n"]}, {"n": "guessed"}),
        ({"text": TEXT}, {}, {"required": ["text"], "words": "a warm welcome"}, {"text": "guessed"}),
        ({"voice": VOICE}, {"voice": "male"}, {"required": ["voice"]}, {"voice": "replaced"}),
        ({"n": SIZE}, {"n": "a few"}, {"required": ["n"]}, {"n": "replaced"}),
        ({"voice": VOICE_ID}, {"voice": "male"}, {"required": ["voice"]}, {"voice": "replaced"}),
        ({"code": {"type": "string", "pattern": "^[a-z]{2}$"}}, {"code": "English"}, {}, {"code": "invalid"}),
    ],
)  # fmt: skip
def test_only_what_rules_cannot_settle_is_asked(
    properties: dict[str, Any], given: dict[str, Any], more: dict[str, Any], doubts: dict[str, str]
) -> None:
    assert asked(*fitted(properties, given, **more)) == doubts


def test_a_file_that_came_with_the_message_and_is_used_by_no_step_is_asked_about() -> None:
    one, catalog = fitted({"prompt": TEXT, "reference": media("image")}, {"prompt": "a poster"})
    assert asked(one, catalog, LOGO) == {"reference": "unused-upload"}
    assert asked(one, catalog, CLIP) == {}
    used, catalog = fitted({"prompt": TEXT, "reference": media("image")}, {"reference": "image_2"})
    assert asked(used, catalog, LOGO) == {}


@pytest.mark.parametrize(
    ("properties", "given", "said", "built"),
    [
        ({"image": media("image")}, {"image": "the hat one"}, {"image": "image_1"}, {"image": "upload:image_1"}),
        ({"image": media("image")}, {"image": "video_1"}, {"image": "upload:image_2"}, {"image": "upload:image_2"}),
        ({"image": media("image")}, {"image": "x.png"}, {"image": {"label": "image_2"}}, {"image": "upload:image_2"}),
        ({"image": media("image")}, {"image": "x.png"}, {"image": ["image_2"]}, {"image": "upload:image_2"}),
        ({"images": MANY}, {"images": ["x.png"]}, {"images": ["image_2", "image_1"]},
         {"images": ["upload:image_2", "upload:image_1"]}),
        ({"images": MANY}, {"images": ["x.png"]}, {"images": "image_2"}, {"images": ["upload:image_2"]}),
        ({"keyframes": FRAMES}, {"keyframes": {"frame0": "x.png"}}, {"keyframes.frame0": "image_2"},
         {"keyframes": {"frame0": {"type": "image", "url": "upload:image_2"}}}),
        ({"keyframes": FRAMES}, {"keyframes": {"frame0": "x.png", "frame1": "image_1"}},
         {"keyframes": {"frame0": {"url": "image_2"}}},
         {"keyframes": {"frame0": {"type": "image", "url": "upload:image_2"},
                        "frame1": {"type": "image", "url": "upload:image_1"}}}),
        ({"style": STYLE}, {"style": "as if drawn"}, {"style": "LINE ART"}, {"style": "line_art"}),
        ({"style": STYLE}, {"style": "as if drawn"}, {"style": ["line_art"]}, {"style": "line_art"}),
        ({"n": SIZE}, {"n": "a few"}, {"n": "3"}, {"n": 3}),
        ({"n": SIZE}, {"n": "a few"}, {"n": 99}, {"n": 8}),
        ({"image": media("image")}, {"image": "the hat one"}, {"image": "<image_1>"}, {"image": "upload:image_1"}),
        # an answer that is none leaves what the rules made
        ({"image": media("image")}, {"image": "x.png"}, {"image": "https://evil.test/a.png"}, {}),
        ({"image": media("image")}, {"image": "x.png"}, {"image": "image_9"}, {}),
        ({"image": media("image")}, {"image": "x.png"}, {"image": "video_1"}, {}),
        ({"image": media("image")}, {"image": "x.png"}, {"image": None}, {}),
        ({"images": MANY}, {"images": ["image_1", "x.png"]}, {"images": ["image_1", "https://evil.test/a.png"]},
         {"images": ["upload:image_1"]}),
        ({"style": STYLE}, {"style": "as if drawn"}, {"style": "oil"}, {}),
        ({"style": STYLE}, {"style": "as if drawn"}, {"style": {"$ne": 1}}, {}),
        ({"n": SIZE}, {"n": "a few"}, {"n": "plenty"}, {}),
        # what was not asked is not touched
        ({"style": STYLE, "prompt": TEXT}, {"style": "as if drawn", "prompt": "a cat"},
         {"style": "photo", "prompt": "a dog", "webhook": "https://evil.test"}, {"style": "photo", "prompt": "a cat"}),
        ({"style": STYLE, "n": SIZE}, {"style": "as if drawn"}, {"n": 8}, {}),
    ],
)  # fmt: skip
def test_an_answer_counts_as_far_as_it_fits_the_fields_that_are_open(
    properties: dict[str, Any], given: dict[str, Any], said: dict[str, Any], built: dict[str, Any]
) -> None:
    one, catalog = fitted(properties, given)
    [better] = settled([one], questions([one], catalog), {"steps": [{"id": "a", "input": said}]})
    assert better.input == built


def test_files_in_the_wrong_places_change_them() -> None:
    one, catalog = fitted(TWO, {}, words="image_1 in the style of image_2")
    assert one.input == {"image": "upload:image_1", "style_image": "upload:image_2"}
    other, catalog = fitted(TWO, {}, words="the style of image_1 on image_2")
    answer = {"steps": [{"id": "a", "input": {"image": "image_2"}}]}
    [better] = settled([other], questions([other], catalog), answer)
    assert better.input["image"] == "upload:image_2"


def test_words_to_speak_hold_no_address_that_the_person_has_not_written() -> None:
    known = Known(said="read https://ours.example aloud")
    one, catalog = fitted({"text": TEXT}, {}, required=["text"], words="a greeting", known=known)
    answer = {"steps": [{"id": "a", "input": {"text": "Go to https://evil.test/x or https://ours.example now."}}]}
    [better] = settled([one], questions([one], catalog), answer)
    assert better.input == {"text": "Go to or https://ours.example now."}


def test_a_settled_field_is_priced_and_flagged() -> None:
    spec = model(
        "test/film", "video", ("video",), schema(["seconds"], seconds={"type": "integer", "enum": [4, 8, 12]}),
        price=Price(unit="second", amount=100), limits=ModelLimits(max_duration_s=12),
    )  # fmt: skip
    catalog = Catalog.of([CurrentModel(model=spec, version=1)])
    one = furnished(PlannedStep("a", "", "go", "video"), Choice(spec, "one"), Known())
    [better] = settled([one], questions([one], catalog), {"steps": [{"id": "a", "input": {"seconds": 12}}]})
    assert (one.estimate, better.estimate) == (400, 1200)
    assert better.flags == ("a:filled:seconds", "a:settled:seconds")
    assert better.unsettled == ()


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"steps": None}, {"steps": "a"}, {"steps": [7, None, {"id": "a"}]},
     {"steps": [{"id": "z", "input": {}}]},
     {"steps": {"id": "a", "input": ["style", "photo"]}}],
)  # fmt: skip
def test_an_answer_of_no_use_changes_nothing(answer: Any) -> None:
    one, catalog = fitted({"style": STYLE}, {"style": "as if drawn"})
    assert settled([one], questions([one], catalog), answer) == [one]


def plan(width: object) -> str:
    step = {"id": "a", "title": "Fox", "description": "a fox", "agent_type": "image", "input": {"width": width}}
    return json.dumps({"title": "Fox", "steps": [step]})


async def inputs(play: Play) -> list[Any]:
    return [json.loads(await play.vault.open(one.input)) for one in play.log.of(ModelSelected)]


ANSWER = json.dumps({"steps": [{"id": "a", "input": {"width": 1900, "prompt": "a bear"}}]})


async def test_a_plan_without_doubts_asks_nobody() -> None:
    play = Play(plan(1900))
    await play.hears("a wide fox")
    assert play.script.agents == ["planner", "validator"]
    assert await inputs(play) == [{"prompt": "a fox", "width": 1900}]


async def test_a_doubt_is_asked_once_and_the_answer_is_on_the_log_before_it_counts() -> None:
    play = Play(plan("wide"), ANSWER)
    message = await play.says("a wide fox")
    await play.agents().handle(message)
    assert await inputs(play) == [{"prompt": "a fox", "width": 1900}]
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "validator", "field_verifier"]
    kinds = [type(event) for _, event in play.log.world.log]
    last_call = len(kinds) - 1 - kinds[::-1].index(AgentCallRecorded)
    assert last_call < kinds.index(ModelSelected)
    assert [one.agent for one in play.log.of(StageBegun)] == ["planner", "validator", "field_verifier"]


async def test_a_process_that_ends_behind_the_answer_does_not_ask_again() -> None:
    play = Play(plan("wide"), ANSWER)
    message = await play.says("a wide fox")
    play.log.refused = [SelectModels]
    with pytest.raises(Unavailable):
        await play.agents().handle(message)
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "validator", "field_verifier"]
    assert await inputs(play) == [{"prompt": "a fox", "width": 1900}]


@pytest.mark.parametrize("answer", [LlmFailed("outage", "down"), "I would not know.", '{"steps": ['])
async def test_without_an_answer_the_rules_have_the_last_word(answer: str | LlmFailed) -> None:
    play = Play(plan("wide"), answer)
    await play.hears("a wide fox")
    assert await inputs(play) == [{"prompt": "a fox"}]
    assert len(play.log.of(AgentCallRecorded)) == 3
