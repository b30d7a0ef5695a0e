"""`local/mesh`: a simple coloured object as GLB, of turned and joined forms; before the relief of a given picture."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.engines.labels import label
from gpu_workers.engines.motion import opened

NAME = "local-cpu/mesh"


class Mesh:
    """Text, or a picture, to 3D."""

    spec = EngineSpec(
        model="local/mesh",
        name=NAME,
        input_schema=fields.schema(
            ["prompt"],
            prompt=fields.described(fields.PROMPT, "The object and its colours."),
            image=fields.media("image", "A picture: its relief stands behind the object, or alone."),
            seed=fields.SEED,
        ),
        media_out=("3d",),
        max_runtime_s=60,
    )

    def load(self) -> None:
        """The 3D library costs a second or two, which a worker that makes none shall not wait for."""
        self._objects = importlib.import_module("gpu_workers.modelling.objects")
        self._relief = importlib.import_module("gpu_workers.modelling.relief")

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        progress(0.1, "modelling")
        data = self._glb(inputs, seed)
        stop_if(cancelled)
        path = workdir / "mesh.glb"
        path.write_bytes(data)
        progress(1.0, "built")
        return [OutputFile(path, "model/gltf-binary")]

    def _glb(self, inputs: dict[str, Any], seed: int) -> bytes:
        made: bytes
        if "image" in inputs:
            made = self._relief.glb_of(opened(Path(inputs["image"])), inputs["prompt"], seed, label(NAME))
        else:
            made = self._objects.glb_of(inputs["prompt"], seed, label(NAME))
        return made
