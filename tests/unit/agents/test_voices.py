"""A voice that is wished for is one of the model's, or it is said that there is none: no provider is asked in vain."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from processors.agents.fitting.fields import verify
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known
from tests.unit.agents.makers import shipped_catalog
from tests.unit.agents.play import Play, StandIn

WHOLE = shipped_catalog()
RACHEL, ADAM, DANIEL = "21m00Tcm4TlvDq8ikWAM", "pNInz6obpgDQGcFmaJgB", "onwK4e9ZLuTAKqWW03F9"
ELEVEN = "elevenlabs/multilingual-v2"


def verified(model: str, voice: Any, key: str = "voice") -> tuple[dict[str, Any], tuple[str, ...]]:
    step = PlannedStep("s1", "Voice", "says hello", "speech", input={"text": "hello", key: voice})
    values, flags, _ = verify(WHOLE.models[model], step, Known())
    return values, flags


@pytest.mark.parametrize(
    ("model", "said", "field", "voice"),
    [
        (ELEVEN, "male", "voice_id", ADAM),
        (ELEVEN, "Female", "voice_id", RACHEL),
        (ELEVEN, "a man's voice", "voice_id", ADAM),
        (ELEVEN, "young woman", "voice_id", RACHEL),
        (ELEVEN, "a deep male voice", "voice_id", ADAM),
        (ELEVEN, "deep", "voice_id", DANIEL),
        (ELEVEN, "männlich", "voice_id", ADAM),
        (ELEVEN, "XB0fDUnXU5powFXDhCwa", "voice_id", "XB0fDUnXU5powFXDhCwa"),
        ("openai/tts-1", "male", "voice", "onyx"),
        ("openai/tts-1", "Nova", "voice", "nova"),
        ("replicate/speech-02-hd", "male", "voice_id", "Casual_Guy"),
        ("replicate/speech-02-hd", "deep male", "voice_id", "Deep_Voice_Man"),
        ("replicate/speech-02-hd", "Elegant_Man", "voice_id", "Elegant_Man"),
        ("local/voice", "a warm voice", "voice", "warm"),
        ("local/voice", "a deep man's voice", "voice", "male"),
    ],
)
def test_what_a_voice_is_like_is_one_of_the_models(model: str, said: str, field: str, voice: str) -> None:
    values, flags = verified(model, said)
    assert values[field] == voice
    assert not any(flag.startswith(("voice-unknown", "stripped", "unfit")) for flag in flags)


def test_it_may_stand_among_other_settings() -> None:
    values, _ = verified("fal/minimax-speech-02-hd", "male")
    assert values["voice_setting"] == {"voice_id": "Casual_Guy"}


@pytest.mark.parametrize("model", [ELEVEN, "openai/tts-1", "replicate/speech-02-hd", "local/voice"])
@pytest.mark.parametrize("said", ["newsreader", "documentary", "a pirate", "femalevoicetwentychar", "robotic and cold"])
def test_what_it_is_not_is_said_before_anything_is_asked_of_a_provider(model: str, said: str) -> None:
    values, flags = verified(model, said)
    assert [flag for flag in flags if flag.startswith("voice-unknown:")]
    assert said not in values.values()
    Draft202012Validator(WHOLE.models[model].input_schema).validate(values)


@pytest.mark.parametrize(
    "spec", [one for one in WHOLE.models.values() if one.agent_type == "speech"], ids=lambda one: one.id
)
def test_all_named_voices_are_valid(spec: Any) -> None:
    properties = spec.input_schema["properties"]
    nested = [inner for rule in properties.values() for inner in (rule.get("properties") or {}).values()]
    for rule in [*properties.values(), *nested]:
        for voice in rule.get("x-voices", {}).values():
            Draft202012Validator(rule).validate(voice)


@pytest.mark.parametrize("wish", ["in a male voice", "with a deep male voice", "with a woman's voice"])
async def test_the_stand_ins_wish_is_heard_by_any_model(wish: str) -> None:
    play = Play(model=StandIn())
    play.catalog = WHOLE
    await play.hears(f'say "hello" {wish}, with elevenlabs')
    [step] = (await play.shown()).values()
    assert step["model"].startswith("elevenlabs/")
    assert step["input"]["voice_id"] == (RACHEL if "woman" in wish else ADAM)
