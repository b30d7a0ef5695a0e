"""A duration is understood in whatever unit it is said, and what is no duration is not taken for one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.fitting.fields import verify
from processors.agents.fitting.validator import check
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known
from processors.executor import durations
from tests.unit.agents.makers import TEXT, model, schema, small_catalog


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (5, 5.0), ("5", 5.0), (" 5s ", 5.0), ("5.0 s", 5.0), ("5 sec", 5.0), ("5-second", 5.0), ("2,5 s", 2.5),
        ("2 minutes", 120.0), ("2min", 120.0), ("1.5 min", 90.0), ("0.5 minutes", 30.0), ("2m", 120.0),
        ("1 min 30 s", 90.0), ("1m30s", 90.0), ("1 minute and 30 seconds", 90.0), ("1:30", 90.0), ("01:02:03", 3723.0),
        ("500 ms", 0.5), ("500ms", 0.5), ("2,000 ms", 2.0), ("1 h", 3600.0), ("5 Sekunden", 5.0), ("2 Minuten", 120.0),
        (True, None), ("fast", None), ("5 apples", None), ("16:9:1:1", None), ("", None), (None, None), ("5 10", None),
        ("99999999999", None), (1e300, None),
    ],
)  # fmt: skip
def test_a_value_in_any_unit(value: Any, length: float | None) -> None:
    assert durations.seconds(value) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a 5-second video", 5.0), ("a fox, 8 sec", 8.0), ("10s.", 10.0), ("a 30s video", 30.0), ("2.5 s long", 2.5),
        ("a 2-minute video", 120.0), ("for 0.5 min", 30.0), ("one and a half minutes", 90.0), ("five seconds", 5.0),
        ("half a minute of rain", 30.0), ("a minute of silence", 60.0), ("1:30 min", 90.0), ("1:30 long", 90.0),
        ("1 minute 30 seconds", 90.0), ("1 minute and 15 seconds", 75.0), ("a 90s video", 90.0),
        ("a fox 90 seconds", 90.0), ("fade out in the last 2 seconds of a 20-second clip", 20.0),
        ("every 2 seconds a flash, 10 seconds in all", 10.0), ("ein Video von 5 Sekunden", 5.0),
        ("ein 2-minütiges Video", 120.0), ("zwei Minuten lang", 120.0),
        ("a 90s pop song", None), ("an 80s synth track", None), ("in the style of the 90s", None),
        ("the 60s, in colour", None), ("a late 70s disco hit", None), ("a 1990s style clip", None),
        ("a second video", None), ("the second", None), ("as is", None), ("ones and tens", None), ("a's", None),
        ("a 16:9 clip", None), ("at 1:30 the fox jumps", None), ("after 3 seconds the light goes out", None),
        ("in the first 3 seconds it is dark", None), ("a 10 minute old loaf", None), ("5 minutes later", None),
        ("500 ms", None), ("5 sugar cubes", None), ("wait a minute", None), ("image_5 second best", None),
    ],
)  # fmt: skip
def test_what_a_description_says(text: str, length: float | None) -> None:
    assert durations.said_in(text) == length


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a 3 minutes long film of 5 foxes", "a film of 5 foxes"), ("a 1:30 min video", "a video"),
        ("a 90s pop song, 20 seconds", "a 90s pop song,"), ("after 3 seconds dark", "after 3 seconds dark"),
        ("a 10-second-long clip", "a clip"), ("rain", "rain"),
    ],
)  # fmt: skip
def test_words_are_left_without_the_lengths_that_they_name(text: str, left: str) -> None:
    assert " ".join(durations.without(text).split()) == left


@given(st.integers(1, 9999), st.sampled_from(["s", " sec", " seconds", "-second", " min", " minutes", " ms", " h"]))
def test_a_unit_is_never_lost(number: int, unit: str) -> None:
    factor = {"s": 1, "sec": 1, "min": 60, "ms": 0.001, "h": 3600}
    name = unit.strip(" -")
    expected = number * next(factor[short] for short in (name, name[:3], name[:1]) if short in factor)
    assert durations.seconds(f"{number}{unit}") == pytest.approx(expected)


LENGTH: dict[str, Any] = {"type": "number", "minimum": 1, "maximum": 300}


@pytest.mark.parametrize(
    ("rules", "given_", "words", "built"),
    [
        ({"duration_s": LENGTH}, {"duration_s": "2 minutes"}, "", {"duration_s": 120}),
        ({"duration_s": LENGTH}, {"duration": "1:30"}, "", {"duration_s": 90}),
        ({"duration_s": LENGTH}, {"duration_s": "500 ms"}, "", {"duration_s": 1}),
        ({"duration_s": LENGTH}, {"duration_ms": 5000}, "", {"duration_s": 5}),
        ({"duration_s": LENGTH}, {}, "a 2-minute song", {"duration_s": 120}),
        ({"duration_s": LENGTH}, {}, "a 90s pop song", {}),
        ({"music_length_ms": {"type": "integer"}}, {"music_length_ms": "2 minutes"}, "", {"music_length_ms": 120_000}),
        ({"music_length_ms": {"type": "integer"}}, {"music_length_ms": 5000}, "", {"music_length_ms": 5000}),
        ({"music_length_ms": {"type": "integer"}}, {"duration_s": 5}, "", {"music_length_ms": 5000}),
        ({"duration": {"enum": ["5", "10", "120"]}}, {"duration": "2 min"}, "", {"duration": "120"}),
        ({"at_s": LENGTH}, {"at_s": "1 minute"}, "", {"at_s": 60}),
        ({"fade_ms": {"type": "integer"}}, {"fade_ms": "2 s"}, "", {"fade_ms": 2000}),
        ({"fade_ms": {"type": "integer"}}, {"fade_ms": "500 ms"}, "", {"fade_ms": 500}),
        ({"start": LENGTH}, {"start": "2 minutes"}, "", {"start": 120}),
    ],
)
def test_a_field_gets_its_own_unit(rules: Any, given_: Any, words: str, built: Any) -> None:
    spec = model("test/model", "music", ("audio",), schema([], **rules))
    values, *_ = verify(spec, PlannedStep("s1", "T", words or "T", "music", input=given_), Known())
    assert values == built


@pytest.mark.parametrize(
    ("given_", "words", "said"),
    [
        ({"duration_s": "2 minutes"}, "a fox", "120"),
        ({"duration": "1:30"}, "a fox", "90"),
        ({}, "a fox for 90 seconds", "90"),
        ({}, "a 2-minute video of a fox", "120"),
        ({"duration_s": 5}, "a fox for 90 seconds", ""),
        ({}, "a fox in the 90s", ""),
        ({}, "a fox for 9 seconds", ""),
    ],
)
def test_what_is_longer_than_any_model_gives_is_said(given_: Any, words: str, said: str) -> None:
    checked = check([PlannedStep("s1", "T", words, "video", input=given_)], small_catalog().capabilities)
    found = [one for one in checked.issues if one.code == "beyond-limits"]
    assert bool(found) == bool(said)
    assert all(said in one.problem for one in found)


def test_a_models_words_stay_words() -> None:
    spec = model("test/model", "image", ("image",), schema(["prompt"], prompt=TEXT))
    values, *_ = verify(spec, PlannedStep("s1", "T", "x", "image", input={"prompt": "2 minutes"}), Known())
    assert values == {"prompt": "2 minutes"}
