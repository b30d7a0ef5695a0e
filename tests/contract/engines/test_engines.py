"""Each engine keeps the contract of `gpu_workers.engines.base`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpu_workers.engines.base import Engine, EngineCancelled, InputRefused, media_fields
from gpu_workers.engines.registry import engines
from tests.contract.engines.suite import check, content, loudness, medium, run

SMALL = {"width": 192, "height": 108}
ENGINES = {engine.spec.model: engine for engine in engines()}
Inputs = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A small input for every engine; media were made by the engines before it."""
    folder = tmp_path_factory.mktemp("sources")
    for engine in ENGINES.values():
        engine.load()
    picture = run(ENGINES["local/picture"], {"prompt": "a red mug", **SMALL}, folder)[0].path
    film = run(ENGINES["local/motion"], {"image": str(picture), "duration_s": 1, **SMALL}, folder)[0].path
    voice = run(ENGINES["local/voice"], {"text": "Hello there."}, folder)[0].path
    known: dict[str, dict[str, Any]] = {
        "local/picture": {"prompt": "a teal bottle", **SMALL},
        "local/motion": {"image": str(picture), "duration_s": 1.5, **SMALL},
        "local/text-to-video": {"prompt": "a city at night", "duration_s": 1, **SMALL},
        "local/voice": {"text": "Good morning."},
        "local/voiceover": {"video": str(film), "text": "Hi."},
        "local/music": {"prompt": "happy pop in D major", "duration_s": 3},
        "local/sound": {"prompt": "rain and a bell", "duration_s": 2},
        "local/mesh": {"prompt": "a green chair", "image": str(picture)},
        "local/lipsync": {"text": "Hello.", **SMALL},
        "local/merge": {"video": str(film), "audio": str(voice)},
        "local/concat": {"videos": [str(film), str(film)]},
        "local/thumbnail": {"video": str(film), "at_s": 0.5, "width": 96},
        "local/upscale": {"image": str(picture), "factor": 2},
    }
    return lambda model: known[model]


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


def test_loaded_once_it_runs_twice_with_the_same_result(engine: Engine, inputs: Inputs, tmp_path: Path) -> None:
    first, second = (run(engine, inputs(engine.spec.model), tmp_path / name) for name in ("first", "second"))
    assert [content(output) for output in first] == [content(output) for output in second]


def test_its_files_are_what_they_say(engine: Engine, inputs: Inputs, tmp_path: Path) -> None:
    outputs = run(engine, inputs(engine.spec.model), tmp_path)
    assert tuple(medium(output) for output in outputs) == engine.spec.media_out
    for output in outputs:
        check(output, engine.spec.name)


def test_a_model_is_made_of_words_alone_too(inputs: Inputs, tmp_path: Path) -> None:
    words = {"prompt": inputs("local/mesh")["prompt"]}
    (output,) = run(ENGINES["local/mesh"], words, tmp_path)
    check(output, ENGINES["local/mesh"].spec.name)


def test_a_cancel_stops_it(engine: Engine, inputs: Inputs, tmp_path: Path) -> None:
    shares: list[float] = []
    with pytest.raises(EngineCancelled):
        engine.run(
            inputs(engine.spec.model), progress=lambda share, note: shares.append(share),
            cancelled=lambda: bool(shares), workdir=tmp_path, seed=1,
        )  # fmt: skip
    assert 1.0 not in shares


def test_media_that_cannot_be_read_are_the_callers_fault(engine: Engine, inputs: Inputs, tmp_path: Path) -> None:
    given, junk = dict(inputs(engine.spec.model)), tmp_path / "junk"
    junk.write_bytes(b"neither picture nor sound")
    used = [name for name in media_fields(engine.spec.input_schema) if name in given]
    for name in used:
        broken = {**given, name: [str(junk)] * 2 if isinstance(given[name], list) else str(junk)}
        with pytest.raises(InputRefused):
            run(engine, broken, tmp_path / name)


@pytest.mark.parametrize("model", ["local/picture", "local/text-to-video", "local/music", "local/sound"])
def test_another_seed_gives_another_work(model: str, inputs: Inputs, tmp_path: Path) -> None:
    prompt = {**inputs(model), "prompt": "something calm"}
    one, other = (run(ENGINES[model], prompt, tmp_path / str(seed), seed)[0] for seed in (1, 2))
    assert content(one) != content(other)


@pytest.mark.parametrize("seconds", [1, 2.5, 3])
def test_a_films_length_is_exact_to_the_frame(seconds: float, inputs: Inputs, tmp_path: Path) -> None:
    (film,) = run(ENGINES["local/motion"], {**inputs("local/motion"), "duration_s": seconds}, tmp_path)
    assert film.duration_s == seconds
    check(film, "local-cpu/motion")


def test_a_voiceover_keeps_the_films_length(inputs: Inputs, tmp_path: Path) -> None:
    (film,) = run(ENGINES["local/motion"], {**inputs("local/motion"), "duration_s": 4}, tmp_path)
    spoken, voice = run(ENGINES["local/voiceover"], {"video": str(film.path), "prompt": "a red mug"}, tmp_path)
    assert spoken.duration_s == 4
    assert loudness(spoken.path) > 0.01
    assert 0 < (voice.duration_s or 0) < 4


def test_a_longer_voice_holds_the_last_frame(inputs: Inputs, tmp_path: Path) -> None:
    text = "This sentence takes quite a bit longer than the film it is spoken over."
    spoken, voice = run(ENGINES["local/voiceover"], {**inputs("local/voiceover"), "text": text}, tmp_path)
    assert (spoken.duration_s or 0) >= (voice.duration_s or 0) + 0.3
    check(spoken, "local-cpu/voiceover")


def test_lips_follow_a_recording_and_a_portrait_is_shown(inputs: Inputs, tmp_path: Path) -> None:
    given = {"audio": inputs("local/merge")["audio"], "image": inputs("local/motion")["image"], **SMALL}
    (film,) = run(ENGINES["local/lipsync"], given, tmp_path)
    check(film, "local-cpu/lipsync")
    assert loudness(film.path) > 0.01


def test_a_join_is_as_long_as_its_parts_and_keeps_sound(inputs: Inputs, tmp_path: Path) -> None:
    (spoken, _) = run(ENGINES["local/voiceover"], inputs("local/voiceover"), tmp_path)
    (joined,) = run(
        ENGINES["local/concat"], {"videos": [*inputs("local/concat")["videos"], str(spoken.path)]}, tmp_path
    )
    assert joined.duration_s == pytest.approx(2 + (spoken.duration_s or 0), abs=1 / 24)
    assert loudness(joined.path) > 0.001
    check(joined, "local-cpu/concat")


def test_speaking_in_every_voice_and_language(tmp_path: Path) -> None:
    voice = ENGINES["local/voice"]
    for name in voice.spec.input_schema["properties"]["voice"]["enum"]:
        check(run(voice, {"text": "One two.", "voice": name}, tmp_path)[0], voice.spec.name)
    for language in voice.spec.input_schema["properties"]["language"]["enum"]:
        check(run(voice, {"text": "1 2 3", "language": language}, tmp_path)[0], voice.spec.name)
