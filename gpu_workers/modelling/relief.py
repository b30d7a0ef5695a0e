"""A picture as a relief: a standing plaque in its own colours, the lighter the higher. No depth is guessed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import trimesh as untyped_trimesh
from PIL import Image, ImageFilter

from gpu_workers.drawing.brush import rgb
from gpu_workers.modelling.objects import Model, exported

trimesh: Any = untyped_trimesh  # its annotations are partial
LONG_SIDE_M: Final = 1.0
HEIGHT_M: Final = 0.06
"""From the darkest place to the lightest."""
THICKNESS_M: Final = 0.03
POINTS: Final = 128
"""Along the longer side."""
TEXTURE_PX: Final = 1024
BACK: Final = rgb("#e9e4da")


def glb_of(picture: Image.Image, comment: str, title: str) -> bytes:
    """The plaque as GLB, in metres, y up, standing on the ground and facing +z."""
    shown = picture.convert("RGB")
    shown.thumbnail((TEXTURE_PX, TEXTURE_PX))
    width, height = (LONG_SIDE_M * side / max(shown.size) for side in shown.size)
    model = Model()
    back = trimesh.creation.box(extents=(width, height, THICKNESS_M))
    model.add(back, BACK, (0, height / 2, -THICKNESS_M / 2), rough=0.8)
    model.scene.add_geometry(_front(shown, width, height), geom_name="relief")
    return exported(model, comment, title)


def _front(shown: Image.Image, width: float, height: float) -> Any:
    """A grid of points over the picture, which lies on it as its texture. Its rim touches the plaque."""
    columns, rows = (max(2, round(POINTS * side / max(shown.size))) for side in shown.size)
    light = shown.convert("L").filter(ImageFilter.GaussianBlur(max(shown.size) / POINTS)).resize((columns, rows))
    raised = np.asarray(light, dtype=float) / 255.0 * HEIGHT_M
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
