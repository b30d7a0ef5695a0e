"""`local/motion`: any picture into a film by camera, light and depth.

A picture that `local/picture` made carries its recipe, so its layers are drawn again and moved apart: true
parallax. Any other picture is one plane, which the camera crosses while its middle comes a little nearer.
"""

from __future__ import annotations

import functools
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skia
from PIL import Image, UnidentifiedImageError

from gpu_workers.drawing import studio
from gpu_workers.drawing.brush import WHITE, argb, flat
from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.engines.picture import RECIPE
from gpu_workers.media.film import FPS, FilmWriter, image_of, surface_on

NAME = "local-cpu/motion"
LONG_SIDE_PX = 1280
MAX_PIXELS = 60_000_000
LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)
Paint = Callable[[skia.Canvas, float, float], None]  # canvas, share of the film, seconds


@dataclass(frozen=True)
class Camera:
    """Where the camera goes, in shares of the frame, from begin to end."""

    zoom: tuple[float, float]
    pan: tuple[float, float]


def ease(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def camera_for(prompt: str, rng: random.Random) -> Camera:
    """The movement that the prompt asks for, else a slow approach."""
    text = prompt.lower()
    side = -1.0 if "left" in text else 1.0 if "right" in text else rng.choice((-1.0, 1.0))
    rise = -1.0 if "up" in text.split() else 1.0 if "down" in text.split() else 0.0
    if "zoom out" in text or "pull back" in text or "pull out" in text:
        return Camera((1.16, 1.02), (side * 0.010, 0.0))
    if "pan" in text or "slide" in text or "track" in text:
        return Camera((1.12, 1.12), (side * 0.045, rise * 0.03))
    return Camera((1.02, 1.14), (side * 0.014, rise * 0.014))


def opened(path: Path) -> Image.Image:
    try:
        picture = Image.open(path)
        if picture.width * picture.height > MAX_PIXELS:
            raise InputRefused("the image has more than 60 megapixels")
        picture.load()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise InputRefused("the image input cannot be read") from error
    return picture


def frame_size(inputs: dict[str, Any], picture: Image.Image) -> tuple[int, int]:
    """What was asked for, else the picture's own shape at the usual size."""
    if inputs.keys() & {"width", "height", "aspect"}:
        return fields.size_of(inputs)
    share = LONG_SIDE_PX / max(picture.size)
    width, height = (max(round(side * share / 2) * 2, fields.SIDE_MIN_PX) for side in picture.size)
    return width, height


def covered(picture: Image.Image, width: int, height: int) -> skia.Image:
    """The picture filling the frame, cut at its edges where its shape differs."""
    share = max(width / picture.width, height / picture.height)
    size = max(round(picture.width * share), width), max(round(picture.height * share), height)
    flattened = Image.new("RGBA", picture.size, "white")
    flattened.alpha_composite(picture.convert("RGBA"))
    scaled = flattened.resize(size, Image.Resampling.LANCZOS)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    red, green, blue, alpha = scaled.crop((left, top, left + width, top + height)).split()
    return image_of(np.array(Image.merge("RGBA", (blue, green, red, alpha))))


def plane(picture: skia.Image, camera: Camera) -> Paint:
    """One picture, crossed by the camera, with light gliding over it."""
    width, height = picture.width(), picture.height()

    def paint(canvas: skia.Canvas, share: float, _seconds: float) -> None:
        at = ease(share)
        zoom = camera.zoom[0] + (camera.zoom[1] - camera.zoom[0]) * at
        shift = (at - 0.5) * 2
        canvas.save()
        canvas.translate(width * (0.5 + camera.pan[0] * shift), height * (0.5 + camera.pan[1] * shift))
        canvas.scale(zoom, zoom)
        canvas.drawImage(picture, -width / 2, -height / 2, LINEAR)
        canvas.restore()
        sweep(canvas, skia.Rect(0, 0, width, height), (share - 0.12) / 0.6, 0.16, skia.BlendMode.kScreen)

    return paint


@functools.lru_cache(maxsize=8)
def band(height: int) -> skia.Image:
    """A slanted band of light, drawn once: painting a gradient anew for every frame would cost as much as the rest."""
    width = round(height * 0.8)
    pixels = np.zeros((height, width, 4), np.uint8)
    shader = skia.GradientShader.MakeLinear(
        [(width * 0.2, height * 0.36), (width * 0.8, height * 0.64)],
        [argb(WHITE, 0), argb(WHITE, 1), argb(WHITE, 0)],
        [0, 0.5, 1],
    )
    with surface_on(pixels) as canvas:
        canvas.drawPaint(skia.Paint(Shader=shader))
    return image_of(pixels)


def sweep(canvas: skia.Canvas, area: skia.Rect, share: float, strength: float, mode: skia.BlendMode) -> None:
    """A band of light that passes once from left to right."""
    if not 0 < share < 1:
        return
    light = band(max(round(area.height()), 2))
    x = round(area.left() - light.width() + (area.width() + light.width()) * ease(share))
    paint = skia.Paint(BlendMode=mode, Alphaf=strength * math.sin(math.pi * share))
    canvas.save()
    canvas.clipRect(area)
    canvas.drawImage(light, x, round(area.top()), skia.SamplingOptions(), paint)
    canvas.restore()


@dataclass(frozen=True)
class Plate:
    """A drawn layer, ready to be moved."""

    name: str
    depth: float
    image: skia.Image  # only what is drawn of it
    box: skia.Rect  # and where that stands in the frame


def plates(recipe: dict[str, Any], width: int, height: int) -> list[Plate]:
    made = []
    for layer in studio.compose(recipe["prompt"], recipe["seed"], width, height).layers:
        pixels = np.zeros((height, width, 4), np.uint8)
        surface = surface_on(pixels)
        with surface as canvas:
            layer.draw(canvas)
        left, top, right, bottom = Image.fromarray(pixels[:, :, 3]).getbbox() or (0, 0, width, height)
        cut = image_of(np.ascontiguousarray(pixels[top:bottom, left:right]))
        made.append(Plate(layer.name, layer.depth, cut, skia.Rect(left, top, right, bottom)))
    return made


def layered(found: list[Plate], size: tuple[int, int], camera: Camera, rng: random.Random) -> Paint:
    """Layers moved by their depth; words come in, light glides over the product, dust floats in the air."""
    width, height = size
    dust = [(rng.random(), rng.random(), rng.uniform(0.6, 2.2), rng.random()) for _ in range(26)]

    def paint(canvas: skia.Canvas, share: float, seconds: float) -> None:
        at, shift = ease(share), (ease(share) - 0.5) * 2
        growth = camera.zoom[1] - camera.zoom[0]
        for plate in found:
            near = 0.25 + 0.85 * plate.depth
            zoom = max(1.045, camera.zoom[0]) if plate.depth < 0.3 else 1.0
            zoom += growth * near * (at if growth >= 0 else at - 1) * 0.8
            if plate.name == "words":
                words_in(canvas, plate, seconds, camera.pan[0] * shift * width * 0.4)
                continue
            foot = height * (0.5 if plate.depth < 0.3 else 0.86)
            canvas.save()
            canvas.translate(
                width / 2 + camera.pan[0] * shift * width * near * 1.6, foot + camera.pan[1] * shift * height * near
            )
            canvas.scale(zoom, zoom)
            canvas.translate(-width / 2, -foot)
            draw_plate(canvas, plate, share)
            canvas.restore()
        motes(canvas, dust, width, height, seconds)

    return paint


def draw_plate(canvas: skia.Canvas, plate: Plate, share: float) -> None:
    glide = (share - 0.30) / 0.42
    if plate.name != "product" or not 0 < glide < 1:
        canvas.drawImage(plate.image, plate.box.left(), plate.box.top(), LINEAR)
        return
    canvas.saveLayer(plate.box)
    canvas.drawImage(plate.image, plate.box.left(), plate.box.top(), LINEAR)
    sweep(canvas, plate.box, glide, 0.55, skia.BlendMode.kSrcATop)
    canvas.restore()


def words_in(canvas: skia.Canvas, plate: Plate, seconds: float, drift: float) -> None:
    shown = ease((seconds - 0.25) / 0.9)
    if shown > 0:
        x = plate.box.left() + drift - (1 - shown) * plate.box.width() * 0.08
        canvas.drawImage(plate.image, x, plate.box.top(), LINEAR, skia.Paint(Alphaf=shown))


def motes(
    canvas: skia.Canvas, dust: list[tuple[float, float, float, float]], width: int, height: int, seconds: float
) -> None:
    for x, y, size, phase in dust:
        at_x = (x + 0.012 * seconds * (0.4 + phase)) % 1 * width
        at_y = (y - 0.016 * seconds * (0.4 + size / 2)) % 1 * height
        glow = 0.16 + 0.14 * math.sin(seconds * 1.4 + phase * 6.3)
        canvas.drawCircle(at_x, at_y, size * height / 720, flat(WHITE, glow))


def painter(picture: Image.Image, prompt: str, size: tuple[int, int], seed: int) -> Paint:
    """How this picture is moved."""
    rng = random.Random(f"{seed}/motion")
    camera = camera_for(prompt, rng)
    recipe = picture.info.get(RECIPE)
    if isinstance(recipe, str):
        try:
            known = json.loads(recipe)
            drawn = plates({"prompt": str(known["prompt"]), "seed": int(known["seed"])}, *size)
            return layered(drawn, size, camera, rng)
        except (ValueError, KeyError, TypeError):
            pass  # not a recipe of ours: the picture is moved as a whole
    return plane(covered(picture, *size), camera)


def film_of(
    paint: Paint,
    path: Path,
    size: tuple[int, int],
    seconds: float,
    engine: str,
    *,
    progress: Progress,
    cancelled: Cancelled,
) -> float:
    """Paint every frame into a film; its exact length comes back."""
    width, height = size
    count = max(round(seconds * FPS), 1)
    pixels = np.zeros((height, width, 4), np.uint8)
    surface = surface_on(pixels)
    with FilmWriter(path, width, height, engine) as writer:
        for index in range(count):
            stop_if(cancelled)
            with surface as canvas:
                paint(canvas, index / max(count - 1, 1), index / FPS)
            writer.frame(pixels)
            if index % 8 == 0:
                progress(0.02 + 0.96 * index / count, "")
        writer.finish()
        return writer.seconds


class Motion:
    """Image to video."""

    spec = EngineSpec(
        model="local/motion",
        name=NAME,
        input_schema=fields.schema(
            ["image"],
            image=fields.media("image", "The picture to bring to life: a generated one or an upload."),
            prompt=fields.described(fields.PROMPT, "How it moves: zoom in or out, pan left or right."),
            duration_s=fields.duration(5, 30),
            width=fields.WIDTH,
            height=fields.HEIGHT,
            aspect=fields.ASPECT,
            seed=fields.SEED,
        ),
        media_out=("video",),
        max_runtime_s=180,
    )

    def load(self) -> None:
        """Nothing to bring in."""

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        picture = opened(Path(inputs["image"]))
        size = frame_size(inputs, picture)
        progress(0.01, "looking at the picture")
        paint = painter(picture, inputs.get("prompt", ""), size, seed)
        path = workdir / "motion.mp4"
        seconds = film_of(
            paint, path, size, float(inputs.get("duration_s", 5)), NAME, progress=progress, cancelled=cancelled
        )
        progress(1.0, "filmed")
        return [OutputFile(path, "video/mp4", *size, seconds)]
