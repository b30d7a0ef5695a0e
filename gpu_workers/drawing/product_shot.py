"""A product on a set: backdrop, floor, podium, contact shadow, reflection, words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import skia

from gpu_workers.drawing import devices, goods, vessels
from gpu_workers.drawing.brief import Brief
from gpu_workers.drawing.brush import (
    INK,
    WHITE,
    Rgb,
    darken,
    flat,
    lighten,
    linear,
    luminance,
    mix,
    oval,
    path,
    radial,
    rect,
    rgb,
)
from gpu_workers.drawing.layers import Composition, Layer
from gpu_workers.drawing.type_setting import Words, set_words

LEAF = path("M0 0 C0.6 -0.4 0.5 -1.4 0 -2 C-0.5 -1.4 -0.6 -0.4 0 0 Z")
KICKERS = ("New arrival", "The collection", "Made well", "Now here")


@dataclass(frozen=True)
class Product:
    """How to draw a product and how much room it takes: half its width and its height, in its own units."""

    draw: Callable[[skia.Canvas, Brief], None]
    half_width: float
    height: float = 100.0
    stands: float = 0.8  # the part of its width that touches the floor
    podium: bool = True


PRODUCTS: dict[str, Product] = {
    "mug": Product(vessels.mug, 48, 118, 0.62),
    "bottle": Product(vessels.bottle, 26, 108, 0.7),
    "perfume": Product(vessels.perfume, 34, 104, 0.85),
    "candle": Product(vessels.candle, 36, 104, 0.8),
    "jar": Product(vessels.jar, 44, 92, 0.85),
    "plant": Product(vessels.plant, 50, 104, 0.32),
    "phone": Product(devices.phone, 30, 106, 0.8, podium=False),
    "watch": Product(devices.watch, 34, 104, 0.5, podium=False),
    "headphones": Product(devices.headphones, 52, 108, 0.9),
    "laptop": Product(devices.laptop, 84, 112, 0.92, podium=False),
    "camera": Product(devices.camera, 62, 106, 0.92),
    "lamp": Product(devices.lamp, 48, 108, 0.5),
    "speaker": Product(devices.speaker, 36, 108, 0.85),
    "box": Product(goods.box, 58, 116, 0.8),
    "sneaker": Product(goods.sneaker, 90, 116, 0.86),
    "chair": Product(goods.chair, 52, 110, 0.8, podium=False),
    "backpack": Product(goods.backpack, 50, 114, 0.7),
    "book": Product(goods.book, 48, 108, 0.85),
    "cake": Product(goods.cake, 60, 112, 0.42, podium=False),
    "burger": Product(goods.burger, 62, 114, 0.66),
    "car": Product(goods.car, 106, 128, 0.9, podium=False),
    "sunglasses": Product(goods.sunglasses, 86, 106, 0.6),
    "shirt": Product(goods.shirt, 68, 120, 0, podium=False),
}


@dataclass(frozen=True)
class Set:
    """Where things stand in the frame."""

    width: int
    height: int
    floor: float
    x: float
    y: float  # the product's foot
    scale: float
    base: Rgb
    dark: bool
    podium: bool
    backdrop: str


def plan_set(brief: Brief, width: int, height: int) -> Set:
    product = PRODUCTS[brief.subject]
    rng = brief.rng("set")
    wide = width / height > 1.15
    dark = brief.dark or (luminance(brief.main) > 0.86 and rng.random() < 0.5)
    podium = product.podium and rng.random() < 0.72
    room_w, room_h = (width * 0.46, height * 0.66) if wide else (width * 0.70, height * 0.50)
    scale = min(room_h / product.height, room_w / (2 * product.half_width))
    foot = height * (0.86 if wide else 0.88) - (height * 0.055 if podium else 0)
    base = darken(mix(brief.main, rgb("#14141c"), 0.72), 0.25) if dark else stage_colour(brief)
    backdrop = rng.choice(("arch", "disc", "window", "sweep"))
    return Set(width, height, height * 0.72, width * (0.69 if wide else 0.5), foot, scale, base, dark, podium, backdrop)


def stage_colour(brief: Brief) -> Rgb:
    """A pale wall in the product's own colour; a pale product stands out from a wall of its second colour."""
    if luminance(brief.main) > 0.80:
        return mix(lighten(brief.accent, 0.35), rgb("#b9aa98"), 0.35)
    return lighten(mix(brief.main, rgb("#c9b8a6"), 0.25), 0.74)


def compose(brief: Brief, width: int, height: int) -> Composition:
    stage = plan_set(brief, width, height)
    layers = (
        Layer("backdrop", 0.0, lambda canvas: backdrop(canvas, stage, brief)),
        Layer("product", 0.7, lambda canvas: product_on_floor(canvas, stage, brief)),
        Layer("words", 1.0, lambda canvas: words(canvas, stage, brief)),
    )
    return Composition(width, height, brief.title, layers)


def backdrop(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    w, h, base = stage.width, stage.height, stage.base
    canvas.drawRect(rect(0, 0, w, h), linear(0, 0, 0, stage.floor, (0, darken(base, 0.10)), (1, lighten(base, 0.18))))
    reach = max(w, h) * 0.62
    canvas.drawRect(
        rect(0, 0, w, h),
        radial(
            stage.x,
            stage.floor - h * 0.34,
            reach,
            (0, lighten(base, 0.62), 0.85),
            (0.5, lighten(base, 0.3), 0.35),
            (1, base, 0),
        ),
    )
    if stage.backdrop in ("arch", "disc"):
        shape(canvas, stage, brief)
    elif stage.backdrop == "window":
        window_light(canvas, stage, brief)
    floor = lighten(base, 0.10) if not stage.dark else darken(base, 0.12)
    canvas.drawRect(
        rect(0, stage.floor, w, h),
        linear(
            0,
            stage.floor,
            0,
            h,
            (0, darken(floor, 0.10)),
            (0.18, floor),
            (1, lighten(floor, 0.22 if not stage.dark else 0.05)),
        ),
    )
    canvas.drawRect(
        rect(0, stage.floor - h * 0.07, w, stage.floor),
        linear(0, stage.floor - h * 0.07, 0, stage.floor, (0, INK, 0), (1, INK, 0.10)),
    )
    canvas.drawOval(
        oval(stage.x, stage.floor + h * 0.16, w * 0.38, h * 0.11),
        flat(lighten(base, 0.6), 0.28 if not stage.dark else 0.10, blur=h * 0.06),
    )
    corner = math.hypot(w, h) * 0.62
    canvas.drawRect(
        rect(0, 0, w, h), radial(w * 0.52, h * 0.46, corner, (0, INK, 0), (0.62, INK, 0), (1, darken(base, 0.75), 0.42))
    )


def shape(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    """A cut-out in the wall behind the product, an arch or a disc, lit from its edge."""
    size = min(stage.height * 0.36, stage.width * 0.30)
    tone = mix(stage.base, brief.main, 0.34)
    form = skia.Path()
    if stage.backdrop == "disc":
        form.addCircle(stage.x, stage.floor - stage.height * 0.30, size)
    else:
        left, right, top = stage.x - size * 0.82, stage.x + size * 0.82, stage.floor - stage.height * 0.58
        form.moveTo(left, stage.floor)
        form.lineTo(left, top + size * 0.82)
        form.arcTo(skia.Rect(left, top, right, top + size * 1.64), 180, 180, False)
        form.lineTo(right, stage.floor)
        form.close()
    edges = form.getBounds()
    canvas.drawPath(form, flat(darken(stage.base, 0.5), 0.28, blur=stage.height * 0.018))
    canvas.drawPath(
        form,
        linear(
            edges.left(),
            edges.top(),
            edges.right(),
            edges.bottom(),
            (0, darken(tone, 0.16)),
            (0.5, tone),
            (1, lighten(tone, 0.28)),
        ),
    )


def window_light(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    """Sun through a window with leaves before it, out of focus on the wall."""
    w, h = stage.width, stage.height
    rng = brief.rng("window")
    light = lighten(stage.base, 0.75)
    canvas.save()
    canvas.clipRect(rect(0, 0, w, stage.floor))
    canvas.skew(-0.28, 0)
    for column in range(2):
        for row in range(3):
            left = stage.x - h * 0.22 + column * h * 0.26 + h * 0.14
            top = stage.floor - h * 0.68 + row * h * 0.22
            canvas.drawRect(rect(left, top, left + h * 0.235, top + h * 0.195), flat(light, 0.42, blur=h * 0.012))
    for _ in range(9):
        x, y = stage.x + rng.uniform(-0.1, 0.45) * h, stage.floor - rng.uniform(0.15, 0.7) * h
        canvas.save()
        canvas.translate(x, y)
        canvas.rotate(rng.uniform(-70, 70))
        size = h * rng.uniform(0.05, 0.10)
        canvas.scale(size, size)
        canvas.drawPath(LEAF, flat(darken(stage.base, 0.25), 0.30, blur=h * 0.010 / size))
        canvas.restore()
    canvas.restore()


def podium(canvas: skia.Canvas, stage: Set, half: float) -> None:
    tall, flat_y = stage.height * 0.055, half * 0.16
    tone = lighten(stage.base, 0.30) if not stage.dark else lighten(stage.base, 0.12)
    x, y = stage.x, stage.y
    canvas.drawOval(
        oval(x, y + tall + flat_y * 0.4, half * 1.16, flat_y * 1.3),
        flat(darken(stage.base, 0.8), 0.42, blur=half * 0.07),
    )
    side = skia.Path()
    side.addRect(rect(x - half, y, x + half, y + tall))
    side.addOval(oval(x, y + tall, half, flat_y))
    canvas.drawPath(
        side,
        linear(
            x - half,
            0,
            x + half,
            0,
            (0, darken(tone, 0.22)),
            (0.25, lighten(tone, 0.25)),
            (0.6, tone),
            (1, darken(tone, 0.38)),
        ),
    )
    canvas.drawOval(
        oval(x, y, half, flat_y),
        linear(x - half, 0, x + half, 0, (0, lighten(tone, 0.15)), (0.4, lighten(tone, 0.55)), (1, darken(tone, 0.08))),
    )


def product_on_floor(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    product = PRODUCTS[brief.subject]
    half = product.half_width * stage.scale
    if stage.podium:
        podium(canvas, stage, half * max(product.stands, 0.5) * 1.45)
    else:
        reflection(canvas, stage, brief)
    touch = half * product.stands
    if touch:
        canvas.drawOval(
            oval(stage.x + touch * 0.25, stage.y + 2, touch * 1.35, touch * 0.13),
            flat(INK, 0.26, blur=touch * 0.16 + 1),
        )
        canvas.drawOval(
            oval(stage.x, stage.y + 1, touch * 1.02, touch * 0.055), flat(INK, 0.55, blur=touch * 0.035 + 1)
        )
    place(canvas, stage, brief)


def place(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    canvas.save()
    hangs = not PRODUCTS[brief.subject].stands
    canvas.translate(stage.x, stage.height * 0.80 if hangs else stage.y)
    canvas.scale(stage.scale, stage.scale)
    PRODUCTS[brief.subject].draw(canvas, brief)
    canvas.restore()


def reflection(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    """The product upside down in a polished floor, fading out."""
    if not PRODUCTS[brief.subject].stands:
        return
    reach = min(stage.height - stage.y, stage.height * 0.14)
    bounds = rect(0, stage.y, stage.width, stage.y + reach)
    canvas.saveLayer(bounds)
    canvas.save()
    canvas.translate(0, 2 * stage.y)
    canvas.scale(1, -1)
    place(canvas, stage, brief)
    canvas.restore()
    fade = linear(0, stage.y, 0, stage.y + reach, (0, WHITE, 0.34), (1, WHITE, 0))
    fade.setBlendMode(skia.BlendMode.kDstIn)
    canvas.drawRect(bounds, fade)
    canvas.restore()


def words(canvas: skia.Canvas, stage: Set, brief: Brief) -> None:
    w, h = stage.width, stage.height
    wide = w / h > 1.15
    ink, accent = inks(stage, brief)
    kicker = brief.rng("kicker").choice(KICKERS)
    block = (
        Words(kicker, brief.title, brief.tagline, w * 0.07, h * 0.46, w * 0.38, 0.0, h * 0.095)
        if wide
        else Words(kicker, brief.title, brief.tagline, w * 0.5, h * 0.19, w * 0.84, 0.5, min(w * 0.105, h * 0.075))
    )
    set_words(canvas, block, ink, accent)


def inks(stage: Set, brief: Brief) -> tuple[Rgb, Rgb]:
    """Colours for the words that can be read on this wall."""
    if stage.dark:
        return lighten(brief.main, 0.92), lighten(brief.main, 0.45)
    ink = darken(mix(brief.main, INK, 0.72), 0.60)
    for accent in (brief.main, brief.accent):
        if abs(luminance(stage.base) - luminance(accent)) > 0.30:
            return ink, accent
    return ink, darken(mix(brief.main, INK, 0.4), 0.45)
