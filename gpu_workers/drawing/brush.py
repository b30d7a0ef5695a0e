"""Colours, gradients, paths and type: the few tools that every drawing uses."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from importlib import resources

import skia

Rgb = tuple[float, float, float]
Stop = tuple[float, Rgb] | tuple[float, Rgb, float]

WHITE: Rgb = (1.0, 1.0, 1.0)
BLACK: Rgb = (0.0, 0.0, 0.0)
INK: Rgb = (0.10, 0.10, 0.13)
GOLD: Rgb = (0.84, 0.68, 0.36)
STEEL: Rgb = (0.72, 0.74, 0.78)


def rgb(code: str) -> Rgb:
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`share` of the other colour in the one."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighten(colour: Rgb, share: float) -> Rgb:
    return mix(colour, WHITE, share)


def darken(colour: Rgb, share: float) -> Rgb:
    return mix(colour, BLACK, share)


def luminance(colour: Rgb) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def argb(colour: Rgb, alpha: float = 1.0) -> int:
    red, green, blue = (round(min(max(part, 0.0), 1.0) * 255) for part in colour)
    code: int = skia.Color(red, green, blue, round(alpha * 255))
    return code


def flat(colour: Rgb, alpha: float = 1.0, *, blur: float = 0.0) -> skia.Paint:
    paint = skia.Paint(Color=argb(colour, alpha), AntiAlias=True)
    return softened(paint, blur)


def line(colour: Rgb, width: float, alpha: float = 1.0, *, blur: float = 0.0) -> skia.Paint:
    paint = skia.Paint(Color=argb(colour, alpha), AntiAlias=True, Style=skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return softened(paint, blur)


def softened(paint: skia.Paint, blur: float) -> skia.Paint:
    if blur > 0:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def _stops(stops: Sequence[Stop]) -> tuple[list[int], list[float]]:
    colours = [argb(stop[1], stop[2] if len(stop) == 3 else 1.0) for stop in stops]
    return colours, [stop[0] for stop in stops]


def linear(x0: float, y0: float, x1: float, y1: float, *stops: Stop) -> skia.Paint:
    colours, positions = _stops(stops)
    shader = skia.GradientShader.MakeLinear([(x0, y0), (x1, y1)], colours, positions)
    return skia.Paint(Shader=shader, AntiAlias=True, Dither=True)


def radial(x: float, y: float, radius: float, *stops: Stop) -> skia.Paint:
    colours, positions = _stops(stops)
    shader = skia.GradientShader.MakeRadial((x, y), radius, colours, positions)
    return skia.Paint(Shader=shader, AntiAlias=True, Dither=True)


def stroked(paint: skia.Paint, width: float) -> skia.Paint:
    """A gradient as a line's colour."""
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def cylinder(x0: float, x1: float, colour: Rgb) -> skia.Paint:
    """The light on an upright round body: a soft highlight on the left, the shade on the right."""
    return linear(
        x0,
        0,
        x1,
        0,
        (0.0, darken(colour, 0.38)),
        (0.07, darken(colour, 0.12)),
        (0.20, lighten(colour, 0.42)),
        (0.27, lighten(colour, 0.30)),
        (0.40, colour),
        (0.70, darken(colour, 0.26)),
        (0.94, darken(colour, 0.50)),
        (1.0, darken(colour, 0.36)),
    )


def metal(x0: float, y0: float, x1: float, y1: float, colour: Rgb = STEEL) -> skia.Paint:
    return linear(
        x0,
        y0,
        x1,
        y1,
        (0.0, darken(colour, 0.45)),
        (0.15, lighten(colour, 0.55)),
        (0.35, colour),
        (0.55, darken(colour, 0.35)),
        (0.75, lighten(colour, 0.35)),
        (1.0, darken(colour, 0.50)),
    )


TOKEN = re.compile(r"[MLCQZ]|-?\d+(?:\.\d+)?")
POINTS = {"M": 2, "L": 2, "C": 6, "Q": 4}


@functools.lru_cache(maxsize=512)
def path(code: str) -> skia.Path:
    """A path in SVG's notation, absolute commands only."""
    found = skia.Path()
    calls = {"M": found.moveTo, "L": found.lineTo, "C": found.cubicTo, "Q": found.quadTo}
    tokens = TOKEN.findall(code)
    command, at = "", 0
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
            if command == "Z":
                found.close()
                continue
        count = POINTS[command]
        calls[command](*(float(token) for token in tokens[at : at + count]))
        at += count
    return found


def rect(x0: float, y0: float, x1: float, y1: float) -> skia.Rect:
    return skia.Rect(x0, y0, x1, y1)


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> skia.Path:
    found = skia.Path()
    found.addRoundRect(skia.Rect(x0, y0, x1, y1), radius, radius)
    return found


def oval(x: float, y: float, rx: float, ry: float) -> skia.Rect:
    return skia.Rect(x - rx, y - ry, x + rx, y + ry)


def polygon(*points: tuple[float, float]) -> skia.Path:
    return skia.Path.Polygon([skia.Point(*point) for point in points], True)


FONTS = {
    "serif": "PlayfairDisplay-SemiBold.ttf",
    "sans": "Inter-Regular.ttf",
    "bold": "Inter-SemiBold.ttf",
}


@functools.cache
def typeface(kind: str) -> skia.Typeface:
    file = resources.files("gpu_workers") / "fonts" / FONTS[kind]
    return skia.Typeface.MakeFromData(skia.Data.MakeWithCopy(file.read_bytes()))


@functools.lru_cache(maxsize=128)
def font(kind: str, size: float) -> skia.Font:
    made = skia.Font(typeface(kind), size)
    made.setSubpixel(True)
    made.setEdging(skia.Font.Edging.kAntiAlias)
    return made


def writable(text: str, kind: str) -> bool:
    """Whether our fonts have every character; a title of empty boxes would be worse than none."""
    return 0 not in typeface(kind).unicharsToGlyphs([ord(character) for character in text])


def width_of(text: str, kind: str, size: float, spacing: float = 0.0) -> float:
    width: float = font(kind, size).measureText(text)
    return width + spacing * max(len(text) - 1, 0)


def write(
    canvas: skia.Canvas,
    text: str,
    x: float,
    y: float,
    kind: str,
    size: float,
    paint: skia.Paint,
    *,
    spacing: float = 0.0,
    align: float = 0.0,
) -> None:
    """Text with its baseline at y; align 0 begins at x, 0.5 is centred on it, 1 ends there."""
    used = font(kind, size)
    x -= width_of(text, kind, size, spacing) * align
    if not spacing:
        canvas.drawString(text, x, y, used, paint)
        return
    for character in text:
        canvas.drawString(character, x, y, used, paint)
        x += used.measureText(character) + spacing
