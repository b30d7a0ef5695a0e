"""`local/sound`: effects and ambience from a prompt; several sounds that it names are heard together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.media.effects import MAKERS, Maker, ambience
from gpu_workers.media.sound import RATE, faded, normalised, room, write_wav

NAME = "local-cpu/sound"
TOGETHER_MAX = 3


def makers_for(prompt: str) -> list[tuple[str, Maker]]:
    """The sounds that the prompt names; quiet air where it names none that we know."""
    words = set(re.findall(r"[a-z-]+", prompt.lower()))
    found = [(names.split()[0], make) for names, make in MAKERS if words & set(names.split())]
    return found[:TOGETHER_MAX] or [("ambience", ambience)]


class Sound:
    """Text to sound."""

    spec = EngineSpec(
        model="local/sound",
        name=NAME,
        input_schema=fields.schema(
            ["prompt"],
            prompt=fields.described(fields.PROMPT, "What is heard: rain, wind, waves, a whoosh, a bell, a click …"),
            duration_s=fields.duration(5, 60, 0.5),
            seed=fields.SEED,
        ),
        media_out=("audio",),
        max_runtime_s=60,
    )

    def load(self) -> None:
        """Nothing to bring in."""

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        seconds = float(inputs.get("duration_s", 5))
        mixed = np.zeros((round(seconds * RATE), 2), np.float32)
        chosen = makers_for(inputs["prompt"])
        for index, (name, make) in enumerate(chosen):
            stop_if(cancelled)
            progress(index / (len(chosen) + 1), name)
            mixed += normalised(make(seconds, np.random.default_rng([seed, index])), 0.6)
        stop_if(cancelled)
        samples = faded(normalised(room(mixed, RATE, 0.8, 0.18, seed)), RATE, 0.01, min(0.4, seconds / 4))
        path = workdir / "sound.wav"
        write_wav(path, samples, RATE, NAME)
        progress(1.0, "mixed")
        return [OutputFile(path, "audio/wav", duration_s=len(samples) / RATE)]
