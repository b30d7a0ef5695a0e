"""Products with a switch: phone, watch, headphones, laptop, camera, lamp, speaker. Units: 100 is the product's height."""

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
    radial,
    rect,
    rgb,
    rounded,
    stroked,
    write,
)


def wallpaper(canvas: skia.Canvas, shape: skia.Path, brief: Brief, base: Rgb) -> None:
    """A lit screen: waves of the prompt's colours."""
    bounds = shape.getBounds()
    left, top, right, bottom = bounds.left(), bounds.top(), bounds.right(), bounds.bottom()
    high, wide = bottom - top, right - left
    canvas.save()
    canvas.clipPath(shape, True)
    canvas.drawRect(bounds, linear(left, top, right, bottom, (0, darken(base, .55)), (.5, base), (1, lighten(base, .4))))
    canvas.drawCircle(left + wide * .15, top + high * .2, wide * .7, radial(left + wide * .15, top + high * .2, wide * .7, (0, brief.accent, .8), (1, brief.accent, 0)))
    for index, (share, tone) in enumerate(((.52, .30), (.66, .12), (.80, -.25))):
        y = top + high * share
        colour = lighten(base, tone) if tone > 0 else darken(base, -tone)
        bend = high * (.12 if index % 2 else -.10)
        wave = path(f"M{left} {y} C{left + wide * .3} {y - bend} {left + wide * .6} {y + bend} {right} {y - bend * .5} L{right} {bottom} L{left} {bottom} Z")
        canvas.drawPath(wave, flat(colour, .72))
    canvas.restore()


def phone(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    canvas.drawPath(rounded(-20, -100, 27, 0, 8), linear(-20, 0, 27, 0, (0, lighten(colour, .5)), (.85, darken(colour, .15)), (1, darken(colour, .55))))
    canvas.drawPath(rounded(-24.5, -100, 23.5, 0, 8), metal(-24.5, -100, 23.5, 0, mix(colour, STEEL, .35)))
    canvas.drawPath(rounded(-23.6, -99, 22.6, -1, 7.2), flat(rgb("#08080b")))
    screen = rounded(-22, -97.4, 21, -2.6, 5.8)
    wallpaper(canvas, screen, brief, brief.accent if brief.named_colours > 1 else colour)
    canvas.drawPath(rounded(-6.5, -95.2, 5.5, -91.8, 1.7), flat(rgb("#050507")))
    write(canvas, "9:41", -.5, -73, "sans", 12, flat(WHITE, .95), align=.5)
    write(canvas, brief.label or "Monday, 9 June", -.5, -67, "sans", 3, flat(WHITE, .85), align=.5)
    for index, icon in enumerate((WHITE, lighten(colour, .5), rgb("#ffd9a0"), rgb("#101018"))):
        x = -17.6 + index * 9.3
        canvas.drawPath(rounded(x, -13.5, x + 6.8, -6.7, 1.8), flat(icon, .85))
    canvas.save()
    canvas.clipPath(screen, True)
    canvas.drawPath(path("M6 -100 L24 -100 L24 -60 L-12 0 L-24 0 Z"), linear(24, -100, -12, 0, (0, WHITE, .26), (1, WHITE, .03)))
    canvas.restore()


def watch(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    case = GOLD if brief.accent == GOLD else STEEL
    for top, bottom in ((-100, -68), (-32, 0)):
        away = top if top == -100 else bottom
        near = bottom if top == -100 else top
        strap = path(f"M-11.5 {away} L11.5 {away} L17 {near} L-17 {near} Z")
        canvas.drawPath(strap, linear(-17, 0, 17, 0, (0, darken(colour, .45)), (.22, lighten(colour, .18)), (.6, colour), (1, darken(colour, .55))))
        canvas.drawPath(strap, linear(0, near, 0, away, (0, INK, .55), (.35, INK, 0), (1, INK, .30)))
        for side in (-1, 1):
            stitch = line(lighten(colour, .55), .55, .7)
            stitch.setPathEffect(skia.DashPathEffect.Make([2.0, 1.6], 0))
            canvas.drawLine(side * 9.5, away, side * 14.4, near, stitch)
    canvas.drawPath(rounded(26, -54, 31, -46, 1.3), metal(26, -54, 26, -46, case))
    canvas.drawCircle(0, -50, 28, metal(-22, -72, 22, -28, case))
    canvas.drawCircle(0, -50, 25.2, metal(22, -72, -22, -28, darken(case, .15)))
    dial = darken(mix(colour, INK, .45), .35)
    canvas.drawCircle(0, -50, 23.4, radial(-6, -58, 34, (0, lighten(dial, .28)), (.7, dial), (1, darken(dial, .45))))
    for tick in range(60):
        turn, hour = math.radians(tick * 6), tick % 5 == 0
        inner = 18.4 if hour else 20.6
        canvas.drawLine(
            math.sin(turn) * inner, -50 - math.cos(turn) * inner, math.sin(turn) * 21.8, -50 - math.cos(turn) * 21.8,
            line(lighten(case, .5) if hour else WHITE, 1.1 if hour else .35, .95 if hour else .55))
    write(canvas, brief.label or "AUTOMATIC", 0, -39, "sans", 2.1, flat(WHITE, .75), spacing=.4, align=.5)
    for angle, length, width, tone in ((-56, 12, 1.7, WHITE), (62, 18, 1.2, WHITE), (196, 19, .5, brief.accent)):
        turn = math.radians(angle)
        tip = math.sin(turn) * length, -50 - math.cos(turn) * length
        canvas.drawLine(.5, -49.4, tip[0] + .5, tip[1] + .6, line(INK, width, .5, blur=.5))
        canvas.drawLine(0, -50, *tip, line(tone, width))
    canvas.drawCircle(0, -50, 1.7, metal(-2, -52, 2, -48, case))
    glare = skia.Path()
    glare.addCircle(0, -50, 23.4)
    canvas.save()
    canvas.clipPath(glare, True)
    canvas.drawPath(path("M-30 -80 L8 -80 L-22 -22 L-30 -22 Z"), linear(-20, -76, -6, -40, (0, WHITE, .24), (1, WHITE, .02)))
    canvas.restore()


def headphones(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    band = path("M-37 -40 C-42 -112 42 -112 37 -40")
    canvas.drawPath(band, stroked(linear(-40, 0, 40, 0, (0, darken(colour, .3)), (.25, lighten(colour, .35)), (.6, colour), (1, darken(colour, .5))), 7.5))
    canvas.drawPath(path("M-33 -54 C-32 -99 32 -99 33 -54"), line(darken(colour, .6), 3.4, .9))
    canvas.drawPath(path("M-30 -86 C-16 -97 10 -98 22 -92"), line(WHITE, 1.2, .55, blur=.7))
    for side in (-1, 1):
        canvas.drawLine(side * 37.2, -52, side * 37, -34, stroked(metal(side * 37 - 2, 0, side * 37 + 2, 0), 3))
        canvas.save()
        canvas.translate(side * 35, -25)
        canvas.rotate(side * -5)
        canvas.drawPath(rounded(-side * 13 - 7, -22, -side * 13 + 7, 22, 7), linear(-20, 0, 20, 0, (0, rgb("#2b2b31")), (.5, rgb("#4b4b54")), (1, rgb("#1a1a1e"))))
        canvas.drawPath(rounded(-11, -25, 11, 25, 10), linear(-11, -20, 11, 20, (0, lighten(colour, .42)), (.35, colour), (1, darken(colour, .5))))
        canvas.drawPath(rounded(-7, -19, 7, 19, 7), metal(-7, -19, 7, 19, mix(colour, STEEL, .25)))
        canvas.drawPath(rounded(-5.4, -17.4, 5.4, 17.4, 5.4), linear(0, -17, 0, 17, (0, darken(colour, .15)), (1, darken(colour, .5))))
        canvas.drawPath(rounded(-9, -17, -7.6, 14, .7), flat(WHITE, .55, blur=.5))
        canvas.restore()


def laptop(canvas: skia.Canvas, brief: Brief) -> None:
    body = brief.main if brief.named_colours else STEEL
    canvas.drawPath(rounded(-62, -88, 62, -8, 4), metal(-62, -88, 62, -8, body))
    canvas.drawPath(rounded(-60.6, -86.6, 60.6, -8, 3), flat(rgb("#0a0a0d")))
    screen = rounded(-57.5, -83.5, 57.5, -12, 1.2)
    wallpaper(canvas, screen, brief, brief.accent)
    write(canvas, brief.label or "Hello.", 0, -44, "serif", 15, flat(WHITE, .95), align=.5)
    canvas.save()
    canvas.clipPath(screen, True)
    canvas.drawPath(path("M20 -90 L60 -90 L60 -40 L10 -8 L-20 -8 Z"), linear(60, -90, 0, 0, (0, WHITE, .20), (1, WHITE, .02)))
    canvas.restore()
    canvas.drawPath(path("M-66 -8 L66 -8 L77 -2 C77 -.5 75 0 73 0 L-73 0 C-75 0 -77 -.5 -77 -2 Z"), linear(0, -8, 0, 0, (0, lighten(body, .5)), (.6, body), (1, darken(body, .55))))
    canvas.drawPath(rounded(-12, -8, 12, -5.8, 1), flat(darken(body, .4), .8))


def camera(canvas: skia.Canvas, brief: Brief) -> None:
    leather = brief.main if brief.named_colours else rgb("#2d2c30")
    canvas.drawPath(path("M-20 -70 L-13 -84 L13 -84 L20 -70 Z"), metal(-20, -84, 20, -70, darken(STEEL, .1)))
    canvas.drawPath(rounded(-56, -72, 56, 0, 6), metal(0, -72, 0, 0, STEEL))
    canvas.drawRect(rect(-56, -57, 56, -9), linear(-56, 0, 56, 0, (0, darken(leather, .3)), (.25, lighten(leather, .18)), (.7, leather), (1, darken(leather, .45))))
    rng = brief.rng("grain")
    for _ in range(420):
        x, y = rng.uniform(-55, 55), rng.uniform(-56, -10)
        canvas.drawCircle(x, y, .35, flat(WHITE if rng.random() < .4 else INK, .16))
    for x, width in ((-46, 13), (34, 9)):
        canvas.drawPath(rounded(x, -79, x + width, -71, 1.5), metal(x, 0, x + width, 0))
    canvas.drawPath(rounded(-9, -80, 9, -73, 1), flat(rgb("#15161a")))
    canvas.drawPath(rounded(31, -67, 47, -59.5, 1), linear(31, -67, 47, -60, (0, rgb("#8fb6d8")), (1, rgb("#1b2735"))))
    for radius, paint in (
        (30, metal(-30, -63, 30, -3)), (27.4, flat(rgb("#17171b"))), (25, metal(25, -58, -25, -8, rgb("#5b5d66"))),
        (22.5, flat(rgb("#0d0d11"))),
        (17.5, radial(-4, -38, 24, (0, rgb("#6f86d8")), (.35, rgb("#2a2f6a")), (.7, rgb("#140f2c")), (1, rgb("#07070c")))),
    ):
        canvas.drawCircle(0, -33, radius, paint)
    canvas.drawCircle(0, -33, 9, radial(2, -31, 10, (0, rgb("#c07bd8"), .7), (1, rgb("#25204f"), .1)))
    canvas.drawOval(oval(-6.5, -40.5, 5, 3), flat(WHITE, .75, blur=.9))
    canvas.drawCircle(5, -26, 1.6, flat(WHITE, .5, blur=.5))
    write(canvas, brief.label or "OPTIC", -44, -61, "bold", 5, flat(INK, .8), spacing=.8)


def lamp(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    canvas.drawCircle(0, -66, 88, radial(0, -62, 88, (0, rgb("#ffdf9e"), .42), (.5, rgb("#ffcf80"), .14), (1, rgb("#ffcf80"), 0)))
    canvas.drawOval(oval(0, -3, 22, 4), metal(-22, 0, 22, 0, GOLD))
    canvas.drawOval(oval(0, -4.4, 22, 4), metal(-22, 0, 22, 0, lighten(GOLD, .2)))
    canvas.drawRect(rect(-1.7, -60, 1.7, -5), metal(-1.7, 0, 1.7, 0, GOLD))
    canvas.drawOval(oval(0, -24, 7.5, 10), cylinder(-7.5, 7.5, colour))
    canvas.drawOval(oval(0, -52, 39, 6.4), radial(0, -53, 39, (0, rgb("#fff8de")), (.5, rgb("#ffdf97")), (1, darken(colour, .2))))
    shade = path("M-22 -98 L22 -98 L40 -52 C20 -46 -20 -46 -40 -52 Z")
    canvas.drawPath(shade, linear(-40, 0, 40, 0, (0, darken(colour, .35)), (.25, lighten(colour, .35)), (.55, lighten(colour, .12)), (1, darken(colour, .45))))
    canvas.drawPath(shade, radial(0, -54, 46, (0, rgb("#fff1c4"), .75), (.6, rgb("#ffd98a"), .22), (1, rgb("#ffd98a"), 0)))
    canvas.drawOval(oval(0, -98, 22, 2.6), flat(darken(colour, .3)))
    canvas.drawPath(path("M-40 -52 C-20 -46 20 -46 40 -52"), line(lighten(colour, .55), .8, .8))


def speaker(canvas: skia.Canvas, brief: Brief) -> None:
    colour = brief.main
    canvas.drawPath(rounded(-30, -100, 30, 0, 8), cylinder(-30, 30, colour))
    canvas.drawPath(rounded(-27, -97, 27, -3, 6.5), linear(-27, -97, 27, 0, (0, rgb("#3a3a42")), (1, rgb("#16161a"))))
    for row in range(31):
        for column in range(17):
            canvas.drawCircle(-24 + column * 3 + (row % 2) * 1.5 - .7, -94 + row * 3, .55, flat(WHITE if luminance(colour) < .7 else STEEL, .10))
    for y, radius in ((-72, 13), (-32, 20)):
        canvas.drawCircle(0, y, radius + 1.6, metal(-radius, y - radius, radius, y + radius, mix(colour, STEEL, .5)))
        canvas.drawCircle(0, y, radius, radial(-3, y - 4, radius * 1.2, (0, rgb("#4d4d56")), (.6, rgb("#24242a")), (1, rgb("#0d0d10"))))
        canvas.drawCircle(0, y, radius * .42, radial(-2, y - 3, radius * .6, (0, lighten(colour, .5)), (.6, colour), (1, darken(colour, .6))))
    canvas.drawPath(rounded(-24, -94, -22, -10, 1), flat(WHITE, .22, blur=.8))
