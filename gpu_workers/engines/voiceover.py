"""`local/voiceover`: a film gets a spoken voice; out come the film with its sound track, and the voice alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.media import espeak
from gpu_workers.media.film import probe, with_sound
from gpu_workers.media.sound import RATE, Samples, read_audio, write_wav
from gpu_workers.media.voice_over import sentence_for, warmed

NAME = "local-cpu/voiceover"
BEGINS_S = 0.3
TAIL_S = 0.2
DUCKED = 0.35


def track_for(voice: Samples, film_seconds: float, present: Samples | None) -> Samples:
    """The whole sound track: the voice after a breath, and the film's own sound, lowered, below it."""
    begin = round(BEGINS_S * RATE)
    count = max(round(film_seconds * RATE), begin + len(voice) + round(TAIL_S * RATE))
    track = np.zeros((count, 2), np.float32)
    if present is not None:
        kept = present[:count]
        track[: len(kept)] += kept * DUCKED
    track[begin : begin + len(voice)] += voice
    return np.clip(track, -1, 1)


class Voiceover:
    """Video and text to video."""

    spec = EngineSpec(
        model="local/voiceover",
        name=NAME,
        input_schema=fields.schema(
            ["video"],
            video=fields.media("video", "The film that is spoken over."),
            text=fields.described(fields.TEXT, "What is said."),
            prompt=fields.described(
                fields.PROMPT, "A description; a short sentence is made of it when there is no text."
            ),
            voice=fields.VOICE,
            language=fields.LANGUAGE,
            speed=fields.SPEED,
            seed=fields.SEED,
        ),
        media_out=("video", "audio"),
        max_runtime_s=180,
    )

    def load(self) -> None:
        """Nothing to bring in: each text is spoken by a process of its own."""

    def run(
        self,
        inputs: dict[str, Any],
        *,
        progress: Progress,
        cancelled: Cancelled,
        workdir: Path,
        seed: int,  # noqa: ARG002
    ) -> list[OutputFile]:
        text = inputs.get("text") or sentence_for(inputs.get("prompt", ""))
        if not text:
            raise InputRefused("there is neither a text nor a description to speak of")
        film = probe(Path(inputs["video"]))
        progress(0.1, "speaking")
        voice = warmed(
            espeak.speak(
                text,
                voice=inputs.get("voice", "female"),
                language=inputs.get("language", "en-us"),
                speed=inputs.get("speed", 1.0),
            )
        )
        stop_if(cancelled)
        voice_path, film_path = workdir / "voice.wav", workdir / "voiceover.mp4"
        write_wav(voice_path, voice, RATE, NAME)
        track = track_for(voice, film.seconds, read_audio(film.path) if film.sound else None)

        def on_share(share: float) -> None:
            stop_if(cancelled)
            progress(0.3 + 0.65 * min(share, 1.0), "")

        with_sound(film, track, film_path, NAME, on_share)
        made = probe(film_path)
        progress(1.0, "spoken over")
        return [
            OutputFile(film_path, "video/mp4", made.width, made.height, made.seconds),
            OutputFile(voice_path, "audio/wav", duration_s=len(voice) / RATE),
        ]
