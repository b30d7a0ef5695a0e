"""Landscapes in layers: mountain, sea, forest, city, desert, space; by day, at dusk or at night, in rain or snow."""

# A stroke a line: these are tables of coordinates, which a formatter would tear apart.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

import skia

from gpu_workers.drawing.brief import Brief
from gpu_workers.drawing.brush import (
    INK,
    WHITE,
    Rgb,
    darken,
    flat,
    lighten,
    line,
    linear,
    mix,
    oval,
    path,
    polygon,
    radial,
    rect,
    rgb,
)
from gpu_workers.drawing.layers import Composition, Draw, Layer


@dataclass(frozen=True)
class Sky:
    """The light of an hour: sky from top to horizon, the sun or moon, and the haze that distance takes on."""

    top: Rgb
    middle: Rgb
    low: Rgb
    light: Rgb
    night: bool


HOURS = {
    "day": Sky(rgb("#3f86c9"), rgb("#8fc1e6"), rgb("#e9f1ee"), rgb("#fffbe8"), False),
    "dusk": Sky(rgb("#37366f"), rgb("#c4607a"), rgb("#ffc27a"), rgb("#fff0c4"), False),
    "dawn": Sky(rgb("#6d8fc4"), rgb("#f0b3a6"), rgb("#ffe6c0"), rgb("#fff6dd"), False),
    "night": Sky(rgb("#070b1f"), rgb("#16244d"), rgb("#3c4f86"), rgb("#f4f0dc"), True),
    "rain": Sky(rgb("#3b4653"), rgb("#6d7a87"), rgb("#aab3b8"), rgb("#e4e9ea"), False),
}


def hour_of(brief: Brief) -> Sky:
    words = brief.words
    if words & {"night", "midnight", "stars", "moon", "moonlight", "neon", "cyberpunk"}:
        sky = HOURS["night"]
    elif words & {"rain", "rainy", "storm", "stormy", "fog", "foggy"}:
        sky = HOURS["rain"]
    elif words & {"sunset", "dusk", "evening", "golden", "twilight"}:
        sky = HOURS["dusk"]
    elif words & {"sunrise", "dawn", "morning"}:
        sky = HOURS["dawn"]
    else:
        sky = HOURS[brief.rng("hour").choice(("day", "dusk", "dawn"))]
    if not brief.named_colours:
        return sky
    return Sky(mix(sky.top, darken(brief.main, .3), .35), mix(sky.middle, brief.main, .45), mix(sky.low, lighten(brief.main, .55), .5), sky.light, sky.night)


def compose(brief: Brief, width: int, height: int) -> Composition:
    sky = hour_of(brief)
    scene = SCENES[brief.subject](brief, sky, width, height)
    layers = [Layer("sky", 0.0, lambda canvas: heaven(canvas, brief, sky, width, height)), *scene]
    if brief.words & {"rain", "rainy", "storm", "stormy"}:
        layers.append(Layer("rain", 1.0, lambda canvas: rain(canvas, brief, width, height)))
    if brief.words & {"snow", "snowy", "snowfall", "winter"}:
        layers.append(Layer("snow", 1.0, lambda canvas: snow(canvas, brief, width, height)))
    return Composition(width, height, brief.title, tuple(layers))


def heaven(canvas: skia.Canvas, brief: Brief, sky: Sky, w: int, h: int) -> None:
    canvas.drawRect(rect(0, 0, w, h), linear(0, 0, 0, h * .74, (0, sky.top), (.55, sky.middle), (1, sky.low)))
    rng = brief.rng("sky")
    if sky.night:
        for _ in range(260):
            size = rng.random() ** 3 * 1.5 + .35
            canvas.drawCircle(rng.uniform(0, w), rng.uniform(0, h * .62), size * h / 720, flat(WHITE, rng.uniform(.25, .95)))
    x, y, radius = w * rng.uniform(.58, .76), h * (.22 if sky.night else rng.uniform(.30, .46)), h * (.055 if sky.night else .075)
    if sky is not HOURS["rain"]:
        canvas.drawCircle(x, y, radius * 7, radial(x, y, radius * 7, (0, sky.light, .60), (.25, sky.light, .22), (1, sky.light, 0)))
        canvas.drawCircle(x, y, radius, radial(x - radius * .3, y - radius * .3, radius * 1.6, (0, WHITE), (1, sky.light)))
    if sky.night:
        for dx, dy, size in ((.3, -.2, .2), (-.35, .25, .26), (.1, .45, .14)):
            canvas.drawCircle(x + dx * radius, y + dy * radius, size * radius, flat(rgb("#c9c3ac"), .5))
        return
    for _ in range(5):
        cloud(canvas, rng, rng.uniform(0, w), h * rng.uniform(.08, .40), h * rng.uniform(.05, .10), mix(WHITE, sky.low, .25))


def cloud(canvas: skia.Canvas, rng: random.Random, x: float, y: float, size: float, colour: Rgb) -> None:
    for index in range(7):
        share = index / 6 - .5
        puff = size * (1 - abs(share)) * rng.uniform(.55, .8)
        canvas.drawOval(oval(x + share * size * 5, y - puff * .25, puff * 1.9, puff * .55), flat(colour, .34, blur=size * .16))


def ridge(rng: random.Random, w: int, base: float, tall: float, rough: float, step: int = 6) -> list[tuple[float, float]]:
    """A skyline of summed waves; `rough` decides between hills and peaks."""
    waves = [(rng.uniform(.6, 1.6) * 2 ** octave, rng.uniform(0, math.tau), rough**octave) for octave in range(6)]
    total = sum(weight for _, _, weight in waves)
    points = []
    for x in range(0, w + step, step):
        value = sum((1 - abs(math.sin(x / w * math.pi * pace + phase))) * weight for pace, phase, weight in waves) / total
        points.append((float(x), base - tall * value))
    return points


def fill_below(canvas: skia.Canvas, points: list[tuple[float, float]], bottom: float, paint: skia.Paint) -> None:
    canvas.drawPath(polygon((points[0][0], bottom), *points, (points[-1][0], bottom)), paint)


def range_layer(brief: Brief, sky: Sky, w: int, h: int, index: int, count: int, land: Rgb) -> Draw:
    """One chain of mountains; the farther, the more it takes the colour of the sky."""

    def draw(canvas: skia.Canvas) -> None:
        near = index / max(count - 1, 1)
        rng = brief.rng(f"ridge {index}")
        tone = mix(mix(sky.low, sky.middle, .45), darken(land, .35 if sky.night else 0), .22 + .78 * near)
        base, tall = h * (.66 + .20 * near), h * (.42 - .22 * near)
        points = ridge(rng, w, base, tall, .52 - .08 * near)
        fill_below(canvas, points, h, linear(0, base - tall, 0, base + h * .12, (0, lighten(tone, .05)), (1, mix(tone, sky.low, .35 * (1 - near)))))
        if index < 2:
            snow_caps(canvas, points, base - tall, tall, mix(WHITE, sky.middle, .18 + .2 * near))
        haze = linear(0, base - h * .06, 0, base + h * .10, (0, sky.low, 0), (1, sky.low, .40 * (1 - near)))
        canvas.drawRect(rect(0, base - h * .06, w, base + h * .10), haze)

    return draw


def snow_caps(canvas: skia.Canvas, points: list[tuple[float, float]], top: float, tall: float, colour: Rgb) -> None:
    limit = top + tall * .52
    for (x0, y0), (x1, y1) in pairwise(points):
        if min(y0, y1) < limit:
            depth0, depth1 = max(0.0, limit - y0) * .42, max(0.0, limit - y1) * .42
            sunny = .95 if y1 < y0 else .55
            canvas.drawPath(polygon((x0, y0), (x1 + .6, y1), (x1 + .6, y1 + depth1), (x0, y0 + depth0)), flat(colour, sunny))


def pines(brief: Brief, w: int, h: int, base: float, tall: float, tone: Rgb, count: int, name: str) -> Draw:
    def draw(canvas: skia.Canvas) -> None:
        rng = brief.rng(name)
        ground = [(float(x), base + math.sin(x / w * 5 + rng.random() * .05) * tall * .12) for x in range(0, w + 20, 20)]
        for _ in range(count):
            x, size = rng.uniform(-10, w + 10), tall * rng.uniform(.55, 1.15)
            foot, shade = base + tall * .10, mix(tone, INK, rng.uniform(0, .35))
            canvas.drawRect(rect(x - size * .02, foot - size * .2, x + size * .02, foot + size * .1), flat(darken(shade, .5)))
            for tier in range(5):
                y, half = foot - size * (.12 + tier * .18), size * (.20 - tier * .034)
                canvas.drawPath(polygon((x - half, y), (x, y - size * .30), (x + half, y)), linear(x - half, 0, x + half, 0, (0, lighten(shade, .14)), (1, darken(shade, .3))))
        fill_below(canvas, ground, h, linear(0, base, 0, h, (0, tone), (1, darken(tone, .55))))

    return draw


def mountain(brief: Brief, sky: Sky, w: int, h: int) -> list[Layer]:
    land = rgb("#2f5d57") if not brief.named_colours else darken(brief.main, .3)
    layers = [Layer(f"range {index}", .15 + index * .2, range_layer(brief, sky, w, h, index, 4, land)) for index in range(4)]
    tone = darken(mix(land, INK, .4), .35 if sky.night else .15)
    return [*layers, Layer("pines", 1.0, pines(brief, w, h, h * .90, h * .17, tone, 34, "front pines"))]


def forest(brief: Brief, sky: Sky, w: int, h: int) -> list[Layer]:
    green = darken(rgb("#2f6b45") if not brief.named_colours else brief.main, .2 if sky.night else 0)
    return [
        Layer(
            f"trees {index}", .2 + index * .25,
            pines(brief, w, h, h * (.62 + index * .12), h * (.26 + index * .13), mix(mix(sky.low, sky.middle, .4), darken(green, index * .14), .30 + index * .23), 30 - index * 5, f"trees {index}"),
        )
        for index in range(4)
    ]


def sea(brief: Brief, sky: Sky, w: int, h: int) -> list[Layer]:
    def water(canvas: skia.Canvas) -> None:
        rng, horizon = brief.rng("water"), h * .60
        deep = mix(sky.top, rgb("#0d4a66"), .5)
        canvas.drawRect(rect(0, horizon, w, h), linear(0, horizon, 0, h, (0, mix(sky.low, deep, .35)), (.25, mix(sky.middle, deep, .5)), (1, darken(deep, .45))))
        for _ in range(420):
            share = rng.random() ** 1.7
            y = horizon + 2 + share * (h - horizon)
            length = (8 + 90 * share) * w / 1280
            centre = w * .67 + rng.gauss(0, .045 + .13 * share) * w
            canvas.drawLine(centre - length / 2, y, centre + length / 2, y, line(sky.light, 1 + 2.2 * share, .34))
        for _ in range(150):
            share = rng.random()
            y, x = horizon + 3 + share**1.5 * (h - horizon), rng.uniform(0, w)
            length = (20 + 130 * share) * w / 1280
            canvas.drawLine(x, y, x + length, y, line(WHITE if rng.random() < .4 else deep, .8 + 1.6 * share, .20))

    def shore(canvas: skia.Canvas) -> None:
        sand = mix(rgb("#d9b98a"), INK, .55 if sky.night else .08)
        edge = path(f"M0 {h * .86} C{w * .25} {h * .80} {w * .45} {h * .98} {w * .72} {h * .93} C{w * .85} {h * .91} {w} {h * .97} {w} {h * .97} L{w} {h} L0 {h} Z")
        canvas.drawPath(edge, line(WHITE, h * .018, .65, blur=3))
        canvas.drawPath(edge, linear(0, h * .82, 0, h, (0, lighten(sand, .18)), (1, darken(sand, .2))))

    def boat(canvas: skia.Canvas) -> None:
        x, y, size = w * .34, h * .63, h * .10
        sail = mix(WHITE, sky.low, .3)
        canvas.drawPath(polygon((x, y - size * 1.5), (x, y - size * .2), (x + size * .75, y - size * .2)), linear(x, 0, x + size, 0, (0, WHITE), (1, darken(sail, .2))))
        canvas.drawPath(polygon((x - size * .06, y - size * 1.3), (x - size * .06, y - size * .2), (x - size * .5, y - size * .2)), flat(darken(sail, .12)))
        canvas.drawPath(path(f"M{x - size * .75} {y - size * .14} L{x + size * .85} {y - size * .14} L{x + size * .6} {y + size * .12} L{x - size * .5} {y + size * .12} Z"), flat(darken(brief.main, .25)))
        canvas.drawOval(oval(x, y + size * .2, size, size * .06), flat(INK, .3, blur=3))

    return [Layer("water", .25, water), Layer("boat", .6, boat), Layer("shore", 1.0, shore)]


def city(brief: Brief, sky: Sky, w: int, h: int) -> list[Layer]:
    def blocks(index: int) -> Draw:
        def draw(canvas: skia.Canvas) -> None:
            rng, near = brief.rng(f"blocks {index}"), index / 2
            tone = mix(mix(sky.low, sky.middle, .55), darken(mix(sky.top, INK, .6), .2), .35 + .6 * near)
            x = -20.0
            while x < w:
                wide, tall = w * rng.uniform(.035, .075), h * (rng.uniform(.26, .60) - .06 * index)
                tower(canvas, rng, (x, h * (.80 + .07 * index) - tall, x + wide, float(h)), tone, brief, lit=sky.night or rng.random() < .5)
                x += wide + w * rng.uniform(-.004, .012)

        return draw

    def street(canvas: skia.Canvas) -> None:
        top = h * .90
        canvas.drawRect(rect(0, top, w, h), linear(0, top, 0, h, (0, darken(sky.middle, .55)), (1, darken(sky.top, .6))))
        rng = brief.rng("street")
        for _ in range(46):
            x, colour = rng.uniform(0, w), rng.choice((brief.main, brief.accent, rgb("#ffd58a")))
            canvas.drawRect(rect(x, top, x + w * rng.uniform(.004, .014), h), linear(0, top, 0, h, (0, lighten(colour, .3), .50 if sky.night else .22), (1, colour, 0)))

    layers = [Layer(f"blocks {index}", .2 + index * .25, blocks(index)) for index in range(3)]
    return [*layers, Layer("street", 1.0, street)]


def tower(canvas: skia.Canvas, rng: random.Random, box: tuple[float, float, float, float], tone: Rgb, brief: Brief, *, lit: bool) -> None:
    x0, y0, x1, y1 = box
    canvas.drawRect(rect(*box), linear(x0, 0, x1, 0, (0, lighten(tone, .10)), (.5, tone), (1, darken(tone, .25))))
    if rng.random() < .3:
        canvas.drawLine((x0 + x1) / 2, y0, (x0 + x1) / 2, y0 - (y1 - y0) * .12, line(tone, 2))
    cell = (x1 - x0) / 6
    warm = (rgb("#ffd890"), rgb("#ffe9bd"), lighten(brief.main, .45), lighten(brief.accent, .4))
    y = y0 + cell
    while y < y1 - cell:
        for column in range(5):
            if rng.random() < (.42 if lit else .12):
                x = x0 + cell * (.75 + column)
                canvas.drawRect(rect(x, y, x + cell * .5, y + cell * .62), flat(rng.choice(warm), .85 if lit else .5))
        y += cell * 1.25


def desert(brief: Brief, sky: Sky, w: int, h: int) -> list[Layer]:
    sand = mix(rgb("#d99a56") if not brief.named_colours else brief.main, INK, .5 if sky.night else 0)

    def dune(index: int) -> Draw:
        def draw(canvas: skia.Canvas) -> None:
            rng, top = brief.rng(f"dune {index}"), h * (.56 + index * .10)
            peak, tone = w * rng.uniform(.15, .85), mix(sky.low, darken(sand, index * .10), .45 + index * .18)
            crest = path(f"M-10 {top + h * .12} C{peak * .5} {top + h * .10} {peak * .8} {top} {peak} {top} C{peak + w * .2} {top + h * .05} {w * .9} {top + h * .14} {w + 10} {top + h * .08} L{w + 10} {h} L-10 {h} Z")
            canvas.drawPath(crest, linear(0, top, 0, h, (0, lighten(tone, .25)), (.5, tone), (1, darken(tone, .25))))
            shade = path(f"M{peak} {top} C{peak + w * .2} {top + h * .05} {w * .9} {top + h * .14} {w + 10} {top + h * .08} L{w + 10} {h} L{peak - w * .12} {h} C{peak + w * .06} {top + h * .22} {peak - w * .05} {top + h * .1} {peak} {top} Z")
            canvas.drawPath(shade, linear(peak, top, w, h, (0, darken(tone, .42), .75), (1, darken(tone, .30), .25)))

        return draw

    return [Layer(f"dune {index}", .2 + index * .25, dune(index)) for index in range(4)]


def space(brief: Brief, _sky: Sky, w: int, h: int) -> list[Layer]:
    def deep(canvas: skia.Canvas) -> None:
        rng = brief.rng("space")
        canvas.drawRect(rect(0, 0, w, h), linear(0, 0, w, h, (0, rgb("#05060f")), (.5, rgb("#0d1030")), (1, rgb("#04040b"))))
        for index in range(16):
            x, y, size = w * (.1 + index * .055), h * (.75 - index * .04 + rng.uniform(-.10, .10)), h * rng.uniform(.16, .34)
            colour = mix(brief.main, brief.accent, rng.random())
            canvas.drawCircle(x, y, size, radial(x, y, size, (0, lighten(colour, .2), .24), (1, colour, 0)))
        for _ in range(520):
            canvas.drawCircle(rng.uniform(0, w), rng.uniform(0, h), (rng.random() ** 4 * 1.9 + .3) * h / 720, flat(WHITE, rng.uniform(.25, 1)))

    def planet(canvas: skia.Canvas) -> None:
        x, y, radius, rng = w * .66, h * .48, h * .25, brief.rng("planet")
        canvas.drawCircle(x, y, radius * 1.5, radial(x, y, radius * 1.5, (.6, lighten(brief.main, .3), .35), (1, brief.main, 0)))
        ring(canvas, brief, x, y, radius, back=True)
        globe = skia.Path()
        globe.addCircle(x, y, radius)
        canvas.save()
        canvas.clipPath(globe, True)
        canvas.drawCircle(x, y, radius, flat(brief.main))
        for index in range(14):
            band = y - radius + index * radius / 6.5
            canvas.drawOval(oval(x, band, radius * 1.2, radius * rng.uniform(.03, .10)), flat(mix(lighten(brief.main, .4), brief.accent, rng.random()), .35, blur=4))
        canvas.drawCircle(x, y, radius, radial(x - radius * .45, y - radius * .45, radius * 1.75, (0, WHITE, .45), (.35, WHITE, 0), (.6, INK, .30), (1, rgb("#02020a"), .95)))
        canvas.restore()
        ring(canvas, brief, x, y, radius, back=False)

    return [Layer("deep", .1, deep), Layer("planet", .8, planet)]


def ring(canvas: skia.Canvas, brief: Brief, x: float, y: float, radius: float, *, back: bool) -> None:
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(-16)
    canvas.clipRect(rect(-radius * 3, -radius if back else 0, radius * 3, 0 if back else radius))
    for index in range(9):
        size = radius * (1.45 + index * .075)
        canvas.drawOval(oval(0, 0, size, size * .24), line(mix(lighten(brief.accent, .5), brief.main, index / 9), radius * .05, .28 + .25 * (index % 3 == 0)))
    canvas.restore()


def rain(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    rng = brief.rng("rain")
    for _ in range(420):
        x, y, length = rng.uniform(-40, w), rng.uniform(-40, h), h * rng.uniform(.025, .07)
        canvas.drawLine(x, y, x - length * .22, y + length, line(WHITE, rng.uniform(.6, 1.5), rng.uniform(.12, .34)))


def snow(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    rng = brief.rng("snow")
    for _ in range(260):
        size = rng.uniform(1, 4.2) * h / 720
        canvas.drawCircle(rng.uniform(0, w), rng.uniform(0, h), size, flat(WHITE, rng.uniform(.4, .9), blur=size * .3))


SCENES = {"mountain": mountain, "sea": sea, "forest": forest, "city": city, "desert": desert, "space": space}
