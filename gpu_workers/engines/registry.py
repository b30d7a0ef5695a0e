"""All engines that this machine can run."""

from __future__ import annotations

from gpu_workers.engines.base import Engine
from gpu_workers.engines.concat import Concat
from gpu_workers.engines.lipsync import Lipsync
from gpu_workers.engines.merge import Merge
from gpu_workers.engines.mesh import Mesh
from gpu_workers.engines.motion import Motion
from gpu_workers.engines.music import Music
from gpu_workers.engines.picture import Picture
from gpu_workers.engines.sound import Sound
from gpu_workers.engines.text_to_video import TextToVideo
from gpu_workers.engines.thumbnail import Thumbnail
from gpu_workers.engines.upscale import Upscale
from gpu_workers.engines.voice import Voice
from gpu_workers.engines.voiceover import Voiceover


def engines() -> list[Engine]:
    return [
        Picture(), Motion(), TextToVideo(), Voice(), Voiceover(), Music(), Sound(), Mesh(), Lipsync(),
        Merge(), Concat(), Thumbnail(), Upscale(),
    ]  # fmt: skip
