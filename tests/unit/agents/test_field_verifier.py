"""The deterministic field verifier: references, enums, lists, unknown and missing fields."""

from __future__ import annotations

from typing import Any

import pytest

from processors.agents.fitting.addresses import is_address
from processors.agents.fitting.fields import verify
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known, KnownStep, KnownUpload
from tests.unit.agents.makers import DURATION, TEXT, media, model, schema

PHOTO = KnownUpload("image_1", "image", "upl_01JABCDEFGH", "ast_01K3QWERTY0987654321", "holiday photo.png")
OTHER = KnownUpload("image_2", "image", "upl_01JZYXWVUTS", "ast_01M7ASDFGH1234567890", "logo.png")
CLIP = KnownUpload("video_1", "video", "upl_01JVIDEO", "ast_01V8POIUYT5555555555", "clip.mp4")
SCENE = KnownStep("s1", "stp_X.1.s1", frozenset({"image"}))
POEM = KnownStep("s2", "stp_X.1.s2", frozenset({"text"}))
KNOWN = Known((PHOTO, OTHER, CLIP), (SCENE, POEM), said="a poster for www.ours.example, and https://www.ours.example/")
CHOICE: dict[str, Any] = {"type": "string", "enum": ["Square_HD", "landscape"]}


def verified(
    properties: dict[str, Any], given: dict[str, Any], *, required: list[str] | None = None, words: str = "go",
    known: Known = KNOWN, kind: str = "video",
) -> tuple[dict[str, Any], tuple[str, ...]]:  # fmt: skip
    spec = model("test/model", kind, ("video",), schema(required or [], **properties))
    values, flags, _ = verify(spec, PlannedStep("s9", "", words, kind, input=given), known)
    return values, flags


IMAGES = {"type": "array", "items": media("image"), "maxItems": 2}
NAMED: dict[str, Any] = {
    "enum": ["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"],
    "default": "landscape_4_3",
}
SIZES: dict[str, Any] = {"enum": ["720x1280", "1280x720", "1024x1792", "1792x1024"], "default": "1280x720"}
SIDE: dict[str, Any] = {"type": "integer", "minimum": 64, "maximum": 1536, "multipleOf": 16, "default": 1024}
SETTINGS: dict[str, Any] = {
    "type": "object", "additionalProperties": False,
    "properties": {"speed": {"type": "number", "minimum": 0.5, "maximum": 2}, "tone": {"enum": ["warm", "cold"]}},
}  # fmt: skip
FRAME: dict[str, Any] = {
    "type": "object", "additionalProperties": False, "required": ["type", "url"],
    "properties": {"type": {"const": "image"}, "url": {"type": "string", "format": "uri"}},
}  # fmt: skip
FRAMES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"frame0": FRAME, "frame1": FRAME},
}


@pytest.mark.parametrize(
    ("properties", "given", "built", "flags"),
    [
        # references, however they are written
        ({"image": media("image")}, {"image": "image_1"}, {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": "Image 1"}, {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": {"$ref": "image_2"}}, {"image": "upload:image_2"}, ()),
        ({"image": media("image")}, {"image": "upload:image_2"}, {"image": "upload:image_2"}, ()),
        ({"image": media("image")}, {"image": "holiday photo.png"}, {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": "s1"}, {"image": "step:stp_X.1.s1"}, ()),
        ({"image": media("image")}, {"image": "output of step s1"}, {"image": "step:stp_X.1.s1"}, ()),
        ({"image_url": media("image")}, {"image": "image_1"}, {"image_url": "upload:image_1"}, ()),
        *(({"image": media("image")}, {"image": text}, {"image": "upload:image_1"}, ())
          for text in ("{{image_1}}", "{{ image_1 }}", "${image_1}", "<image_1>", "@image_1", "$image_1", "#image_1",
                       '"image_1"', "'image_1'", "`image_1`", "[image_1]", "(image_1)", "{{uploads.image_1}}",
                       "{{image_1.url}}", "uploads.image_1", "uploads['image_1']", "uploads/image_1", "image_1.url",
                       "{{upload:image_1}}", "<upload:image_1>", "upload image_1", "file: image_1", "<<Image 1>>",
                       "@holiday photo.png", '"holiday photo.png"', "{{ast_01K3QWERTY0987654321}}")),
        *(({"image": media("image")}, {"image": text}, {"image": "step:stp_X.1.s1"}, ())
          for text in ("{{s1}}", "{{s1.output}}", "{{ s1.outputs[0] }}", "${s1.image}", "${steps.s1.outputs.0.url}",
                       "<s1>", "@s1", "$s1", "s1.output", "s1[0]", "steps.s1.output", 'steps["s1"].result', "step s1",
                       "output of s1", "the output of <s1>", "{{step:s1}}", "{{stp_X.1.s1.output}}",
                       "stp_X.1.s1")),
        # garbled and shortened addresses of real uploads
        ({"image": media("image")}, {"image": "https://x.test/v1/assets/ast_01K3QWERTY098765432?sig=ab"},
         {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": "/v1/assets/ast_01M7ASDFGH1234567890"}, {"image": "upload:image_2"}, ()),
        ({"image": media("image")}, {"image": "https://a.test/ast_01K3QWERTY09.png"}, {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": "ast_01M7ASDFGH1…"}, {"image": "upload:image_2"}, ()),
        ({"image": media("image")}, {"image": "ast_01M7...1234567890"}, {"image": "upload:image_2"}, ()),
        ({"image": media("image")}, {"image": "C:\\pictures\\holiday photo.png"}, {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": "https://x.test/files/holiday%20photo.png"},
         {"image": "upload:image_1"}, ()),
        ({"image": media("image")}, {"image": "holiday_foto.png"}, {"image": "upload:image_1"}, ("near-name:image",)),
        ({"image": media("image")}, {"image": {"$asset": {"asset_id": "ast_01K3QWERTY0987654321"}}},
         {"image": "upload:image_1"}, ()),
        ({"video": media("video")}, {"video": "clip.mp4"}, {"video": "upload:video_1"}, ()),
        # what belongs to nobody here is never passed on
        ({"image": media("image")}, {"image": {"$asset": {"asset_id": "ast_01ZZZZOTHERORG000000000"}}}, {},
         ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "ast_01"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "data:image/png;base64,iVBORw0KGgo="}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "s3://bucket/cat.png"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "file:///etc/passwd"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "http://169.254.169.254/latest/meta-data"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "{{image}}"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "https://x.test/image_1"}, {"image": "upload:image_1"}, ()),
        ({"images": IMAGES}, {"images": ["https://evil.test/a.png", "image_2"]}, {"images": ["upload:image_2"]},
         ("foreign-file:images",)),
        ({"prompt": TEXT}, {"prompt": "like https://evil.test/a.png, but red"}, {"prompt": "like , but red"},
         ("foreign-address:prompt",)),
        ({"prompt": TEXT}, {"prompt": "see [this](https://evil.test/a) and //evil.test/b"},
         {"prompt": "see [this]() and"}, ("foreign-address:prompt",)),
        ({"prompt": TEXT}, {"prompt": "for www.ours.example."}, {"prompt": "for www.ours.example."}, ()),
        ({"hook": {"type": "string", "format": "uri"}}, {"hook": "https://www.ours.example/"}, {},
         ("foreign-address:hook",)),
        ({"image": media("image")}, {"image": "https://evil.test/a.png"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "image_7"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "{{image_7}}"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "{{s7.output}}"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "{{uploads[0]}}"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "<s1> and <image_1>"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "step:stp_Y.1.s1"}, {}, ("foreign-file:image",)),
        ({"image": media("image")}, {"image": "video_1"}, {}, ("wrong-medium:image",)),
        ({"hint": {"type": "string"}}, {"hint": "http://evil.test/x"}, {}, ("foreign-address:hint",)),
        ({"more": {"type": "object"}}, {"more": {"a": ["http://evil.test", 1], "b": "data:x"}},
         {"more": {"a": [1]}}, ("foreign-address:more",)),
        # lists and single values
        ({"images": IMAGES}, {"images": "image_1"}, {"images": ["upload:image_1"]}, ()),
        ({"image": media("image")}, {"image": ["image_2", "image_1"]}, {"image": "upload:image_2"}, ()),
        ({"images": IMAGES}, {"images": ["image_1", "image_2", "s1"]},
         {"images": ["upload:image_1", "upload:image_2"]}, ()),
        ({"tags": {"type": "array", "items": {"type": "string"}}}, {"tags": "x"}, {"tags": ["x"]}, ("changed:tags",)),
        ({"tag": {"type": "string"}}, {"tag": ["x", "y"]}, {"tag": "x"}, ("changed:tag",)),
        # enums, numbers, truths
        ({"size": CHOICE}, {"size": "SQUARE hd"}, {"size": "Square_HD"}, ("changed:size",)),
        ({"size": CHOICE}, {"size": "huge"}, {}, ("unfit:size",)),
        ({"n": {"type": "integer", "enum": [1, 4, 8]}}, {"n": "5"}, {"n": 4}, ("changed:n",)),
        ({"steps": {"type": "integer", "minimum": 1, "maximum": 50}}, {"steps": "400"}, {"steps": 50},
         ("changed:steps",)),
        ({"size": CHOICE}, {"size": ["landscape", "huge"]}, {"size": "landscape"}, ("changed:size",)),
        ({"size": CHOICE}, {"size": "LANDSCAPE"}, {"size": "landscape"}, ("changed:size",)),
        ({"q": {"enum": ["720p", "1080p"]}}, {"q": 1080}, {"q": "1080p"}, ("changed:q",)),
        ({"n": {"type": "integer", "minimum": 1}}, {"n": [3]}, {"n": 3}, ("changed:n",)),
        ({"n": {"type": "integer"}}, {"n": {"value": 3}}, {}, ("unfit:n",)),
        ({"ns": {"type": "array", "items": {"type": "integer"}, "maxItems": 2}}, {"ns": ["1", 2, 3]}, {"ns": [1, 2]},
         ("changed:ns",)),
        ({"voice": SETTINGS}, {"voice": {"Speed": "9", "pitch": 1, "tone": "WARM"}},
         {"voice": {"speed": 2, "tone": "warm"}}, ("changed:voice",)),
        ({"voice": SETTINGS}, {"voice": {"pitch": 1}}, {}, ("unfit:voice",)),
        ({"loop": {"type": "boolean"}}, {"loop": "Yes"}, {"loop": True}, ("changed:loop",)),
        ({"strength": {"type": "number"}}, {"strength": "much"}, {}, ("unfit:strength",)),
        # names
        ({"num_images": {"type": "integer"}}, {"count": 3}, {"num_images": 3}, ()),
        ({"aspectRatio": {"enum": ["16:9", "9:16"]}}, {"aspect_ratio": "9/16"}, {"aspectRatio": "9:16"}, ()),
        ({"aspect": {"enum": ["16:9", "9:16"]}}, {"width": 720, "height": 1280}, {"aspect": "9:16"}, ()),
        ({"width": {"type": "integer"}, "height": {"type": "integer"}}, {"size": "640x480"},
         {"width": 640, "height": 480}, ()),
        ({"prompt": TEXT}, {"prompt": "a cat", "flavour": "x"}, {"prompt": "a cat"}, ("stripped:flavour",)),
        ({"duration_s": DURATION}, {"duration": "5s"}, {"duration_s": 5.0}, ()),
        ({"duration": {"type": "string", "enum": ["4", "8"]}}, {"duration_s": 5}, {"duration": "4"},
         ("nearest:duration",)),
        ({"seconds": {"type": "string", "enum": ["4", "8"]}}, {"duration": "5 seconds"}, {"seconds": "4"},
         ("nearest:seconds",)),
        ({"seconds": {"type": "string", "enum": ["4", "8"]}}, {"duration": "8 seconds"}, {"seconds": "8"}, ()),
        ({"duration_ms": {"type": "integer", "maximum": 9000}}, {"duration": "8 s"}, {"duration_ms": 8000}, ()),
        ({"duration_ms": {"type": "integer", "maximum": 9000}}, {"duration": "10 s"}, {"duration_ms": 9000},
         ("nearest:duration_ms",)),
        # shapes, in the model's own words
        *(({"image_size": NAMED}, given, {"image_size": built}, flags) for given, built, flags in (
            ({"aspect_ratio": "9:16"}, "portrait_16_9", ()),
            ({"aspect_ratio": "16:9"}, "landscape_16_9", ()),
            ({"ratio": "3/4"}, "portrait_4_3", ()),
            ({"aspect_ratio": "1:1"}, "square_hd", ()),
            ({"width": 1080, "height": 1920}, "portrait_16_9", ()),
            ({"width": "640px", "height": "480"}, "landscape_4_3", ()),
            ({"aspect_ratio": "portrait"}, "portrait_4_3", ()),
            ({"orientation": "vertical"}, "portrait_4_3", ()),
            ({"aspect_ratio": "vertical (9:16)"}, "portrait_16_9", ()),
            ({"size": "landscape_16_9"}, "landscape_16_9", ()),
            ({"image_size": "square"}, "square", ()),
            ({"image_size": "Portrait 16:9"}, "portrait_16_9", ("changed:image_size",)),
            ({"aspect_ratio": "2:3"}, "portrait_4_3", ("nearest:image_size",)),
            ({"aspect_ratio": "9:16", "width": 720}, "portrait_16_9", ("stripped:width",)),
        )),
        *(({"size": SIZES}, given, {"size": built} if built else {}, flags) for given, built, flags in (
            ({"aspect_ratio": "9:16"}, "720x1280", ()), ({"aspect_ratio": "portrait"}, "720x1280", ()),
            ({"aspect_ratio": "hochkant"}, "720x1280", ()), ({"width": 1792, "height": 1024}, "1792x1024", ()),
            ({"aspect_ratio": "landscape"}, "1280x720", ()), ({"aspect_ratio": "square"}, "1024x1792",
             ("nearest:size",)), ({"aspect_ratio": "2.39:1"}, "1280x720", ("nearest:size",)),
            ({"aspect_ratio": "cinematic"}, None, ("unfit:size",)),
        )),
        ({"aspect_ratio": {"enum": ["16:9", "9:16"]}, "resolution": {"enum": ["480p", "720p"]}},
         {"aspect_ratio": "9:16", "resolution": "720p"}, {"aspect_ratio": "9:16", "resolution": "720p"}, ()),
        ({"aspect_ratio": {"enum": ["auto", "16:9", "9:16"]}}, {"aspect_ratio": "auto"}, {"aspect_ratio": "auto"}, ()),
        ({"width": SIDE, "height": SIDE, "format": {"type": "string"}}, {"format": "mp3_44100_128"},
         {"format": "mp3_44100_128"}, ()),
        ({"width": SIDE, "height": SIDE}, {"aspect_ratio": "9:16"}, {"width": 768, "height": 1360}, ()),
        ({"width": SIDE, "height": SIDE}, {"aspect_ratio": "4:1"}, {"width": 1536, "height": 384}, ()),
        ({"width": SIDE, "height": SIDE}, {"aspect_ratio": "portrait"}, {"width": 880, "height": 1184}, ()),
        # fields in objects
        ({"keyframes": FRAMES}, {"keyframes": {"frame0": {"type": "image", "url": "image_1"}, "frame1": "image_2"}},
         {"keyframes": {"frame0": {"type": "image", "url": "upload:image_1"},
                        "frame1": {"type": "image", "url": "upload:image_2"}}}, ()),
        ({"keyframes": FRAMES}, {"keyframes": {"frame0": {"url": "https://evil.test/a.png"}, "frame9": "image_1"}}, {},
         ("foreign-file:keyframes_frame0",)),
        ({"keyframes": FRAMES}, {"start": "image_2"},
         {"keyframes": {"frame0": {"type": "image", "url": "upload:image_2"}}}, ()),
        # texts of other steps
        ({"text": TEXT}, {"text": "step:s2"}, {"text": "step:stp_X.1.s2"}, ()),
        ({"text": TEXT}, {"text": "{{s2.output}}"}, {"text": "step:stp_X.1.s2"}, ()),
        ({"text": TEXT}, {"text": "<s2>"}, {"text": "step:stp_X.1.s2"}, ()),
        ({"text": TEXT}, {"text": "step:s1"}, {}, ("foreign-address:text",)),
    ],
)  # fmt: skip
def test_a_value_is_brought_into_shape(
    properties: dict[str, Any], given: dict[str, Any], built: dict[str, Any], flags: tuple[str, ...]
) -> None:
    assert verified(properties, given) == (built, flags)


def test_an_upload_named_in_the_words_goes_into_its_field() -> None:
    built, flags = verified({"image": media("image")}, {}, words="animate image_2", known=Known((PHOTO, OTHER)))
    assert (built, flags) == ({"image": "upload:image_2"}, ("upload-by-words:image",))


@pytest.mark.parametrize(
    ("words", "steps", "given", "image"),
    [
        # a step's own name counts before a file's
        ("animate image_2", ("image_2",), {}, "step:stp_X.1.image_2"),
        ("animate image_2", ("image_7", "image_2"), {}, "step:stp_X.1.image_2"),
        ("animate image_1", ("image_2",), {}, "upload:image_1"),
        ("animate it", ("image_2",), {"image": "image_2"}, "step:stp_X.1.image_2"),
        ("animate it", ("image_2",), {"image": "upload:image_2"}, "upload:image_2"),
    ],
)
def test_a_name_that_a_step_before_has_is_that_steps(
    words: str, steps: tuple[str, ...], given: dict[str, Any], image: str
) -> None:
    known = Known((PHOTO, OTHER), tuple(KnownStep(one, f"stp_X.1.{one}", frozenset({"image"})) for one in steps))
    built, _ = verified({"image": media("image")}, given, required=["image"], words=words, known=known)
    assert built == {"image": image}


def test_an_upload_under_an_unknown_name_goes_into_its_field() -> None:
    built, flags = verified({"start": media("image")}, {"picture_of_me": "image_1"}, known=Known((PHOTO, OTHER)))
    assert (built, flags) == ({"start": "upload:image_1"}, ())


def test_a_needed_file_is_the_newest_upload_when_nothing_comes_from_upstream() -> None:
    properties = {"image": media("image")}
    assert verified(properties, {}, required=["image"], known=Known((PHOTO, OTHER))) == (
        {"image": "upload:image_2"}, ("newest-upload:image",),
    )  # fmt: skip
    assert verified(properties, {}, required=["image"], known=KNOWN) == ({}, ())


def test_required_fields_are_filled() -> None:
    properties = {"prompt": TEXT, "size": CHOICE, "n": {"type": "integer", "default": 2}, "x": {"type": "string"}}
    built, flags = verified(properties, {}, required=list(properties), words="a red kite")
    assert built == {"prompt": "a red kite", "size": "Square_HD", "n": 2, "x": "a red kite"}
    assert flags == ("filled:size", "filled:n", "filled:x")


def test_words_to_speak_come_from_upstream_then_from_quotes_then_from_the_description() -> None:
    properties = {"text": TEXT}
    said = 'say "welcome aboard" warmly'
    assert verified(properties, {}, required=["text"], words=said)[0] == {"text": "step:stp_X.1.s2"}
    alone = Known()
    assert verified(properties, {}, required=["text"], words=said, known=alone)[0] == {"text": "welcome aboard"}
    assert verified(properties, {}, required=["text"], words="say hi", known=alone)[0] == {"text": "say hi"}


CALM = "A calm voice greets the guests"


@pytest.mark.parametrize(
    ("field", "given", "words", "spoken"),
    [
        # the very words, whatever the plan and the model call them
        *((field, {name: "Welcome home"}, CALM, "Welcome home")
          for field in ("text", "input", "prompt", "script", "gen_text") for name in ("text", "script", "transcript")),
        ("prompt", {"prompt": "Welcome home"}, CALM, "Welcome home"),
        ("prompt", {"prompt": "Calm, slow", "text": "Welcome home"}, CALM, "Welcome home"),
        ("input", {"prompt": "Calm, slow", "text": "Welcome home"}, CALM, "Welcome home"),
        # what a step before writes
        ("input", {"text": "step:s2"}, CALM, "step:stp_X.1.s2"),
        ("prompt", {"text": "step:s2"}, CALM, "step:stp_X.1.s2"),
        ("prompt", {"prompt": CALM}, CALM, "step:stp_X.1.s2"),
        ("prompt", {}, CALM, "step:stp_X.1.s2"),
    ],
)  # fmt: skip
def test_a_voice_speaks_the_words_and_not_what_describes_them(
    field: str, given: dict[str, Any], words: str, spoken: str
) -> None:
    spec = model("test/voice", "speech", ("audio",), schema([field], **{field: TEXT}))
    values, _, left = verify(spec, PlannedStep("s9", "", words, "speech", input=given), KNOWN)
    assert (values, left) == ({field: spoken}, ())


@pytest.mark.parametrize(
    ("field", "given", "words", "spoken", "doubts"),
    [
        ("text", {}, CALM, CALM, {"text": "guessed"}),
        ("prompt", {}, CALM, CALM, {"prompt": "guessed"}),
        ("prompt", {"prompt": CALM}, CALM, CALM, {"prompt": "guessed"}),
        ("input", {"prompt": "Welcome home"}, CALM, "Welcome home", {"input": "guessed"}),
        ("prompt", {}, 'A calm voice says "welcome home"', "welcome home", {}),
    ],
)
def test_words_that_nobody_gave_are_a_guess(
    field: str, given: dict[str, Any], words: str, spoken: str, doubts: dict[str, Any]
) -> None:
    spec = model("test/voice", "speech", ("audio",), schema([field], **{field: TEXT}))
    values, _, left = verify(spec, PlannedStep("s9", "", words, "speech", input=given), Known())
    assert (values, {one.field: one.doubt for one in left}) == ({field: spoken}, doubts)


def test_a_file_is_no_words() -> None:
    properties = {"text": TEXT, "image": media("image")}
    built, _ = verified(properties, {"input": "image_1"}, words=CALM, known=Known((PHOTO,)), kind="speech")
    assert built == {"text": CALM, "image": "upload:image_1"}


def test_a_duration_named_in_the_words_is_used() -> None:
    assert verified({"duration_s": DURATION}, {}, words="a 7-second clip")[0] == {"duration_s": 7.0}


def test_a_text_that_is_too_long_is_cut_at_a_word() -> None:
    built, _ = verified({"prompt": TEXT}, {"prompt": "word " * 100})
    assert len(built["prompt"]) <= 200
    assert built["prompt"].endswith("word")


def test_flags_hold_no_words_of_a_person() -> None:
    _, flags = verified({}, {"My dear Aunt, 'Emma'": 1})
    assert flags == ("stripped:my_dear_aunt_emma_",)


@pytest.mark.parametrize("text", ["http://a.b", "data:image/png;base64,xx", "www.a.b", "//a.b/c", "/v1/assets/ast_1"])
def test_addresses_are_known_by_their_look(text: str) -> None:
    assert is_address(text)
    assert not is_address(f"a picture like {text} please")
