"""A picture becomes a relief that has its shape, its colours and its light places in front."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import trimesh
from PIL import Image

from gpu_workers.modelling.relief import HEIGHT_M, THICKNESS_M, glb_of


def scene_of(picture: Image.Image) -> Any:
    return trimesh.load(io.BytesIO(glb_of(picture, "made by a test", "Half and half")), file_type="glb")


def test_it_has_the_pictures_shape_and_stands_on_the_ground() -> None:
    low, high = scene_of(Image.new("RGB", (400, 200), "white")).bounds
    assert np.allclose(low, (-0.5, 0.0, -THICKNESS_M))
    assert np.allclose(high, (0.5, 0.5, HEIGHT_M))


def test_light_places_are_in_front_and_its_colours_lie_where_they_are() -> None:
    picture = Image.new("RGB", (200, 200), "black")
    picture.paste("yellow", (100, 0, 200, 200))
    front = scene_of(picture).geometry["relief"]
    inside = np.abs(front.vertices - (0, 0.5, 0)).max(axis=1) < 0.45
    dark, light = (
        front.vertices[inside & side, 2] for side in (front.vertices[:, 0] < -0.1, front.vertices[:, 0] > 0.1)
    )
    assert dark.max() < 0.1 * HEIGHT_M
    assert light.min() > 0.8 * HEIGHT_M
    lightest = front.visual.uv[inside & (front.vertices[:, 0] > 0.1)]
    assert lightest[:, 0].min() > 0.5
    assert front.visual.material.baseColorTexture.getpixel((150, 100)) == (255, 255, 0)


def test_its_front_looks_to_the_front() -> None:
    front = scene_of(Image.new("RGB", (64, 64), "grey")).geometry["relief"]
    assert (front.face_normals[:, 2] > 0).all()
    assert (front.vertex_normals[:, 2] > 0).all()


def test_a_large_or_narrow_picture_is_no_trouble() -> None:
    for size in ((5000, 20), (1, 1), (20, 3000)):
        assert len(glb_of(Image.new("RGBA", size, (9, 9, 9, 0)), "made by a test", "x")) < 2_000_000
