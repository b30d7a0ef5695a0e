"""For what we cannot draw: a calm composition of forms and type that says the prompt's own words."""

from __future__ import annotations

import skia

from gpu_workers.drawing.brief import Brief
from gpu_workers.drawing.brush import INK, darken, flat, lighten, linear, luminance, mix, path, radial, rect, rgb
from gpu_workers.drawing.layers import Composition, Layer
from gpu_workers.drawing.type_setting import Words, set_words


def compose(brief: Brief, width: int, height: int) -> Composition:
    layers = (
        Layer("ground", 0.0, lambda canvas: ground(canvas, brief, width, height)),
        Layer("forms", 0.5, lambda canvas: forms(canvas, brief, width, height)),
        Layer("words", 1.0, lambda canvas: words(canvas, brief, width, height)),
    )
    return Composition(width, height, brief.title, layers)


def ground(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    base = (
        darken(mix(brief.main, INK, 0.55), 0.2) if brief.dark else lighten(mix(brief.main, rgb("#d8c6b4"), 0.3), 0.78)
    )
    canvas.drawRect(
        rect(0, 0, w, h), linear(0, 0, w, h, (0, lighten(base, 0.25)), (0.6, base), (1, darken(base, 0.14)))
    )


def forms(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    rng = brief.rng("forms")
    x, y, size = w * 0.74, h * 0.46, min(w, h) * 0.34
    for radius, colour, alpha in ((size * 1.5, brief.accent, 0.22), (size * 1.2, brief.main, 0.18)):
        canvas.drawCircle(
            x + rng.uniform(-0.2, 0.2) * size,
            y + rng.uniform(-0.2, 0.2) * size,
            radius,
            radial(x, y, radius, (0, colour, alpha), (1, colour, 0)),
        )
    canvas.drawCircle(x, y + size * 0.05, size, flat(INK, 0.25, blur=size * 0.12))
    canvas.drawCircle(
        x,
        y,
        size,
        radial(
            x - size * 0.4,
            y - size * 0.45,
            size * 1.6,
            (0, lighten(brief.main, 0.55)),
            (0.45, brief.main),
            (1, darken(brief.main, 0.55)),
        ),
    )
    for index in range(5):
        top = h * (0.56 + index * 0.085)
        tone = mix(brief.main, brief.accent, index / 4)
        bend, shift = h * rng.uniform(0.05, 0.13), rng.uniform(-0.1, 0.1) * w
        wave = f"C{w * 0.5} {top - bend} {w * 0.7} {top + bend} {w + 10} {top - bend}"
        ribbon = path(f"M{w * 0.36 + shift} {h} {wave} L{w + 10} {h} Z")
        canvas.drawPath(ribbon, linear(w * 0.4, top, w, h, (0, lighten(tone, 0.4), 0.75), (1, darken(tone, 0.2), 0.85)))
    for _ in range(3):
        radius = size * rng.uniform(0.07, 0.17)
        cx, cy = x + rng.uniform(-1.3, 0.9) * size, y + rng.uniform(-1.0, 0.2) * size
        canvas.drawCircle(cx, cy + radius * 0.3, radius, flat(INK, 0.22, blur=radius * 0.3))
        canvas.drawCircle(
            cx,
            cy,
            radius,
            radial(
                cx - radius * 0.4,
                cy - radius * 0.4,
                radius * 1.6,
                (0, lighten(brief.accent, 0.6)),
                (0.5, brief.accent),
                (1, darken(brief.accent, 0.5)),
            ),
        )


def words(canvas: skia.Canvas, brief: Brief, w: int, h: int) -> None:
    ink = lighten(brief.main, 0.92) if brief.dark else darken(mix(brief.main, INK, 0.6), 0.6)
    accent = lighten(brief.main, 0.45) if brief.dark else darken(brief.main, 0 if luminance(brief.main) < 0.6 else 0.45)
    block = Words("A composition", brief.title, "", w * 0.07, h * 0.44, w * 0.46, 0.0, min(h * 0.11, w * 0.085))
    set_words(canvas, block, ink, accent)
