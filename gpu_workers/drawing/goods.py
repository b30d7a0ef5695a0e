"""Products to wear, carry, eat or sit on: box, sneaker, chair, backpack, book, cake, burger, car, glasses, shirt."""

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
    write,
)
from gpu_workers.drawing.vessels import monogram


def box(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    ribbon = brief.accent if brief.named_colours > 1 else mix(GOLD, WHITE, .15)
    canvas.drawPath(polygon((-44, -64), (28, -64), (28, 0), (-44, 0)), linear(-44, -64, 28, 0, (0, lighten(colour, .22)), (.6, colour), (1, darken(colour, .14))))
    canvas.drawPath(polygon((28, -64), (50, -76), (50, -14), (28, 0)), linear(28, 0, 50, 0, (0, darken(colour, .42)), (1, darken(colour, .62))))
    canvas.drawPath(polygon((-47, -72), (31, -72), (31, -58), (-47, -58)), linear(-47, 0, 31, 0, (0, lighten(colour, .34)), (1, lighten(colour, .04))))
    canvas.drawPath(polygon((31, -72), (54, -85), (54, -71), (31, -58)), flat(darken(colour, .40)))
    canvas.drawPath(polygon((-47, -72), (31, -72), (54, -85), (-22, -85)), linear(-47, -72, 54, -85, (0, lighten(colour, .42)), (1, lighten(colour, .18))))
    canvas.drawRect(rect(-47, -58, 31, -55.5), flat(INK, .25, blur=.8))
    canvas.drawPath(polygon((-15, -72), (-3, -72), (-3, 0), (-15, 0)), linear(-15, 0, -3, 0, (0, lighten(ribbon, .4)), (.5, ribbon), (1, darken(ribbon, .25))))
    canvas.drawPath(polygon((-15, -72), (-3, -72), (22, -85), (11, -85)), flat(lighten(ribbon, .3)))
    canvas.drawPath(polygon((-36, -78.6), (-28, -81.4), (47, -81.4), (41, -77.6)), flat(ribbon, .95))
    for side in (-1, 1):
        loop = path(f"M3 -80 C{3 + side * 10} -102 {3 + side * 38} -104 {3 + side * 30} -88 C{3 + side * 25} -80 {3 + side * 10} -78 3 -80 Z")
        canvas.drawPath(loop, linear(3, -100, 3 + side * 30, -80, (0, lighten(ribbon, .35)), (1, darken(ribbon, .28))))
        inner = path(f"M{3 + side * 5} -83 C{3 + side * 13} -95 {3 + side * 28} -97 {3 + side * 25} -89 C{3 + side * 20} -83 {3 + side * 12} -82 {3 + side * 5} -83 Z")
        canvas.drawPath(inner, flat(darken(ribbon, .45), .8))
    canvas.drawOval(oval(3, -81.5, 6, 4.8), radial(1, -84, 8, (0, lighten(ribbon, .5)), (1, darken(ribbon, .15))))
    if brief.label:
        monogram(canvas, brief, 13, -28, 9, WHITE if luminance(colour) < .6 else darken(colour, .7))


def sneaker(canvas: skia.Canvas, brief: Brief) -> None:
    colour, accent = brief.main, brief.accent
    sole = rgb("#f6f3ec") if luminance(colour) < .85 else darken(accent, .1)
    canvas.drawPath(path("M-6 -74 C2 -78 10 -72 12 -64 L4 -54 Z"), flat(darken(colour, .42)))
    upper = path("M-76 -16 C-79 -38 -78 -58 -71 -74 C-66 -80 -60 -78 -57 -72 C-48 -62 -30 -60 -18 -66 L-4 -78 C4 -80 10 -76 13 -70 C24 -52 42 -42 58 -38 C76 -33 82 -24 81 -15 Z")
    canvas.drawPath(upper, linear(-60, -78, 40, -10, (0, lighten(colour, .30)), (.45, colour), (1, darken(colour, .36))))
    canvas.save()
    canvas.clipPath(upper, True)
    canvas.drawPath(path("M40 -10 C40 -34 54 -44 70 -40 L90 -10 Z"), linear(40, -40, 85, -12, (0, lighten(colour, .18)), (1, darken(colour, .3))))
    canvas.drawPath(path("M-82 -12 C-80 -36 -66 -44 -52 -42 C-44 -30 -42 -18 -42 -12 Z"), flat(darken(colour, .32)))
    canvas.drawPath(path("M-46 -14 C-30 -20 -14 -36 -2 -58 L10 -50 C0 -30 -12 -18 -24 -12 Z"), linear(-40, -14, 6, -56, (0, darken(accent, .15)), (1, lighten(accent, .3))))
    canvas.drawPath(path("M-72 -74 C-58 -58 -34 -55 -16 -63"), line(lighten(colour, .5), 1.2, .7))
    canvas.drawPath(path("M-60 -66 C-30 -48 20 -42 70 -30"), line(WHITE, 8, .10, blur=4))
    canvas.restore()
    for x, y in ((1, -69), (8, -60.5), (16, -53), (25, -47), (35, -42)):
        canvas.drawLine(x - 5, y + 7, x + 8, y - 2, line(INK, 3.0, .25, blur=.8))
        canvas.drawLine(x - 5, y + 6, x + 8, y - 3, line(lighten(sole, .3), 2.5))
    canvas.drawPath(path("M42 -12 C42 -33 55 -42 68 -38"), line(darken(colour, .5), .7, .6))
    bottom = path("M-79 -20 C-82 -8 -80 0 -70 0 L72 0 C84 0 88 -12 83 -19 C60 -12 30 -12 0 -14 C-30 -16 -60 -22 -79 -20 Z")
    canvas.drawPath(bottom, linear(0, -20, 0, 0, (0, lighten(sole, .5)), (.5, sole), (1, darken(sole, .30))))
    canvas.drawPath(path("M-80 -9 C-40 -4 40 -4 86 -9"), line(accent, 1.4, .9))
    canvas.drawPath(path("M-79 -19.5 C-60 -21.5 -30 -15.5 0 -13.5 C30 -11.5 60 -11.5 83 -18.5"), line(INK, 1.0, .22))
    canvas.drawPath(path("M-79 -3 C-72 0 70 0 80 -3 L74 0 L-72 0 Z"), flat(darken(sole, .55), .8))


def chair(canvas: skia.Canvas, brief: Brief) -> None:
    colour, wood = brief.main, rgb("#a9743f")
    for x0, x1, tone in ((-22, -27, .45), (23, 29, .45), (-29, -38, .12), (31, 41, .12)):
        leg = polygon((x0 - 2, -32), (x0 + 2.4, -32), (x1 + 1.1, 0), (x1 - 1.1, 0))
        canvas.drawPath(leg, linear(x0 - 2, 0, x0 + 3, 0, (0, lighten(darken(wood, tone), .2)), (1, darken(wood, tone + .25))))
    back = path("M-30 -40 C-38 -72 -36 -98 -22 -100 C-8 -102 10 -102 24 -100 C38 -98 40 -72 32 -40 Z")
    canvas.drawPath(back, linear(-36, -100, 38, -40, (0, lighten(colour, .38)), (.5, colour), (1, darken(colour, .36))))
    canvas.drawPath(path("M-24 -46 C-30 -72 -28 -92 -18 -93.5 C-6 -95 8 -95 20 -93.5 C31 -92 32 -72 26 -46 Z"), line(darken(colour, .35), .6, .6))
    for y in (-80, -64):
        for x in (-12, 1, 14):
            canvas.drawCircle(x, y, 1.2, flat(darken(colour, .5), .8))
            canvas.drawCircle(x, y, 5, radial(x, y, 5, (0, INK, .22), (1, INK, 0)))
    for side in (-1, 1):
        arm = path(f"M{1 + side * 36} -58 C{1 + side * 48} -60 {1 + side * 48} -54 {1 + side * 45} -32 L{1 + side * 34} -32 C{1 + side * 35} -44 {1 + side * 34} -52 {1 + side * 36} -58 Z")
        canvas.drawPath(arm, linear(1 + side * 34, 0, 1 + side * 48, 0, (0, darken(colour, .1)), (1, darken(colour, .45 if side > 0 else .02))))
    seat = path("M-38 -46 C-30 -52 32 -52 40 -46 C44 -40 43 -34 39 -31 C26 -27 -24 -27 -37 -31 C-42 -34 -43 -40 -38 -46 Z")
    canvas.drawPath(seat, linear(0, -51, 0, -28, (0, lighten(colour, .40)), (.5, colour), (1, darken(colour, .48))))
    canvas.drawPath(path("M-38 -39 C-20 -36 22 -36 40 -39"), line(darken(colour, .45), .7, .7))


def backpack(canvas: skia.Canvas, brief: Brief) -> None:
    colour, strap = brief.main, rgb("#8a5a33")
    canvas.drawPath(path("M-10 -94 C-10 -106 12 -106 12 -94"), line(darken(colour, .45), 4))
    for side in (-1, 1):
        canvas.drawPath(path(f"M{side * 35} -70 C{side * 48} -56 {side * 48} -20 {side * 36} -8 Z"), flat(darken(colour, .5)))
    body = path("M-34 -8 C-42 -44 -40 -82 -22 -92 C-10 -97 12 -97 24 -92 C42 -82 43 -44 36 -8 C34 -2 30 0 24 0 L-22 0 C-29 0 -33 -2 -34 -8 Z")
    canvas.drawPath(body, linear(-40, -90, 42, 0, (0, lighten(colour, .34)), (.45, colour), (1, darken(colour, .45))))
    flap = path("M-36 -52 C-39 -78 -32 -90 -20 -93 C-8 -97 12 -97 23 -93 C35 -90 41 -78 38 -52 C20 -44 -18 -44 -36 -52 Z")
    canvas.drawPath(flap, line(INK, 2, .35, blur=1.8))
    canvas.drawPath(flap, linear(-36, -94, 36, -48, (0, lighten(colour, .45)), (.5, lighten(colour, .08)), (1, darken(colour, .25))))
    pocket = rounded(-25, -36, 27, -6, 6)
    canvas.drawPath(pocket, line(INK, 1.6, .35, blur=1.2))
    canvas.drawPath(pocket, linear(-25, -36, 27, -6, (0, lighten(colour, .20)), (1, darken(colour, .30))))
    canvas.drawLine(-21, -30, 23, -30, line(darken(colour, .6), 1.2))
    canvas.drawPath(rounded(20, -31.5, 25, -28.5, 1), metal(20, 0, 25, 0, GOLD))
    for x in (-17, 15):
        canvas.drawPath(rounded(x, -78, x + 6, -40, 1.2), linear(x, 0, x + 6, 0, (0, lighten(strap, .25)), (1, darken(strap, .3))))
        canvas.drawPath(rounded(x - 1.2, -50, x + 7.2, -43, 1), metal(x, -50, x + 7, -43, GOLD))
        canvas.drawPath(rounded(x + .8, -48.4, x + 5.2, -44.6, .5), flat(darken(strap, .45)))
    canvas.drawPath(rounded(-8, -70, 10, -60, 1), linear(-8, 0, 10, 0, (0, lighten(strap, .15)), (1, darken(strap, .2))))
    stitches = line(lighten(colour, .55), .45, .7)
    stitches.setPathEffect(skia.DashPathEffect.Make([1.6, 1.2], 0))
    canvas.drawPath(path("M-33 -54 C-18 -47 20 -47 35.5 -54"), stitches)


def book(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    canvas.drawPath(polygon((34, -98), (46, -92), (46, -3), (34, 0)), linear(34, 0, 46, 0, (0, rgb("#cfc5b2")), (1, rgb("#f4eee0"))))
    for index in range(9):
        x = 35.2 + index * 1.2
        canvas.drawLine(x, -97.4 + index * .6, x, -.4 - index * .3, line(rgb("#a3967c"), .25, .6))
    canvas.drawPath(polygon((-34, -100), (34, -100), (46, -94), (-20, -94)), flat(rgb("#efe7d6")))
    cover = rounded(-36, -100, 36, 0, 1.5)
    canvas.drawPath(cover, linear(-36, -100, 36, 0, (0, lighten(colour, .26)), (.5, colour), (1, darken(colour, .28))))
    canvas.drawRect(rect(-36, -100, -29, 0), linear(-36, 0, -29, 0, (0, darken(colour, .1)), (.4, lighten(colour, .25)), (.8, darken(colour, .4)), (1, colour)))
    foil = mix(GOLD, WHITE, .2) if luminance(colour) < .6 else darken(colour, .6)
    canvas.drawPath(rounded(-24, -93, 31, -7, 1), line(foil, .7, .9))
    canvas.drawPath(rounded(-22, -91, 29, -9, .6), line(foil, .3, .8))
    canvas.drawCircle(3.5, -40, 15, line(foil, .5, .9))
    for index in range(16):
        turn = math.radians(index * 22.5)
        canvas.drawLine(3.5 + math.cos(turn) * 17, -40 + math.sin(turn) * 17, 3.5 + math.cos(turn) * 21, -40 + math.sin(turn) * 21, line(foil, .5, .9))
    canvas.drawCircle(3.5, -40, 6, flat(foil, .95))
    words = (brief.label or "A Short Story").split()[:4]
    for index, word in enumerate(words):
        write(canvas, word.title(), 3.5, -80 + index * 8, "serif", 7.5, flat(foil), align=.5)
    canvas.drawPath(path("M-20 -100 L6 -100 L-28 0 L-29 0 L-29 -74 Z"), flat(WHITE, .10))


def berry(canvas: skia.Canvas, x: float, y: float, radius: float, colour: Rgb) -> None:
    canvas.drawCircle(x, y, radius, radial(x - radius * .35, y - radius * .4, radius * 1.5, (0, lighten(colour, .55)), (.4, colour), (1, darken(colour, .55))))


def cake(canvas: skia.Canvas, brief: Brief) -> None:
    colour, cream = brief.main, rgb("#fdf4e6")
    canvas.drawRect(rect(-7, -16, 7, -2), metal(-7, 0, 7, 0, rgb("#d9dce2")))
    canvas.drawOval(oval(0, -2.4, 24, 3.4), metal(-24, 0, 24, 0, rgb("#d9dce2")))
    canvas.drawOval(oval(0, -16, 55, 8.5), metal(-55, 0, 55, 0, rgb("#e4e6eb")))
    canvas.drawOval(oval(0, -17.5, 53, 7.4), flat(rgb("#f7f8fa")))
    canvas.drawPath(path("M-40 -60 L-40 -20 C-36 -12 36 -12 40 -20 L40 -60 Z"), cylinder(-40, 40, mix(colour, cream, .45)))
    for y in (-46.0, -32.0):
        canvas.drawPath(path(f"M-40 {y} C-30 {y + 8} 30 {y + 8} 40 {y} L40 {y + 4} C30 {y + 12} -30 {y + 12} -40 {y + 4} Z"), cylinder(-40, 40, cream))
    drip = path("M-41 -62 L-41 -50 C-40 -44 -35 -44 -34 -50 C-33 -54 -29 -54 -28 -47 C-27 -36 -20 -36 -19 -46 C-18 -51 -13 -50 -12 -44 C-11 -38 -5 -38 -4 -45 C-3 -50 3 -50 4 -43 C5 -33 12 -33 13 -44 C14 -50 19 -50 20 -46 C21 -40 27 -40 28 -48 C29 -53 33 -53 34 -49 C35 -43 41 -44 41 -50 L41 -62 Z")
    canvas.drawPath(drip, cylinder(-41, 41, colour))
    canvas.drawOval(oval(0, -62, 41, 8), linear(-41, 0, 41, 0, (0, lighten(colour, .25)), (.3, lighten(colour, .5)), (1, darken(colour, .1))))
    rng = brief.rng("berries")
    for index in range(9):
        turn = math.radians(index * 40)
        x, y = math.cos(turn) * 30, -65 + math.sin(turn) * 4.6
        canvas.drawOval(oval(x, y, 7, 4.6), radial(x - 2, y - 2, 8, (0, WHITE), (1, rgb("#e3d4bd"))))
        berry(canvas, x, y - 5, 4 + rng.random(), rgb("#b71f3a") if index % 2 else rgb("#3d3a86"))
    canvas.drawRect(rect(-1.4, -92, 1.4, -66), linear(-1.4, -92, 1.4, -66, (0, lighten(brief.accent, .5)), (1, brief.accent)))
    canvas.drawCircle(0, -97, 12, radial(0, -97, 12, (0, rgb("#ffd98a"), .7), (1, rgb("#ffd98a"), 0)))
    canvas.drawPath(path("M0 -103 C3 -98 2.5 -93.5 0 -92.5 C-2.5 -93.5 -3 -98 0 -103 Z"), flat(rgb("#ffb52e")))


def burger(canvas: skia.Canvas, brief: Brief) -> None:
    rng, bun = brief.rng("seeds"), rgb("#d9923f")
    canvas.drawPath(path("M-48 -22 L48 -22 C50 -6 42 0 32 0 L-32 0 C-42 0 -50 -6 -48 -22 Z"), linear(0, -22, 0, 0, (0, lighten(bun, .3)), (.4, bun), (1, darken(bun, .45))))
    patty = rounded(-52, -38, 52, -20, 9)
    canvas.drawPath(patty, linear(0, -38, 0, -20, (0, rgb("#7a4426")), (1, rgb("#361a0d"))))
    for _ in range(120):
        canvas.drawCircle(rng.uniform(-48, 48), rng.uniform(-36, -22), rng.uniform(.4, 1.1), flat(rgb("#a5683c") if rng.random() < .5 else rgb("#2a130a"), .5))
    canvas.drawPath(polygon((-54, -40), (54, -40), (34, -36), (16, -25), (2, -36), (-24, -36), (-36, -27), (-46, -37)), linear(0, -41, 0, -25, (0, rgb("#ffd04d")), (1, rgb("#f2a320"))))
    canvas.drawPath(rounded(-46, -48, 0, -40, 4), linear(0, -48, 0, -40, (0, rgb("#ef5a45")), (1, rgb("#b02a1e"))))
    canvas.drawPath(rounded(2, -48, 46, -40, 4), linear(0, -48, 0, -40, (0, rgb("#ef5a45")), (1, rgb("#b02a1e"))))
    frill = path("M-56 -48 C-50 -40 -44 -52 -36 -45 C-28 -39 -24 -52 -14 -45 C-6 -39 0 -51 8 -45 C16 -39 22 -52 32 -45 C40 -40 48 -50 56 -47 C54 -56 -54 -56 -56 -48 Z")
    canvas.drawPath(frill, linear(0, -55, 0, -41, (0, rgb("#a8d85a")), (1, rgb("#4f9a31"))))
    top = path("M-50 -54 C-52 -84 -30 -98 0 -98 C30 -98 52 -84 50 -54 C30 -50 -30 -50 -50 -54 Z")
    canvas.drawPath(top, radial(-14, -86, 74, (0, lighten(bun, .55)), (.45, bun), (1, darken(bun, .42))))
    canvas.drawOval(oval(-16, -84, 17, 6), flat(WHITE, .35, blur=3))
    for _ in range(34):
        x = rng.uniform(-36, 36)
        y = -92 + abs(x) * abs(x) * .016 + rng.uniform(0, 17)
        canvas.drawOval(oval(x, y, 1.7, 1.0), flat(rgb("#fff3d6")))


def wheel(canvas: skia.Canvas, x: float) -> None:
    canvas.drawCircle(x, -14, 14, radial(x - 3, -18, 18, (0, rgb("#3d3e44")), (.7, rgb("#1b1b1f")), (1, rgb("#0b0b0d"))))
    canvas.drawCircle(x, -14, 9.6, metal(x - 9, -23, x + 9, -5))
    canvas.drawCircle(x, -14, 8.4, flat(rgb("#202126")))
    for index in range(10):
        turn = math.radians(index * 36)
        canvas.drawLine(x, -14, x + math.cos(turn) * 8.6, -14 + math.sin(turn) * 8.6, line(lighten(STEEL, .2), 1.5))
    canvas.drawCircle(x, -14, 2.4, metal(x - 2, -16, x + 2, -12))


def car(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    body = path("M-98 -16 C-102 -28 -100 -36 -88 -40 C-74 -44 -62 -45 -52 -47 C-38 -60 -22 -68 2 -68 C26 -68 42 -58 56 -46 C74 -44 90 -40 97 -33 C101 -28 100 -20 97 -15 C94 -12 88 -11 82 -11 L-90 -11 C-94 -11 -97 -13 -98 -16 Z")
    canvas.drawPath(body, linear(0, -68, 0, -10, (0, lighten(colour, .42)), (.38, lighten(colour, .10)), (.52, colour), (.72, darken(colour, .42)), (1, darken(colour, .68))))
    canvas.save()
    canvas.clipPath(body, True)
    canvas.drawPath(path("M-100 -35 C-50 -44 40 -44 100 -33 L100 -36.5 C40 -47 -50 -47 -100 -38 Z"), flat(WHITE, .45, blur=1))
    canvas.drawPath(path("M-100 -22 C-40 -18 40 -18 100 -22 L100 -10 L-100 -10 Z"), flat(INK, .35, blur=2))
    canvas.restore()
    glass = linear(-40, -66, 40, -44, (0, rgb("#b9d2e4")), (.4, rgb("#41546a")), (1, rgb("#141b26")))
    canvas.drawPath(path("M-42 -47 C-31 -57 -20 -63.5 -3 -64 L-3 -47 Z"), glass)
    canvas.drawPath(path("M1 -64 C22 -64 36 -56 46 -47 L1 -47 Z"), glass)
    canvas.drawPath(path("M-34 -49 C-26 -57 -18 -61 -10 -62 L-22 -49 Z"), flat(WHITE, .35))
    canvas.drawLine(-1, -46, -2, -16, line(darken(colour, .65), .6, .8))
    canvas.drawPath(path("M-46 -45 C-50 -36 -50 -26 -46 -17"), line(darken(colour, .65), .6, .6))
    canvas.drawPath(rounded(6, -39, 15, -37, 1), metal(6, -39, 6, -37))
    canvas.drawPath(path("M96 -32 C88 -34 80 -35 76 -34 C80 -30 90 -28 98 -28 Z"), linear(76, -34, 98, -28, (0, WHITE), (1, rgb("#bcd6ff"))))
    canvas.drawPath(path("M-99 -35 C-92 -38 -86 -38 -82 -37 C-84 -33 -92 -31 -100 -31 Z"), linear(-100, -36, -82, -32, (0, rgb("#ff5a4d")), (1, rgb("#8e1111"))))
    canvas.drawCircle(97, -30, 14, radial(97, -30, 14, (0, rgb("#fff6d8"), .55), (1, rgb("#fff6d8"), 0)))
    for x in (-60, 62):
        canvas.drawCircle(x, -14, 16.5, flat(rgb("#0d0d10")))
        wheel(canvas, x)


def sunglasses(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    for side in (-1, 1):
        arm = path(f"M{side * 68} -52 C{side * 78} -56 {side * 84} -62 {side * 74} -72 L{side * 52} -88")
        canvas.drawPath(arm, line(darken(colour, .4), 3.4))
        lens = path(f"M{side * 8} -50 C{side * 14} -60 {side * 60} -62 {side * 68} -52 C{side * 72} -30 {side * 62} -6 {side * 40} -4 C{side * 18} -3 {side * 8} -26 {side * 8} -50 Z")
        canvas.drawPath(lens, linear(0, -60, 0, 0, (0, darken(brief.accent, .72), .96), (.6, darken(brief.accent, .3), .9), (1, lighten(brief.accent, .35), .82)))
        canvas.save()
        canvas.clipPath(lens, True)
        canvas.drawPath(polygon((side * 38 - 18, -64), (side * 38 + 2, -64), (side * 38 - 26, 0), (side * 38 - 40, 0)), flat(WHITE, .22))
        canvas.restore()
        canvas.drawPath(lens, line(colour, 4.2))
        canvas.drawPath(lens, line(lighten(colour, .6), .9, .5))
    canvas.drawPath(path("M-9 -46 C-5 -55 5 -55 9 -46"), line(colour, 4.2))


def shirt(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    shape = path("M-22 -98 C-10 -88 10 -88 22 -98 L40 -92 L64 -64 L48 -50 L37 -60 C36 -40 38 -16 40 -2 C20 1 -20 1 -40 -2 C-38 -16 -36 -40 -37 -60 L-48 -50 L-64 -64 L-40 -92 Z")
    canvas.drawPath(shape, linear(-50, -90, 50, 0, (0, lighten(colour, .30)), (.5, colour), (1, darken(colour, .26))))
    canvas.save()
    canvas.clipPath(shape, True)
    for x0, x1 in ((-26, -34), (-6, -12), (16, 24), (30, 34)):
        canvas.drawPath(path(f"M{x0} -50 C{x0 + 4} -34 {x1 - 4} -18 {x1} 2"), line(darken(colour, .55), 5, .22, blur=2.5))
    canvas.drawPath(path("M-37 -60 L-40 -92"), line(darken(colour, .5), 1, .5))
    canvas.drawPath(path("M37 -60 L40 -92"), line(darken(colour, .5), 1, .5))
    canvas.restore()
    canvas.drawPath(path("M-22 -98 C-10 -85 10 -85 22 -98 C10 -91 -10 -91 -22 -98 Z"), flat(darken(colour, .4)))
    canvas.drawPath(path("M-23.5 -97.5 C-10 -83.5 10 -83.5 23.5 -97.5"), line(darken(colour, .25), 1.6))
    monogram(canvas, brief, 0, -58, 13, WHITE if luminance(colour) < .6 else darken(colour, .7))
