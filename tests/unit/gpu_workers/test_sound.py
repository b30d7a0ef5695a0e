"""Scores, mouths and sounds, without any file."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_workers.engines.sound import makers_for
from gpu_workers.media.espeak import Phoneme
from gpu_workers.media.score import BEATS, compose
from gpu_workers.media.sound import RATE, convolved, faded, resampled, room
from gpu_workers.media.visemes import REST, SHAPES, from_phonemes, from_sound
from gpu_workers.media.voice_over import sentence_for


@pytest.mark.parametrize("seconds", [1.0, 7.3, 10.0, 60.0])
def test_a_piece_ends_with_a_bar_when_its_time_is_over(seconds: float) -> None:
    score = compose("upbeat pop 120 bpm", seconds, 1)
    assert score.bars * BEATS * 60 / score.tempo == pytest.approx(seconds)
    assert all(tone.at < score.bars * BEATS for tone in score.tones)


def test_key_and_tempo_are_the_prompts() -> None:
    score = compose("piano in a minor, 90 bpm", 60, 1)
    scale = {(9 + step) % 12 for step in (0, 2, 3, 5, 7, 8, 10)}
    assert {tone.pitch % 12 for tone in score.tones} <= scale
    assert score.tempo == pytest.approx(90, rel=0.03)
    assert "minor" in score.title


def test_calm_music_has_no_drums_and_dance_music_has() -> None:
    assert compose("calm meditation", 10, 1).hits == ()
    assert compose("energetic techno", 10, 1).hits


def test_a_mouth_closes_for_a_labial_opens_for_a_vowel_and_rests_at_the_end() -> None:
    mouths = from_phonemes((Phoneme(0.2, "m"), Phoneme(0.5, "ˈɑː"), Phoneme(0.8, "_:")), 1.5)
    assert mouths.at(0.4) == SHAPES["closed"]
    assert mouths.at(0.7) == SHAPES["open"]
    assert mouths.at(1.5) == REST
    assert mouths.at(0.0) == REST


def test_from_a_recording_loud_opens_and_silence_closes() -> None:
    time = np.arange(RATE, dtype=np.float32) / RATE
    tone = np.sin(2 * np.pi * 220 * time).astype(np.float32)
    mouths = from_sound(np.concatenate([tone, np.zeros(RATE, np.float32)]))
    assert mouths.at(0.5).opened > 0.5
    assert mouths.at(1.7) == REST


def test_block_by_block_is_the_same_as_at_once() -> None:
    rng = np.random.default_rng(1)
    wave, kernel = rng.standard_normal(150_000, np.float32), rng.standard_normal(300, np.float32)
    np.testing.assert_allclose(convolved(wave, kernel), np.convolve(wave, kernel)[: len(wave)], atol=2e-3)
    ramp = np.arange(80_000, dtype=np.float32)
    np.testing.assert_allclose(resampled(ramp, 22_050, 44_100)[:-1], np.arange(160_000)[:-1] / 2, atol=0.02)


def test_a_room_keeps_the_length_and_fades_touch_only_the_ends() -> None:
    wave = np.ones((RATE, 2), np.float32)
    assert room(wave, RATE, 0.3, 0.2, 1).shape == wave.shape
    shaped = faded(wave, RATE, 0.1, 0.1)
    assert shaped[0, 0] == shaped[-1, 0] == 0
    assert np.all(shaped[RATE // 4 : RATE // 2] == 1)


def test_sounds_that_are_named_are_heard_together_and_unknown_ones_are_quiet_air() -> None:
    assert [name for name, _ in makers_for("rain and thunder over the city")] == ["thunder", "rain", "city"]
    assert [name for name, _ in makers_for("xyzzy")] == ["ambience"]


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ("a teal water bottle", "Meet the Teal Water Bottle. Good to the last drop."),
        ('say "The best tea in town."', "The best tea in town."),
        ("mountain at dawn", "Mountain."),
    ],
)
def test_a_sentence_says_no_more_than_its_description(description: str, sentence: str) -> None:
    assert sentence_for(description) == sentence
