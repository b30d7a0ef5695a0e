"""A picture as a relief: a plaque in its own colours, the lighter the higher, no depth is guessed. What it shows stands
before it, where the words name an object that can be built."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import trimesh as untyped_trimesh
from PIL import Image, ImageFilter

from gpu_workers.drawing.brief import read
from gpu_workers.drawing.brush import rgb
from gpu_workers.modelling.objects import Model, exported, known

trimesh: Any = untyped_trimesh  # its annotations are partial
LONG_SIDE_M: Final = 1.0
HEIGHT: Final = 0.06
"""From the darkest place to the lightest, as a share of the longer side."""
THICKNESS: Final = 0.03
BACKDROP: Final = 2.2
"""The longer side of a picture behind an object, in sizes of the object."""
ROOM: Final = 0.12
"""Between the two, as a share of the longer side."""
POINTS: Final = 128
"""Along the longer side."""
TEXTURE_PX: Final = 1024
BACK: Final = rgb("#e9e4da")


def glb_of(picture: Image.Image, prompt: str, seed: int, comment: str) -> bytes:
    """A GLB in metres, y up, on the ground, facing +z: the object that the words name before the picture's relief; the
    relief alone where they name none that can be built."""
    brief, model = read(prompt, seed), Model()
    long_side, behind = LONG_SIDE_M, 0.0
    if (build := known(brief)) is not None:
        build(model, brief)
        low, high = model.scene.bounds
        long_side = BACKDROP * float((high - low)[:2].max())
        behind = float(low[2]) - ROOM * long_side
    _add(model, picture.convert("RGB"), long_side, behind)
    return exported(model, comment, brief.title)


def _add(model: Model, shown: Image.Image, long_side: float, z: float) -> None:
    shown.thumbnail((TEXTURE_PX, TEXTURE_PX))
    width, height = (long_side * side / max(shown.size) for side in shown.size)
    thick = THICKNESS * long_side
    model.add(trimesh.creation.box(extents=(width, height, thick)), BACK, (0, height / 2, z - thick / 2), rough=0.8)
    front = _front(shown, width, height, HEIGHT * long_side)
    front.apply_translation((0, 0, z))
    model.scene.add_geometry(front, geom_name="relief")


def _front(shown: Image.Image, width: float, height: float, highest: float) -> Any:
    """A grid of points over the picture, which lies on it as its texture. Its rim touches the plaque."""
    columns, rows = (max(2, round(POINTS * side / max(shown.size))) for side in shown.size)
    light = shown.convert("L").filter(ImageFilter.GaussianBlur(max(shown.size) / POINTS)).resize((columns, rows))
    raised = np.asarray(light, dtype=float) / 255.0 * highest
    raised[0, :] = raised[-1, :] = raised[:, 0] = raised[:, -1] = 0.0
    across, down = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    points = np.stack([(across - 0.5) * width, (1 - down) * height, raised], axis=-1).reshape(-1, 3)
    corner = np.arange(rows * columns).reshape(rows, columns)
    upper_left, upper_right = corner[:-1, :-1].ravel(), corner[:-1, 1:].ravel()
    lower_left, lower_right = corner[1:, :-1].ravel(), corner[1:, 1:].ravel()
    faces = np.concatenate(
        [np.stack([upper_left, lower_left, upper_right], 1), np.stack([upper_right, lower_left, lower_right], 1)]
    )
    material = trimesh.visual.material.PBRMaterial(
        name="picture", baseColorTexture=shown, metallicFactor=0.0, roughnessFactor=0.7
    )
    visual = trimesh.visual.texture.TextureVisuals(
        uv=np.stack([across, 1 - down], axis=-1).reshape(-1, 2), material=material
    )
    normals = _normals(raised, width / (columns - 1), height / (rows - 1))
    return trimesh.Trimesh(points, faces, vertex_normals=normals, visual=visual, process=False)


def _normals(raised: Any, step_x: float, step_y: float) -> Any:
    down, across = np.gradient(raised, step_y, step_x)
    normals = np.stack([-across, down, np.ones_like(raised)], axis=-1).reshape(-1, 3)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)
