"""`gpu/diffusion`: the operator's diffusion model, on the GPU where there is one: words, or words and a picture, in.

It needs the extra `[gpu]`. Nothing of that is imported before the model is loaded.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineError, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.engines.labels import label
from gpu_workers.engines.motion import opened

MODEL = "gpu/diffusion"
EXTRA = ("torch", "diffusers", "transformers", "accelerate")
INSTALL = "pip install -e '.[gpu]'"
SIDE_PX = 1024
SIDE_MAX_PX = 1536
SIDE_STEP_PX = 16
"""What every family of models can divide by."""
STEPS_MAX = 100
STRENGTH = 0.6
BEGUN, DENOISED = 0.02, 0.95
"""Shares of the whole, before the first step and after the last."""
SIDE: fields.Rule = {"type": "integer", "minimum": fields.SIDE_MIN_PX, "maximum": SIDE_MAX_PX, "default": SIDE_PX}
SCHEMA = fields.schema(
    ["prompt"],
    prompt=fields.described(fields.PROMPT, "What is to be seen."),
    negative_prompt=fields.described(fields.PROMPT, "What is not to be seen."),
    image=fields.media("image", "A picture to begin with, instead of noise."),
    strength={
        "type": "number", "minimum": 0.05, "maximum": 1.0, "default": STRENGTH,
        "description": "How much of the picture changes.",
    },
    width=fields.described(SIDE, "Rounded down to a multiple of 16."),
    height=fields.described(SIDE, "Rounded down to a multiple of 16."),
    aspect=fields.ASPECT,
    steps={"type": "integer", "minimum": 1, "maximum": STEPS_MAX, "description": "Of denoising; unset: the model's."},
    guidance={
        "type": "number", "minimum": 0, "maximum": 20,
        "description": "How closely the prompt is kept to; unset: the model's.",
    },
    seed=fields.SEED,
)  # fmt: skip
Offload = Literal["none", "model", "sequential"]


class ContentRefused(EngineError):
    """The model's own checker has blanked what it made."""

    category = "content_policy"


class TooLarge(EngineError):
    """The device's memory does not hold this run beside the model; another worker's may."""

    category = "outage"


@dataclass(frozen=True)
class Options:
    """`model` is an id of the Hugging Face hub or a local folder, as `save_pretrained` writes one."""

    model: str
    revision: str | None = None
    device: str | None = None
    """As torch names it; None: `cuda` where there is one, else `cpu`."""
    offload: Offload = "none"
    """What waits in the machine's memory: nothing, whole parts of the model in turn, or each layer: smaller, slower."""
    steps: int | None = None
    guidance: float | None = None


def missing() -> tuple[str, ...]:
    """What of the extra is not installed here."""
    return tuple(name for name in EXTRA if find_spec(name) is None)


class Diffusion:
    """One pipeline for words, and one that shares its weights for words and a picture, where the family has one."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._from_text: Any = None
        self._from_picture: Any = None
        self._offloaded: Any = None
        folder = Path(options.model)
        name = folder.name if folder.is_dir() else options.model
        self.spec = EngineSpec(
            model=MODEL,
            name=f"diffusers/{name}",
            input_schema=SCHEMA,
            media_out=("image",),
            max_runtime_s=600,
            loads_first=True,
        )

    def load(self) -> None:
        """Weights from safetensors alone: nothing that is loaded is run."""
        import torch
        from diffusers import AutoPipelineForImage2Image, AutoPipelineForText2Image

        options = self._options
        self._device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._from_text = AutoPipelineForText2Image.from_pretrained(
            options.model,
            revision=options.revision,
            dtype=_dtype(torch, self._device),
            use_safetensors=True,
            local_files_only=Path(options.model).is_dir(),
        )
        self._from_text.set_progress_bar_config(disable=True)
        if options.offload == "none":
            self._from_text.to(self._device)
        try:
            self._from_picture = AutoPipelineForImage2Image.from_pipe(self._from_text)
            self._from_picture.set_progress_bar_config(disable=True)
        except ValueError:
            self._from_picture = None
        self.spec = replace(self.spec, tags=(self._device.partition(":")[0],))

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        import torch

        progress(0.0, "preparing")
        stop_if(cancelled)
        pipeline, call = self._call(inputs)
        self._place(pipeline)

        def stepped(running: Any, step: int, _timestep: Any, kept: dict[str, Any]) -> dict[str, Any]:
            total = int(getattr(running, "num_timesteps", 0)) or step + 1
            progress(BEGUN + (DENOISED - BEGUN) * (step + 1) / total, f"step {step + 1} of {total}")
            stop_if(cancelled)
            return kept

        progress(BEGUN, "denoising")
        generator = torch.Generator("cpu").manual_seed(seed)
        try:
            made = pipeline(**call, generator=generator, callback_on_step_end=stepped)
        except torch.OutOfMemoryError as error:
            raise TooLarge("the device's memory is too small for a picture of this size") from error
        finally:
            pipeline.maybe_free_model_hooks()
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            raise ContentRefused("the model's own checker refused what it had made")
        return [self._written(made.images[0], workdir, progress)]

    def _call(self, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The pipeline for these inputs, and what it is called with. Raises InputRefused."""
        options = self._options
        call: dict[str, Any] = {
            "prompt": inputs["prompt"],
            "negative_prompt": inputs.get("negative_prompt"),
            "num_inference_steps": inputs.get("steps", options.steps),
            "guidance_scale": inputs.get("guidance", options.guidance),
        }
        pipeline = self._from_text
        if "image" in inputs:
            pipeline = self._from_picture
            if pipeline is None:
                raise InputRefused("this model begins with noise alone: leave out the picture")
            picture, strength = opened(Path(inputs["image"])).convert("RGB"), float(inputs.get("strength", STRENGTH))
            width, height = size_of(inputs, picture.size)
            call |= {"image": picture.resize((width, height), Image.Resampling.LANCZOS), "strength": strength}
            if (steps := call["num_inference_steps"]) is not None:
                call["num_inference_steps"] = max(steps, math.ceil(1 / strength))
        else:
            width, height = size_of(inputs)
        taken = inspect.signature(pipeline.__call__).parameters
        call |= {"width": width, "height": height} if "width" in taken else {}
        if call["negative_prompt"] is not None and "negative_prompt" not in taken:
            raise InputRefused("this model takes no negative_prompt")
        return pipeline, {name: value for name, value in call.items() if value is not None and name in taken}

    def _place(self, pipeline: Any) -> None:
        """The two pipelines share their parts; whose turn it is moves them."""
        if self._options.offload == "none" or self._offloaded is pipeline:
            return
        if self._options.offload == "model":
            pipeline.enable_model_cpu_offload(device=self._device)
        else:
            pipeline.enable_sequential_cpu_offload(device=self._device)
        self._offloaded = pipeline

    def _written(self, picture: Image.Image, workdir: Path, progress: Progress) -> OutputFile:
        note = PngInfo()
        note.add_itxt("engine", self.spec.name)
        note.add_itxt("Software", label(self.spec.name))
        path = workdir / "picture.png"
        picture.save(path, "PNG", compress_level=4, pnginfo=note)
        progress(1.0, "painted")
        return OutputFile(path, "image/png", picture.width, picture.height)


def _dtype(torch: Any, device: str) -> Any:
    """Half precision on a GPU, in the wider range where it has that; a CPU computes in full."""
    if not device.startswith("cuda"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def size_of(inputs: dict[str, Any], picture: tuple[int, int] | None = None) -> tuple[int, int]:
    """What was asked for, else the picture's own shape, within the bounds."""
    if inputs.get("aspect"):
        width, height = fields.ASPECTS[inputs["aspect"]]
    elif picture is not None and not inputs.keys() & {"width", "height"}:
        share = min(1.0, SIDE_MAX_PX / max(picture))
        width, height = (round(side * share) for side in picture)
    else:
        width, height = inputs.get("width", SIDE_PX), inputs.get("height", SIDE_PX)
    return _fitting(width), _fitting(height)


def _fitting(side: int) -> int:
    return max(fields.SIDE_MIN_PX, min(side, SIDE_MAX_PX) // SIDE_STEP_PX * SIDE_STEP_PX)
