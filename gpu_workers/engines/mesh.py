"""`local/mesh`: a simple coloured object as GLB, built from turned and joined forms with PBR materials."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.engines.labels import label

NAME = "local-cpu/mesh"


class Mesh:
    """Text to 3D."""

    spec = EngineSpec(
        model="local/mesh",
        name=NAME,
        input_schema=fields.schema(
            ["prompt"],
            prompt=fields.described(fields.PROMPT, "The object and its colours."),
            seed=fields.SEED,
        ),
        media_out=("3d",),
        max_runtime_s=60,
    )

    def load(self) -> None:
        """The 3D library costs a second or two, which a worker that makes none shall not wait for."""
        self._objects = importlib.import_module("gpu_workers.modelling.objects")

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        progress(0.1, "modelling")
        data: bytes = self._objects.glb_of(inputs["prompt"], seed, label(NAME))
        stop_if(cancelled)
        path = workdir / "mesh.glb"
        path.write_bytes(data)
        progress(1.0, "built")
        return [OutputFile(path, "model/gltf-binary")]
