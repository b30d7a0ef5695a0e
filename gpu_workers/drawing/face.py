"""A drawn presenter, head and shoulders, whose mouth, eyes and brows can be set for every frame. Units: 200 by 200."""

# A stroke a line: these are tables of coordinates, which a formatter would tear apart.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import random
from dataclasses import dataclass

import skia

from gpu_workers.drawing.brush import INK, WHITE, Rgb, darken, flat, lighten, line, linear, mix, oval, path, radial, rgb

SKINS = (rgb("#f2c6a6"), rgb("#e6ac86"), rgb("#c98d63"), rgb("#9a6440"), rgb("#6f4429"))
HAIRS = (rgb("#33211a"), rgb("#57351f"), rgb("#8a5a2c"), rgb("#1d1a1c"), rgb("#b0783e"), rgb("#6b2a1a"))
EYES = (rgb("#3d6fa3"), rgb("#4f7a45"), rgb("#6a4526"), rgb("#3b3f46"))


@dataclass(frozen=True)
class Mouth:
    """A mouth shape: how far open, how wide, how rounded, and how much of the teeth is seen; each 0 to 1."""

    opened: float = 0.0
    wide: float = 0.5
    rounded: float = 0.0
    teeth: float = 0.0

    def towards(self, other: Mouth, share: float) -> Mouth:
        return Mouth(
            self.opened + (other.opened - self.opened) * share, self.wide + (other.wide - self.wide) * share,
            self.rounded + (other.rounded - self.rounded) * share, self.teeth + (other.teeth - self.teeth) * share,
        )


@dataclass(frozen=True)
class Person:
    """Who is drawn."""

    skin: Rgb
    hair: Rgb
    eyes: Rgb
    clothes: Rgb
    long_hair: bool


@dataclass(frozen=True)
class Pose:
    """One moment of the face."""

    mouth: Mouth = Mouth()
    blink: float = 0.0
    brow: float = 0.0
    tilt: float = 0.0
    nod: float = 0.0
    gaze: float = 0.0


def person(rng: random.Random, clothes: Rgb, *, long_hair: bool | None = None) -> Person:
    chosen = rng.random() < .5 if long_hair is None else long_hair
    return Person(rng.choice(SKINS), rng.choice(HAIRS), rng.choice(EYES), clothes, chosen)


def draw(canvas: skia.Canvas, who: Person, pose: Pose) -> None:
    """The person with the chin's middle near (0, 42) and the shoulders leaving below y = 100."""
    body(canvas, who)
    turn_head(canvas, pose)
    still_head(canvas, who)
    features(canvas, who, pose)
    canvas.restore()


def body(canvas: skia.Canvas, who: Person) -> None:
    if who.long_hair:
        back_hair(canvas, who)
    shoulders(canvas, who)


def turn_head(canvas: skia.Canvas, pose: Pose) -> None:
    """Until the next restore, what is drawn turns with the head, about the neck."""
    canvas.save()
    canvas.translate(0, 60)
    canvas.rotate(pose.tilt)
    canvas.translate(0, -60 + pose.nod)


def still_head(canvas: skia.Canvas, who: Person) -> None:
    """All of the head that does not change from frame to frame."""
    canvas.drawOval(oval(0, -24, 47, 46), flat(darken(who.hair, .35)))
    head(canvas, who)
    nose(canvas, who)
    hair(canvas, who)


def features(canvas: skia.Canvas, who: Person, pose: Pose) -> None:
    for side in (-1, 1):
        eye(canvas, who, side, pose)
    mouth(canvas, who, pose.mouth)


def back_hair(canvas: skia.Canvas, who: Person) -> None:
    shape = path("M-50 -30 C-66 20 -62 70 -50 92 C-30 100 30 100 50 92 C62 70 66 20 50 -30 Z")
    canvas.drawPath(shape, linear(-60, 0, 60, 0, (0, darken(who.hair, .2)), (.5, darken(who.hair, .5)), (1, darken(who.hair, .25))))


def shoulders(canvas: skia.Canvas, who: Person) -> None:
    neck = path("M-18 30 L-17 66 C-17 80 17 80 17 66 L17 30 Z")
    torso = path("M-74 140 C-74 96 -58 82 -28 74 C-12 69 12 69 28 74 C58 82 74 96 74 140 Z")
    canvas.drawPath(torso, linear(-60, 70, 60, 140, (0, lighten(who.clothes, .18)), (.5, who.clothes), (1, darken(who.clothes, .35))))
    canvas.drawPath(path("M-30 74 C-16 92 16 92 30 74 C22 70 -22 70 -30 74 Z"), flat(darken(who.clothes, .3)))
    canvas.drawPath(neck, linear(0, 34, 0, 80, (0, darken(who.skin, .30)), (.5, darken(who.skin, .12)), (1, who.skin)))
    canvas.drawPath(path("M-22 71 C-14 84 14 84 22 71 L17 66 L-17 66 Z"), flat(who.skin))
    canvas.drawPath(path("M-30 74 C-16 93 16 93 30 74"), line(darken(who.clothes, .45), 1.6, .8))
    for side in (-1, 1):
        canvas.drawPath(path(f"M{side * 46} 140 C{side * 47} 120 {side * 50} 108 {side * 54} 102"), line(darken(who.clothes, .5), 1.3, .6))


def head(canvas: skia.Canvas, who: Person) -> None:
    skin = who.skin
    for side in (-1, 1):
        canvas.drawOval(oval(side * 42.5, 4, 6.5, 11), radial(side * 41, 2, 12, (0, lighten(skin, .08)), (1, darken(skin, .22))))
    shape = path("M-42 -20 C-44 -52 -24 -66 0 -66 C24 -66 44 -52 42 -20 C42 14 34 34 18 46 C8 53 -8 53 -18 46 C-34 34 -42 14 -42 -20 Z")
    canvas.drawPath(shape, radial(-10, -22, 96, (0, lighten(skin, .30)), (.45, skin), (1, darken(skin, .34))))
    canvas.save()
    canvas.clipPath(shape, True)
    canvas.drawPath(path("M44 -50 C34 -10 36 30 12 56 L50 60 Z"), flat(darken(skin, .4), .16, blur=7))
    for side in (-1, 1):
        canvas.drawOval(oval(side * 25, 17, 11, 7), flat(mix(skin, rgb("#e2593f"), .55), .30, blur=5))
        canvas.drawOval(oval(side * 18, -6, 12, 8), flat(darken(skin, .35), .20, blur=2.5))
    canvas.drawPath(path("M-46 -40 C-20 -60 20 -60 46 -40 L46 -70 L-46 -70 Z"), flat(darken(skin, .5), .25, blur=5))
    canvas.restore()


def eye(canvas: skia.Canvas, who: Person, side: int, pose: Pose) -> None:
    x, y = side * 18.0, -5.0
    open_by = max(1.0 - pose.blink, .04)
    brow_y = y - 14 - pose.brow * 3.5
    canvas.drawPath(path(f"M{x - side * 9} {brow_y + 1.5} C{x - side * 3} {brow_y - 3.5} {x + side * 6} {brow_y - 3.5} {x + side * 11} {brow_y + 1.5}"), line(darken(who.hair, .15), 3.1))
    rim = path(f"M{x - 9.5} {y + .8} C{x - 5} {y - 6.5 * open_by} {x + 5} {y - 6.5 * open_by} {x + 9.5} {y + .4} C{x + 5} {y + 5.2 * open_by} {x - 5} {y + 5.2 * open_by} {x - 9.5} {y + .8} Z")
    if pose.blink > .82:
        canvas.drawPath(path(f"M{x - 9.5} {y + .8} C{x - 4} {y + 3.6} {x + 4} {y + 3.6} {x + 9.5} {y + .4}"), line(darken(who.hair, .3), 2))
        return
    canvas.drawPath(rim, linear(0, y - 6, 0, y + 5, (0, rgb("#d9dde4")), (.4, WHITE)))
    canvas.save()
    canvas.clipPath(rim, True)
    look = x + pose.gaze * 2.2
    canvas.drawCircle(look, y - .3, 5.3, radial(look, y + 1, 6, (0, lighten(who.eyes, .4)), (.6, who.eyes), (1, darken(who.eyes, .6))))
    canvas.drawCircle(look, y - .3, 2.5, flat(rgb("#0a0a0d")))
    canvas.drawCircle(look - 1.7, y - 2.2, 1.3, flat(WHITE, .95))
    canvas.restore()
    canvas.drawPath(path(f"M{x - 9.8} {y + .6} C{x - 5} {y - 6.8 * open_by} {x + 5} {y - 6.8 * open_by} {x + 9.8} {y}"), line(darken(who.hair, .45), 1.9))


def nose(canvas: skia.Canvas, who: Person) -> None:
    canvas.drawPath(path("M-2 -2 C-4 8 -7 12 -6 16 C-4 19 4 19 6 16"), line(darken(who.skin, .38), 1.6, .7))
    canvas.drawOval(oval(1, 8, 3, 9), flat(WHITE, .16, blur=2))


def mouth(canvas: skia.Canvas, who: Person, shape: Mouth) -> None:
    half = 15.5 * (.72 + .36 * shape.wide) * (1 - .46 * shape.rounded)
    up, down = 2.7 + 2.6 * shape.opened + 1.2 * shape.rounded, 3.6 + 12.0 * shape.opened + 1.6 * shape.rounded
    y = 30.0
    corner = y - 1.5 * shape.wide
    outer = path(
        f"M{-half} {corner:.3f} C{-half * .6:.3f} {y - up * 1.25:.3f} {-half * .22:.3f} {y - up * 1.6:.3f} 0 {y - up:.3f} "
        f"C{half * .22:.3f} {y - up * 1.6:.3f} {half * .6:.3f} {y - up * 1.25:.3f} {half} {corner:.3f} "
        f"C{half * .62:.3f} {y + down * 1.28:.3f} {-half * .62:.3f} {y + down * 1.28:.3f} {-half} {corner:.3f} Z")
    lip = mix(who.skin, rgb("#b8374a"), .62)
    canvas.drawPath(outer, linear(0, y - up * 1.5, 0, y + down, (0, darken(lip, .12)), (.5, lip), (1, lighten(lip, .16))))
    if shape.opened < .06 and shape.teeth < .2:
        canvas.drawPath(path(f"M{-half} {corner:.3f} C{-half * .4:.3f} {y + 1.3:.3f} {half * .4:.3f} {y + 1.3:.3f} {half} {corner:.3f}"), line(darken(lip, .55), 1.3))
        return
    gap_up, gap_down = max(up - 2.6, .4), max(down - 3.2, 1.5)
    inner = path(
        f"M{-half * .86:.3f} {corner + .4:.3f} C{-half * .5:.3f} {y - gap_up:.3f} {half * .5:.3f} {y - gap_up:.3f} {half * .86:.3f} {corner + .4:.3f} "
        f"C{half * .52:.3f} {y + gap_down * 1.25:.3f} {-half * .52:.3f} {y + gap_down * 1.25:.3f} {-half * .86:.3f} {corner + .4:.3f} Z")
    canvas.drawPath(inner, flat(rgb("#3a0d14")))
    canvas.save()
    canvas.clipPath(inner, True)
    if shape.opened > .25:
        canvas.drawOval(oval(0, y + gap_down * 1.05, half * .55, gap_down * .5), radial(0, y + gap_down * .8, half * .6, (0, rgb("#e0767c")), (1, rgb("#9c3340"))))
    if shape.teeth > .05:
        canvas.drawPath(path(f"M{-half} {y - 8} L{half} {y - 8} L{half * .8:.3f} {y + 1.9 * shape.teeth - .2:.3f} C{half * .3:.3f} {y + 3.4 * shape.teeth:.3f} {-half * .3:.3f} {y + 3.4 * shape.teeth:.3f} {-half * .8:.3f} {y + 1.9 * shape.teeth - .2:.3f} Z"), flat(rgb("#fbf8f2")))
    canvas.restore()
    canvas.drawPath(path(f"M{-half * .5:.3f} {y + down * 1.02:.3f} C{-half * .2:.3f} {y + down * 1.2:.3f} {half * .2:.3f} {y + down * 1.2:.3f} {half * .5:.3f} {y + down * 1.02:.3f}"), line(darken(who.skin, .45), 1.4, .22))


def hair(canvas: skia.Canvas, who: Person) -> None:
    tone = linear(-46, -80, 46, 0, (0, lighten(who.hair, .20)), (.45, who.hair), (1, darken(who.hair, .4)))
    if who.long_hair:
        canvas.drawPath(path("M-2 -74 C-46 -78 -58 -40 -52 10 C-50 34 -46 44 -42 50 C-42 20 -42 0 -38 -18 C-30 -30 -10 -40 2 -58 C14 -40 32 -30 39 -18 C42 0 42 20 42 50 C46 44 50 34 52 10 C58 -40 46 -76 -2 -74 Z"), tone)
        canvas.drawPath(path("M-8 -70 C-34 -66 -46 -44 -46 -14"), line(lighten(who.hair, .5), 1.6, .35, blur=1))
        canvas.drawPath(path("M12 -68 C34 -62 45 -44 46 -18"), line(lighten(who.hair, .5), 1.4, .25, blur=1))
        return
    canvas.drawPath(path("M-44 2 C-54 -44 -42 -82 2 -80 C44 -80 54 -46 44 2 C42 -8 42 -18 38 -28 C24 -34 8 -36 -6 -48 C-14 -38 -28 -32 -38 -26 C-42 -16 -42 -8 -44 2 Z"), tone)
    canvas.drawPath(path("M-32 -54 C-22 -68 0 -74 22 -68"), line(lighten(who.hair, .55), 2.2, .35, blur=1.4))


def stage(canvas: skia.Canvas, width: int, height: int, tone: Rgb) -> None:
    """A quiet studio wall behind the person."""
    canvas.drawRect(skia.Rect(0, 0, width, height), linear(0, 0, 0, height, (0, lighten(tone, .60)), (1, lighten(tone, .28))))
    canvas.drawRect(skia.Rect(0, 0, width, height), radial(width * .42, height * .36, max(width, height) * .55, (0, WHITE, .62), (1, WHITE, 0)))
    canvas.drawRect(skia.Rect(0, 0, width, height), radial(width * .5, height * .5, max(width, height) * .75, (.5, INK, 0), (1, darken(tone, .6), .38)))
