"""All engines that this machine can run."""

from __future__ import annotations

import logging

from gpu_workers.engines.base import Engine
from gpu_workers.engines.concat import Concat
from gpu_workers.engines.diffusion import INSTALL, Diffusion, Options, missing
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
from gpu_workers.settings import WorkerSettings

log = logging.getLogger(__name__)


def engines() -> list[Engine]:
    """Those of the default installation."""
    return [
        Picture(), Motion(), TextToVideo(), Voice(), Voiceover(), Music(), Sound(), Mesh(), Lipsync(),
        Merge(), Concat(), Thumbnail(), Upscale(),
    ]  # fmt: skip


def engines_by(settings: WorkerSettings) -> list[Engine]:
    """And the diffusion model that is set, where what it needs is installed."""
    if settings.worker_diffusion_model is None:
        return engines()
    if absent := missing():
        log.warning("no diffusion model is served, for %s is not installed: %s", ", ".join(absent), INSTALL)
        return engines()
    options = Options(
        model=settings.worker_diffusion_model,
        revision=settings.worker_diffusion_revision,
        device=settings.worker_diffusion_device,
        offload=settings.worker_diffusion_offload,
        steps=settings.worker_diffusion_steps,
        guidance=settings.worker_diffusion_guidance,
    )
    return [*engines(), Diffusion(options)]
