"""All engines that this machine can run."""

from __future__ import annotations

from gpu_workers.engines.base import Engine
from gpu_workers.engines.motion import Motion
from gpu_workers.engines.picture import Picture
from gpu_workers.engines.text_to_video import TextToVideo
from gpu_workers.engines.voice import Voice
from gpu_workers.engines.voiceover import Voiceover


def engines() -> list[Engine]:
    return [Picture(), Motion(), TextToVideo(), Voice(), Voiceover()]
