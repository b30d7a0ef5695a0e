"""`local/voice`: text to speech by espeak-ng, with the times of its phonemes beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.media import espeak
from gpu_workers.media.sound import RATE, write_wav
from gpu_workers.media.voice_over import warmed

NAME = "local-cpu/voice"


class Voice:
    """Text to speech."""

    spec = EngineSpec(
        model="local/voice",
        name=NAME,
        input_schema=fields.schema(
            ["text"],
            text=fields.described(fields.TEXT, "What is said."),
            voice=fields.VOICE,
            language=fields.LANGUAGE,
            speed=fields.SPEED,
            seed=fields.SEED,
        ),
        media_out=("audio",),
        max_runtime_s=60,
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
        progress(0.05, "speaking")
        spoken = espeak.speak(
            inputs["text"],
            voice=inputs.get("voice", "female"),
            language=inputs.get("language", "en-us"),
            speed=inputs.get("speed", 1.0),
        )
        stop_if(cancelled)
        samples = warmed(spoken)
        path = workdir / "voice.wav"
        write_wav(path, samples, RATE, NAME)
        progress(1.0, "spoken")
        return [OutputFile(path, "audio/wav", duration_s=len(samples) / RATE)]
