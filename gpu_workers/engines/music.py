"""`local/music`: a short instrumental piece from a prompt, composed by rules and played by a synthesiser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.media import synth
from gpu_workers.media.score import Score, compose
from gpu_workers.media.sound import RATE, Samples, faded, normalised, room, write_wav

NAME = "local-cpu/music"
PARTS = {
    "piano": synth.piano,
    "pluck": synth.pluck,
    "pad": synth.pad,
    "lead": synth.lead,
    "bell": synth.bell,
    "bass": synth.bass,
}
PANS = {"piano": -0.18, "pluck": 0.22, "pad": 0.0, "lead": 0.12, "bell": 0.3, "bass": 0.0}
END_S = 0.9


def played(score: Score, seconds: float, seed: int, *, progress: Progress, cancelled: Cancelled) -> Samples:
    beat = 60 / score.tempo
    rng = np.random.default_rng(seed)
    wet, dry = synth.Track.of(seconds), synth.Track.of(seconds)
    for index, tone in enumerate(score.tones):
        if index % 24 == 0:
            stop_if(cancelled)
            progress(0.05 + 0.7 * index / len(score.tones), "")
        note = PARTS[tone.part](synth.hertz(tone.pitch), tone.beats * beat)
        track = dry if tone.part == "bass" else wet
        track.lay(note, tone.at * beat, tone.level, PANS[tone.part])
    drums = {"kick": synth.kick(), "snare": synth.snare(rng), "hat": synth.hat(rng)}
    for hit in score.hits:
        dry.lay(drums[hit.drum], hit.at * beat, hit.level, 0.25 if hit.drum == "hat" else 0.0)
    stop_if(cancelled)
    mixed = room(wet.samples, RATE, 1.6, 0.32, seed)
    mixed += dry.samples
    mixed *= np.float32(0.9)
    np.tanh(mixed, out=mixed)
    return faded(normalised(mixed), RATE, 0.01, min(END_S, seconds / 3))


class Music:
    """Text to music."""

    spec = EngineSpec(
        model="local/music",
        name=NAME,
        input_schema=fields.schema(
            ["prompt"],
            prompt=fields.described(fields.PROMPT, "Mood, style, key, tempo in bpm, instruments."),
            duration_s=fields.duration(10, 60),
            seed=fields.SEED,
        ),
        media_out=("audio",),
        max_runtime_s=120,
    )

    def load(self) -> None:
        """Nothing to bring in."""

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        seconds = float(inputs.get("duration_s", 10))
        score = compose(inputs["prompt"], seconds, seed)
        progress(0.03, score.title)
        samples = played(score, seconds, seed, progress=progress, cancelled=cancelled)
        path = workdir / "music.wav"
        write_wav(path, samples, RATE, NAME)
        progress(1.0, "played")
        return [OutputFile(path, "audio/wav", duration_s=len(samples) / RATE)]
