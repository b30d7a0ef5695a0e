"""A picture becomes a relief that has its shape, its colours and its light places in front; its object stands there."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import trimesh
from PIL import Image

from gpu_workers.modelling.relief import HEIGHT, THICKNESS, glb_of


def scene_of(picture: Image.Image, words: str = "half and half") -> Any:
    return trimesh.load(io.BytesIO(glb_of(picture, words, 1, "made by a test")), file_type="glb")


def test_it_has_the_pictures_shape_and_stands_on_the_ground() -> None:
    low, high = scene_of(Image.new("RGB", (400, 200), "white")).bounds
    assert np.allclose(low, (-0.5, 0.0, -THICKNESS))
    assert np.allclose(high, (0.5, 0.5, HEIGHT))


def test_light_places_are_in_front_and_its_colours_lie_where_they_are() -> None:
    picture = Image.new("RGB", (200, 200), "black")
    picture.paste("yellow", (100, 0, 200, 200))
    front = scene_of(picture).geometry["relief"]
    inside = np.abs(front.vertices - (0, 0.5, 0)).max(axis=1) < 0.45
    dark, light = (
        front.vertices[inside & side, 2] for side in (front.vertices[:, 0] < -0.1, front.vertices[:, 0] > 0.1)
    )
    assert dark.max() < 0.1 * HEIGHT
    assert light.min() > 0.8 * HEIGHT
    lightest = front.visual.uv[inside & (front.vertices[:, 0] > 0.1)]
    assert lightest[:, 0].min() > 0.5
    assert front.visual.material.baseColorTexture.getpixel((150, 100)) == (255, 255, 0)


def test_its_front_looks_to_the_front() -> None:
    front = scene_of(Image.new("RGB", (64, 64), "grey")).geometry["relief"]
    assert (front.face_normals[:, 2] > 0).all()
    assert (front.vertex_normals[:, 2] > 0).all()


def test_the_object_that_the_words_name_stands_before_its_picture() -> None:
    scene = scene_of(Image.new("RGB", (160, 90), "white"), "a red mug")
    parts = {name: scene.geometry[name].bounds for name in scene.geometry}
    relief = parts.pop("relief")
    plaque = max(parts, key=lambda name: float(np.prod((parts[name][1] - parts[name][0])[:2])))
    mug = [bounds for name, bounds in parts.items() if name != plaque]
    assert mug
    assert min(low[2] for low, _ in mug) > relief[1][2]
    assert abs(min(low[1] for low, _ in mug)) < 1e-6
    assert max(high[1] for _, high in mug) < relief[1][1]


def test_a_large_or_narrow_picture_is_no_trouble() -> None:
    for size in ((5000, 20), (1, 1), (20, 3000)):
        assert len(glb_of(Image.new("RGBA", size, (9, 9, 9, 0)), "x", 1, "made by a test")) < 2_000_000
