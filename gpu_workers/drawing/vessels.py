"""Products that hold something: mug, bottle, perfume, candle, jar, plant pot. Units: 100 is the product's height."""

# A stroke a line: these are tables of coordinates, which a formatter would tear apart.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import math

import skia

from gpu_workers.drawing.brief import Brief
from gpu_workers.drawing.brush import (
    GOLD,
    INK,
    WHITE,
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
    radial,
    rect,
    rgb,
    rounded,
    stroked,
    width_of,
    write,
)


def monogram(canvas: skia.Canvas, brief: Brief, x: float, y: float, size: float, colour: tuple[float, float, float]) -> None:
    """The words that the prompt puts in quotation marks, or a small quiet emblem."""
    if brief.label:
        text = brief.label.upper()
        size = min(size, size * size * 3.4 / max(width_of(text, "bold", size, size * 0.12), 1.0))
        write(canvas, text, x, y + size * 0.36, "bold", size, flat(colour, 0.95), spacing=size * 0.12, align=0.5)
        return
    canvas.drawCircle(x, y, size * 0.62, line(colour, size * 0.07, 0.85))
    initial = (brief.title or brief.subject)[:1].upper()
    write(canvas, initial, x, y + size * 0.26, "serif", size * 0.72, flat(colour, 0.9), align=0.5)


def steam(canvas: skia.Canvas, x: float, y: float) -> None:
    for shift, bend, alpha in ((-10, 7, 0.20), (1, -8, 0.26), (12, 6, 0.18)):
        wisp = path(f"M{x + shift} {y} C{x + shift + bend} {y - 10} {x + shift - bend} {y - 18} {x + shift + bend / 2} {y - 30}")
        canvas.drawPath(wisp, line(WHITE, 4.2, alpha, blur=2.2))


def mug(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    handle = path("M34 -66 C62 -72 68 -22 33 -20")
    canvas.drawPath(handle, stroked(linear(34, -66, 60, -16, (0, darken(colour, .15)), (.5, colour), (1, darken(colour, .5))), 10.5))
    canvas.drawPath(path("M38 -67 C60 -68 62 -34 45 -25"), line(lighten(colour, .6), 1.6, .55, blur=.8))
    body = path("M-37 -80 L-36 -14 C-36 -4 -28 0 -20 0 L20 0 C28 0 36 -4 36 -14 L37 -80 Z")
    canvas.drawPath(body, cylinder(-37, 37, colour))
    canvas.drawPath(body, linear(0, -80, 0, 0, (0, WHITE, .10), (.55, WHITE, 0), (.85, INK, .06), (1, INK, .34)))
    canvas.drawOval(oval(0, -80, 37, 9.5), linear(-37, 0, 37, 0, (0, lighten(colour, .25)), (.3, lighten(colour, .6)), (1, darken(colour, .2))))
    canvas.drawOval(oval(0, -79.6, 34, 7.9), linear(-34, 0, 34, 0, (0, darken(colour, .62)), (1, darken(colour, .25))))
    canvas.save()
    hollow = skia.Path()
    hollow.addOval(oval(0, -79.6, 34, 7.9))
    canvas.clipPath(hollow, True)
    coffee = rgb("#4a2a17")
    canvas.drawOval(oval(0, -76.2, 32, 7.2), radial(-6, -76, 34, (0, lighten(coffee, .32)), (.6, coffee), (1, darken(coffee, .45))))
    canvas.drawOval(oval(-8, -76.4, 13, 2.4), flat(rgb("#c99a67"), .45, blur=1.4))
    canvas.restore()
    canvas.drawRect(rect(-26.5, -70, -21.5, -12), flat(WHITE, .34, blur=1.8))
    ink = WHITE if luminance(colour) < 0.6 else darken(colour, .7)
    monogram(canvas, brief, 1, -40, 13, ink)
    steam(canvas, 0, -86)


def bottle(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    shape = path("M-8 -100 L-8 -84 C-8 -76 -18 -73 -18 -60 L-18 -7 C-18 -2 -15 0 -11 0 L11 0 C15 0 18 -2 18 -7 L18 -60 C18 -73 8 -76 8 -84 L8 -100 Z")
    canvas.drawPath(shape, cylinder(-18, 18, colour))
    canvas.drawPath(shape, linear(0, -100, 0, 0, (0, INK, .12), (.2, WHITE, .08), (.8, INK, .03), (1, INK, .40)))
    canvas.drawPath(rounded(-9.5, -104, 9.5, -93, 1.6), cylinder(-9.5, 9.5, darken(mix(colour, INK, .4), .35)))
    for groove in range(-8, 9, 2):
        canvas.drawLine(groove, -102.6, groove, -94.4, line(INK, .35, .45))
    canvas.drawRect(rect(-9.5, -93.2, 9.5, -91.8), metal(-9.5, 0, 9.5, 0, GOLD))
    label = rgb("#f7f3ea")
    canvas.drawRect(rect(-18, -53, 18, -18), linear(
        -18, 0, 18, 0, (0, darken(label, .28)), (.1, darken(label, .04)), (.24, WHITE), (.5, label), (.85, darken(label, .22)), (1, darken(label, .42))))
    for y in (-52.0, -19.0):
        canvas.drawLine(-18, y, 18, y, line(brief.accent if brief.named_colours > 1 else GOLD, .6, .9))
    monogram(canvas, brief, 0, -39.5, 9.5, darken(colour, .45))
    canvas.drawLine(-7, -27.5, 7, -27.5, line(darken(colour, .3), .45, .7))
    canvas.drawLine(-4.5, -25, 4.5, -25, line(darken(colour, .3), .45, .5))
    canvas.drawPath(path("M-6 -98 L-6 -84 C-6 -75 -14.5 -71 -14.5 -60 L-14.5 -8"), line(WHITE, 1.5, .55, blur=.8))


def perfume(canvas: skia.Canvas, brief: Brief) -> None:
    colour = mix(brief.main, brief.accent, .12)
    canvas.drawPath(rounded(-29, -68, 29, 0, 7), linear(-29, 0, 29, 0, (0, mix(colour, WHITE, .42)), (.5, mix(colour, WHITE, .78)), (1, mix(colour, WHITE, .38))))
    canvas.drawPath(rounded(-23.5, -55, 23.5, -6, 4), linear(
        -23, -55, 23, -6, (0, lighten(colour, .45)), (.35, colour), (.7, darken(colour, .22)), (1, darken(colour, .48))))
    canvas.drawPath(path("M-23.5 -55 C-10 -52.6 10 -57.4 23.5 -55 L23.5 -52 L-23.5 -52 Z"), flat(lighten(colour, .62), .75))
    canvas.drawPath(path("M-29 -61 L-23.5 -55 L-23.5 -6 L-29 -4 Z"), flat(WHITE, .32))
    canvas.drawPath(path("M29 -61 L23.5 -55 L23.5 -6 L29 -4 Z"), flat(darken(colour, .4), .22))
    canvas.drawPath(path("M-23.5 -6 L23.5 -6 L28 -1 L-28 -1 Z"), flat(darken(colour, .5), .30))
    canvas.drawPath(path("M-18 -52 L-6 -52 L-20 -9 L-22 -9 Z"), flat(WHITE, .30, blur=.6))
    canvas.drawPath(rounded(-26, -65, -23.8, -8, 1), flat(WHITE, .8, blur=.5))
    canvas.drawRect(rect(-11, -73, 11, -67.5), metal(-11, 0, 11, 0, GOLD))
    canvas.drawPath(rounded(-14, -99, 14, -73, 2.2), metal(-14, 0, 14, 0, GOLD))
    canvas.drawPath(rounded(-14, -99, 14, -95, 2.2), flat(WHITE, .35))
    plate = rgb("#fbf6ea")
    canvas.drawPath(rounded(-13, -38, 13, -20, 1), linear(-13, -38, 13, -20, (0, WHITE), (1, darken(plate, .06))))
    canvas.drawPath(rounded(-12, -37, 12, -21, .6), line(GOLD, .5))
    monogram(canvas, brief, 0, -29, 7.5, darken(colour, .5))


def candle(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    glass = path("M-31 -64 L-31 -8 C-31 -2 -27 0 -22 0 L22 0 C27 0 31 -2 31 -8 L31 -64 Z")
    canvas.drawPath(glass, cylinder(-31, 31, colour))
    canvas.drawPath(glass, linear(0, -64, 0, 0, (0, rgb("#ffd58a"), .45), (.35, WHITE, 0), (.8, INK, .05), (1, INK, .38)))
    canvas.drawOval(oval(0, -64, 31, 7.4), linear(-31, 0, 31, 0, (0, lighten(colour, .35)), (.3, lighten(colour, .75)), (1, darken(colour, .1))))
    canvas.drawOval(oval(0, -63.4, 28.4, 6.1), radial(0, -63, 28, (0, rgb("#fff6d8")), (.6, rgb("#f3dfb6")), (1, rgb("#c9a878"))))
    canvas.drawLine(0, -63, .6, -70, line(rgb("#3a2c22"), 1.1))
    canvas.drawCircle(0, -77, 34, radial(0, -77, 34, (0, rgb("#ffcf70"), .55), (.4, rgb("#ffb347"), .18), (1, rgb("#ffb347"), 0)))
    canvas.drawPath(path("M0 -93 C7 -82 6 -71 .4 -69 C-6 -71 -6 -82 0 -93 Z"), linear(0, -93, 0, -69, (0, rgb("#fff3b8")), (.6, rgb("#ffb52e")), (1, rgb("#f2762b"))))
    canvas.drawPath(path("M.2 -84 C3 -78 2.6 -72 .3 -70.6 C-2.4 -72 -2.4 -78 .2 -84 Z"), flat(rgb("#fffbe6"), .95))
    canvas.drawPath(rounded(-17, -46, 17, -16, 1), linear(-17, 0, 17, 0, (0, rgb("#efe8da")), (.3, WHITE), (1, rgb("#d5cbb8"))))
    canvas.drawPath(rounded(-15.6, -44.6, 15.6, -17.4, .6), line(GOLD, .5, .9))
    monogram(canvas, brief, 0, -32.5, 9, darken(mix(colour, INK, .3), .4))
    canvas.drawLine(-7, -22, 7, -22, line(INK, .4, .5))
    canvas.drawRect(rect(-25, -56, -22, -8), flat(WHITE, .40, blur=1.4))


def jar(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    body = rounded(-38, -48, 38, 0, 9)
    canvas.drawPath(body, cylinder(-38, 38, lighten(colour, .12)))
    canvas.drawPath(body, linear(0, -48, 0, 0, (0, WHITE, .22), (.4, WHITE, 0), (1, INK, .35)))
    canvas.drawRect(rect(-39, -52, 39, -46), cylinder(-39, 39, darken(colour, .2)))
    canvas.drawPath(rounded(-40, -74, 40, -51, 4), metal(-40, 0, 40, 0, GOLD if luminance(colour) < .75 else mix(GOLD, WHITE, .25)))
    canvas.drawPath(path("M-36 -74 C-30 -79 30 -79 36 -74 Z"), flat(lighten(GOLD, .6)))
    ink = WHITE if luminance(colour) < 0.55 else darken(colour, .65)
    monogram(canvas, brief, 0, -27, 11, ink)
    canvas.drawLine(-9, -13, 9, -13, line(ink, .5, .6))
    canvas.drawRect(rect(-30, -43, -26, -7), flat(WHITE, .45, blur=1.5))


def leaf(canvas: skia.Canvas, angle: float, length: float, colour: tuple[float, float, float]) -> None:
    canvas.save()
    canvas.rotate(angle)
    half = length * .17
    shape = path(f"M0 0 C{half * 1.5:.2f} {-length * .3:.2f} {half * 1.2:.2f} {-length * .75:.2f} 0 {-length:.2f} C{-half * 1.2:.2f} {-length * .75:.2f} {-half * 1.5:.2f} {-length * .3:.2f} 0 0 Z")
    canvas.drawPath(shape, linear(-half, 0, half, 0, (0, lighten(colour, .28)), (.49, colour), (.51, darken(colour, .16)), (1, darken(colour, .38))))
    canvas.drawLine(0, 0, 0, -length * .92, line(lighten(colour, .4), .5, .6))
    canvas.restore()


def plant(canvas: skia.Canvas, brief: Brief) -> None:
    rng = brief.rng("leaves")
    green = rgb("#3c8a4e")
    bloom = bool(brief.words & {"flower", "flowers", "rose", "tulip"})
    canvas.save()
    canvas.translate(0, -38)
    for index in range(13):
        angle = (-1) ** index * (78 - index * 6.2) + rng.uniform(-4, 4)
        leaf(canvas, angle, rng.uniform(40, 54) * (.8 + .35 * math.cos(math.radians(angle))), mix(green, darken(green, .3), rng.random()))
    if bloom:
        for angle, reach in ((-24, 50), (4, 60), (30, 48)):
            x, y = math.sin(math.radians(angle)) * reach, -math.cos(math.radians(angle)) * reach
            canvas.drawLine(0, 0, x, y, line(darken(green, .2), 1.1))
            for petal in range(8):
                turn = math.radians(petal * 45)
                canvas.drawCircle(x + math.cos(turn) * 5, y + math.sin(turn) * 5, 4.2, radial(x, y, 10, (0, darken(brief.main, .2)), (1, lighten(brief.main, .35))))
            canvas.drawCircle(x, y, 3, flat(GOLD))
    canvas.restore()
    pot = brief.accent if bloom or brief.named_colours > 1 else brief.main
    canvas.drawPath(path("M-24 -38 L-18 -3 C-17 -1 -15 0 -13 0 L13 0 C15 0 17 -1 18 -3 L24 -38 Z"), cylinder(-24, 24, pot))
    canvas.drawPath(rounded(-27, -44, 27, -35, 1.5), cylinder(-27, 27, lighten(pot, .08)))
    canvas.drawRect(rect(-24, -35, 24, -32.5), flat(INK, .22, blur=.8))
