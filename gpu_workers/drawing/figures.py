"""Animals, a robot and people in a simple flat style, before a round of colour. Units: 200 is the figure's height."""

# A stroke a line: these are tables of coordinates, which a formatter would tear apart.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import math
from collections.abc import Callable

import skia

from gpu_workers.drawing import face
from gpu_workers.drawing.brief import Brief
from gpu_workers.drawing.brush import (
    INK,
    STEEL,
    WHITE,
    Rgb,
    cylinder,
    darken,
    flat,
    lighten,
    line,
    linear,
    luminance,
    metal,
    mix,
    oval,
    path,
    polygon,
    radial,
    rect,
    rgb,
    rounded,
)
from gpu_workers.drawing.layers import Composition, Layer

FUR = {"cat": rgb("#e08a3c"), "dog": rgb("#b98250"), "fox": rgb("#dd6b2a"), "bird": rgb("#2a86c8"), "fish": rgb("#f08a2c"), "robot": STEEL}


def compose(brief: Brief, width: int, height: int) -> Composition:
    layers = (
        Layer("wall", 0.0, lambda canvas: wall(canvas, brief, width, height)),
        Layer("figure", 0.7, lambda canvas: figure(canvas, brief, width, height)),
    )
    return Composition(width, height, brief.title, layers)


def wall(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    tone = brief.accent if brief.named_colours != 1 else mix(brief.accent, WHITE, .2)
    base = darken(mix(tone, INK, .6), .1) if brief.dark else lighten(tone, .66)
    canvas.drawRect(rect(0, 0, w, h), linear(0, 0, 0, h, (0, lighten(base, .2)), (1, darken(base, .10))))
    size = min(w, h) * .40
    canvas.drawCircle(w / 2, h * .50, size, linear(w / 2 - size, h * .1, w / 2 + size, h, (0, lighten(tone, .40)), (1, mix(tone, base, .15))))
    rng = brief.rng("wall")
    for _ in range(14):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), min(w, h) * rng.uniform(.006, .02)
        canvas.drawCircle(x, y, r, flat(WHITE, .35))
    canvas.drawRect(rect(0, 0, w, h), radial(w / 2, h / 2, max(w, h) * .7, (.55, INK, 0), (1, darken(base, .7), .30)))


def figure(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    canvas.save()
    if brief.subject == "portrait":
        canvas.translate(w / 2, h * .52)
        canvas.scale(min(w, h) / 205, min(w, h) / 205)
        words = brief.words
        long_hair = True if words & {"woman", "girl", "queen", "her", "lady"} else False if words & {"man", "boy", "king", "his"} else None
        face.draw(canvas, face.person(brief.rng("person"), brief.main, long_hair=long_hair), face.Pose(face.Mouth(wide=.85)))
    else:
        canvas.translate(w / 2, h * .92)
        canvas.scale(min(w, h) / 250, min(w, h) / 250)
        canvas.drawOval(oval(4, 1, 62, 7), flat(INK, .28, blur=5))
        FIGURES[brief.subject](canvas, brief, brief.main if brief.named_colours else FUR[brief.subject])
    canvas.restore()


def round_eye(canvas: skia.Canvas, x: float, y: float, size: float, iris: Rgb) -> None:
    canvas.drawCircle(x, y, size, flat(WHITE))
    canvas.drawCircle(x, y, size * .86, radial(x, y + size * .3, size, (0, lighten(iris, .4)), (1, darken(iris, .3))))
    canvas.drawOval(oval(x, y, size * .42, size * .62), flat(rgb("#101014")))
    canvas.drawCircle(x - size * .28, y - size * .34, size * .24, flat(WHITE))


def fur(colour: Rgb, x0: float, x1: float) -> skia.Paint:
    return linear(x0, -200, x1, 0, (0, lighten(colour, .28)), (.5, colour), (1, darken(colour, .35)))


def sitting(canvas: skia.Canvas, colour: Rgb, belly: Rgb) -> None:
    """The body that cat, dog and fox share."""
    canvas.drawPath(path("M-44 -2 C-56 -40 -44 -92 -22 -112 L22 -112 C44 -92 56 -40 44 -2 C30 2 -30 2 -44 -2 Z"), fur(colour, -50, 50))
    canvas.drawPath(path("M-20 -4 C-30 -44 -18 -86 0 -96 C18 -86 30 -44 20 -4 Z"), linear(0, -96, 0, 0, (0, lighten(belly, .3)), (1, belly)))
    for side in (-1, 1):
        canvas.drawPath(path(f"M{side * 6} -62 C{side * 6} -30 {side * 8} -14 {side * 6} -4 C{side * 8} 2 {side * 24} 2 {side * 24} -5 C{side * 23} -30 {side * 22} -44 {side * 24} -58 Z"), fur(lighten(colour, .06), 0, side * 26))
        canvas.drawOval(oval(side * 15, -3, 11, 5.5), flat(belly))
        for toe in (-4, 0, 4):
            canvas.drawLine(side * 15 + toe, -4, side * 15 + toe, -.5, line(darken(belly, .4), .8, .7))


def muzzle(canvas: skia.Canvas, y: float, nose: Rgb) -> None:
    canvas.drawPath(path(f"M-6 {y - 4} C-3 {y - 6.5} 3 {y - 6.5} 6 {y - 4} C5 {y} 2 {y + 2} 0 {y + 3} C-2 {y + 2} -5 {y} -6 {y - 4} Z"), flat(nose))
    canvas.drawOval(oval(-1.6, y - 3.6, 1.8, .9), flat(WHITE, .5))
    canvas.drawPath(path(f"M0 {y + 3} L0 {y + 6} C-3 {y + 11} -9 {y + 10} -11 {y + 7}"), line(darken(nose, .5), 1.5))
    canvas.drawPath(path(f"M0 {y + 6} C3 {y + 11} 9 {y + 10} 11 {y + 7}"), line(darken(nose, .5), 1.5))


def whiskers(canvas: skia.Canvas, y: float) -> None:
    for side in (-1, 1):
        for rise in (-4, 1, 6):
            canvas.drawLine(side * 20, y + rise * .4, side * 50, y + rise, line(WHITE, .9, .8))


def cat(canvas: skia.Canvas, _brief: Brief, colour: Rgb) -> None:
    belly = lighten(colour, .62)
    tail = path("M38 -14 C84 -10 88 -70 62 -84")
    canvas.drawPath(tail, line(darken(colour, .12), 15))
    canvas.drawPath(tail, line(lighten(colour, .12), 8, .5, blur=3))
    sitting(canvas, colour, belly)
    for side in (-1, 1):
        canvas.drawPath(path(f"M{side * 12} -172 C{side * 24} -192 {side * 36} -204 {side * 42} -206 C{side * 47} -190 {side * 49} -166 {side * 46} -148 Z"), fur(colour, 0, side * 60))
        canvas.drawPath(path(f"M{side * 23} -173 C{side * 30} -186 {side * 36} -193 {side * 39} -195 C{side * 42} -182 {side * 43} -168 {side * 41} -158 Z"), flat(rgb("#f0a79a"), .85))
    canvas.drawOval(oval(0, -140, 50, 41), radial(-14, -156, 74, (0, lighten(colour, .35)), (.55, colour), (1, darken(colour, .25))))
    for x in (-9, 0, 9):
        canvas.drawPath(path(f"M{x - 1.8} -180 L{x} -162 L{x + 1.8} -180 Z"), line(darken(colour, .4), 2.2, .6))
    canvas.drawOval(oval(0, -121, 25, 17), flat(belly))
    for side in (-1, 1):
        round_eye(canvas, side * 20, -143, 10.5, rgb("#6fae4b"))
    muzzle(canvas, -123, rgb("#d9707a"))
    whiskers(canvas, -119)


def dog(canvas: skia.Canvas, brief: Brief, colour: Rgb) -> None:
    belly = lighten(colour, .58)
    canvas.drawPath(path("M40 -16 C64 -22 74 -44 70 -62"), line(darken(colour, .1), 13))
    sitting(canvas, colour, belly)
    canvas.drawOval(oval(0, -142, 44, 42), radial(-12, -158, 74, (0, lighten(colour, .34)), (.55, colour), (1, darken(colour, .28))))
    canvas.drawPath(path("M-10 -184 C-6 -160 -12 -140 -20 -120 L20 -120 C12 -140 6 -160 10 -184 Z"), flat(belly, .9))
    canvas.drawOval(oval(0, -119, 26, 19), flat(belly))
    for side in (-1, 1):
        canvas.drawPath(path(f"M{side * 26} -178 C{side * 52} -186 {side * 64} -150 {side * 56} -112 C{side * 50} -102 {side * 40} -112 {side * 36} -136 Z"), fur(darken(colour, .35), 0, side * 70))
        round_eye(canvas, side * 18, -146, 8.2, rgb("#5a371c"))
        canvas.drawPath(path(f"M{side * 11} -161 C{side * 16} -165 {side * 22} -164 {side * 26} -160"), line(darken(colour, .5), 2, .6))
    canvas.drawPath(path("M-6 -112 C-7 -98 7 -98 6 -112 Z"), linear(0, -112, 0, -98, (0, rgb("#d3566a")), (1, rgb("#f08a98"))))
    muzzle(canvas, -124, rgb("#2b2325"))
    collar = brief.accent
    canvas.drawPath(path("M-27 -104 C-14 -95 14 -95 27 -104 L26 -97 C14 -88 -14 -88 -26 -97 Z"), flat(collar))
    canvas.drawCircle(0, -89, 5.5, metal(-5, -94, 5, -84, rgb("#e2b84e")))


def fox(canvas: skia.Canvas, _brief: Brief, colour: Rgb) -> None:
    cream = rgb("#fbeedd")
    tail = path("M34 -8 C96 -2 98 -76 66 -96 C70 -66 50 -50 34 -40 Z")
    canvas.drawPath(tail, fur(colour, 30, 100))
    canvas.drawPath(path("M66 -96 C82 -88 90 -68 88 -54 C80 -66 72 -66 66 -72 C70 -80 68 -90 66 -96 Z"), flat(cream))
    sitting(canvas, colour, cream)
    for side in (-1, 1):
        canvas.drawPath(path(f"M{side * 10} -166 C{side * 18} -192 {side * 30} -210 {side * 36} -214 C{side * 44} -196 {side * 48} -170 {side * 44} -146 Z"), fur(colour, 0, side * 60))
        canvas.drawPath(path(f"M{side * 21} -172 C{side * 27} -188 {side * 32} -198 {side * 34} -200 C{side * 39} -186 {side * 40} -172 {side * 38} -160 Z"), flat(rgb("#3a2620")))
    canvas.drawPath(path("M0 -100 C-16 -104 -52 -122 -54 -138 C-44 -176 -20 -180 0 -180 C20 -180 44 -176 54 -138 C52 -122 16 -104 0 -100 Z"), radial(-10, -160, 80, (0, lighten(colour, .30)), (.6, colour), (1, darken(colour, .25))))
    for side in (-1, 1):
        canvas.drawPath(path(f"M0 -101 C{side * 14} -104 {side * 50} -121 {side * 54} -137 C{side * 40} -134 {side * 16} -138 0 -118 Z"), flat(cream))
        round_eye(canvas, side * 19, -147, 7.6, rgb("#8a5a1e"))
    canvas.drawOval(oval(0, -106, 6.5, 5), flat(rgb("#201819")))
    canvas.drawOval(oval(-1.8, -108, 2, 1.2), flat(WHITE, .6))


def robot(canvas: skia.Canvas, brief: Brief, colour: Rgb) -> None:
    glow = brief.accent if luminance(brief.accent) > .25 else lighten(brief.accent, .5)
    for side in (-1, 1):
        canvas.drawPath(rounded(side * 20 - 9, -34, side * 20 + 9, 0, 6), cylinder(side * 20 - 9, side * 20 + 9, darken(colour, .2)))
        canvas.drawPath(rounded(side * 22 - 14, -9, side * 22 + 14, 0, 5), cylinder(side * 22 - 14, side * 22 + 14, darken(colour, .1)))
        arm = path(f"M{side * 42} -92 C{side * 64} -86 {side * 66} -66 {side * 58} -46")
        canvas.drawPath(arm, line(darken(colour, .35), 11))
        canvas.drawPath(arm, line(lighten(colour, .3), 4, .5, blur=1.5))
        canvas.drawCircle(side * 57, -42, 10, radial(side * 57 - 3, -46, 14, (0, lighten(colour, .5)), (1, darken(colour, .4))))
    canvas.drawPath(rounded(-42, -104, 42, -28, 18), cylinder(-42, 42, colour))
    canvas.drawPath(rounded(-26, -90, 26, -54, 7), flat(rgb("#171a22")))
    for index in range(9):
        tall = 3 + 9 * abs(math.sin(index * 1.3 + brief.seed % 7))
        canvas.drawPath(rounded(-21 + index * 5, -72 - tall, -18 + index * 5, -72 + tall, 1.4), flat(glow, .95))
    canvas.drawPath(rounded(-12, -116, 12, -100, 4), cylinder(-12, 12, darken(colour, .35)))
    canvas.drawLine(0, -184, 0, -200, line(darken(colour, .3), 3.4))
    canvas.drawCircle(0, -204, 16, radial(0, -204, 16, (0, glow, .8), (1, glow, 0)))
    canvas.drawCircle(0, -204, 6, radial(-2, -206, 8, (0, WHITE), (1, glow)))
    for side in (-1, 1):
        canvas.drawPath(rounded(side * 54 - 7, -164, side * 54 + 7, -132, 5), cylinder(side * 54 - 7, side * 54 + 7, darken(colour, .15)))
    canvas.drawPath(rounded(-52, -186, 52, -112, 26), cylinder(-52, 52, lighten(colour, .12)))
    canvas.drawPath(rounded(-41, -174, 41, -126, 17), linear(0, -174, 0, -126, (0, rgb("#0d1018")), (1, rgb("#262c3a"))))
    for side in (-1, 1):
        canvas.drawCircle(side * 19, -151, 17, radial(side * 19, -151, 17, (0, glow, .7), (1, glow, 0)))
        canvas.drawCircle(side * 19, -151, 8.5, radial(side * 19 - 2, -153, 10, (0, WHITE), (.5, lighten(glow, .3)), (1, glow)))
    canvas.drawPath(path("M-10 -136 C-5 -131 5 -131 10 -136"), line(glow, 2.2))
    canvas.drawPath(rounded(-36, -172, -12, -164, 4), flat(WHITE, .14))


def bird(canvas: skia.Canvas, brief: Brief, colour: Rgb) -> None:
    wood = rgb("#7a5230")
    canvas.drawPath(path("M-110 -14 C-40 -24 40 -8 110 -20"), line(wood, 10))
    canvas.drawPath(path("M-106 -17 C-40 -27 40 -11 106 -23"), line(lighten(wood, .4), 2, .6))
    canvas.drawPath(polygon((34, -50), (92, 6), (74, 14), (20, -34)), fur(darken(colour, .3), 20, 90))
    for x in (-8, 10):
        canvas.drawLine(x, -34, x, -16, line(rgb("#d98b2b"), 3.4))
    body = path("M-30 -150 C-58 -150 -66 -112 -58 -84 C-50 -46 -16 -26 18 -32 C46 -38 54 -64 44 -88 C34 -116 4 -112 -2 -128 C-6 -142 -14 -150 -30 -150 Z")
    canvas.drawPath(body, fur(colour, -60, 50))
    canvas.drawPath(path("M-56 -92 C-48 -50 -18 -32 10 -34 C-2 -52 -22 -70 -30 -106 Z"), flat(lighten(brief.accent, .55)))
    wing = path("M-12 -104 C22 -112 52 -84 58 -38 C36 -34 4 -46 -8 -70 C-14 -84 -16 -96 -12 -104 Z")
    canvas.drawPath(wing, linear(-10, -100, 56, -40, (0, lighten(colour, .2)), (1, darken(colour, .45))))
    for index in range(4):
        canvas.drawPath(path(f"M{2 + index * 8} {-84 + index * 10} C{20 + index * 7} {-74 + index * 8} {34 + index * 5} {-62 + index * 6} {44 + index * 3} {-46 + index * 2}"), line(darken(colour, .55), 1.4, .6))
    canvas.drawPath(polygon((-60, -128), (-88, -118), (-58, -110)), linear(0, -128, 0, -110, (0, rgb("#ffc04a")), (1, rgb("#d9771c"))))
    round_eye(canvas, -38, -126, 7.4, rgb("#3a2a1a"))


def fish(canvas: skia.Canvas, brief: Brief, colour: Rgb) -> None:
    canvas.save()
    canvas.translate(0, -100)
    canvas.drawPath(path("M48 0 C74 -26 92 -46 104 -44 C98 -20 98 20 104 44 C92 46 74 26 48 0 Z"), linear(48, 0, 104, 0, (0, colour), (1, lighten(brief.accent, .3))))
    canvas.drawPath(path("M-22 -40 C0 -72 34 -70 46 -60 C36 -50 34 -40 34 -28 Z"), linear(0, -70, 0, -28, (0, lighten(brief.accent, .2)), (1, colour)))
    body = path("M-88 2 C-70 -44 -10 -58 56 0 C-10 58 -70 46 -88 2 Z")
    canvas.drawPath(body, linear(0, -50, 0, 50, (0, darken(colour, .2)), (.4, colour), (1, lighten(colour, .6))))
    canvas.save()
    canvas.clipPath(body, True)
    for row in range(-4, 5):
        for column in range(9):
            x, y = -40 + column * 11 + (row % 2) * 5.5, row * 9
            canvas.drawArc(rect(x - 6, y - 6, x + 6, y + 6), -70, 140, False, line(darken(colour, .4), .9, .45))
    canvas.drawOval(oval(-20, -30, 60, 9), flat(WHITE, .28, blur=5))
    canvas.restore()
    canvas.drawPath(path("M-46 -34 C-36 -12 -36 14 -46 36"), line(darken(colour, .35), 1.8, .7))
    canvas.drawPath(path("M-18 8 C0 8 14 20 14 34 C-2 34 -16 24 -18 8 Z"), flat(lighten(brief.accent, .2), .9))
    round_eye(canvas, -62, -8, 8.5, rgb("#2a2a2a"))
    canvas.restore()
    for x, y, r in ((-104, -120, 5), (-112, -146, 8), (-98, -170, 4)):
        canvas.drawCircle(x, y, r, line(WHITE, 1.4, .8))


FIGURES: dict[str, Callable[[skia.Canvas, Brief, Rgb], None]] = {
    "cat": cat, "dog": dog, "fox": fox, "robot": robot, "bird": bird, "fish": fish,
}
