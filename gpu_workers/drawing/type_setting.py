"""The words on a picture: kicker, title, accent bar and tagline, set to fit."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from gpu_workers.drawing.brush import Rgb, flat, width_of, writable, write

MAX_LINES = 4


@dataclass(frozen=True)
class Words:
    """What is written, and where its block stands."""

    kicker: str
    title: str
    tagline: str
    x: float
    y: float  # the block's middle
    width: float
    align: float  # 0 to the left of x, 0.5 around it
    size: float  # of the title


def wrapped(text: str, kind: str, size: float, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", kind, size) <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def fitted(text: str, kind: str, size: float, width: float) -> tuple[list[str], float]:
    """Lines and the largest size at which they keep to the width and to four lines."""
    while size > 8:
        lines = wrapped(text, kind, size, width)
        if len(lines) <= MAX_LINES and all(width_of(one, kind, size) <= width for one in lines):
            return lines, size
        size *= 0.92
    return wrapped(text, kind, size, width)[:MAX_LINES], size


def set_words(canvas: skia.Canvas, words: Words, ink: Rgb, accent: Rgb) -> None:
    """Draw the block; a title that our fonts cannot write is left out."""
    if not writable(words.title, "serif"):
        return
    lines, size = fitted(words.title, "serif", words.size, words.width)
    leading, small = size * 1.16, max(words.size * 0.27, 9.0)
    height = leading * len(lines) + small * 4.6
    top = words.y - height / 2
    kicker_size = small * 0.82
    write(
        canvas,
        words.kicker.upper(),
        words.x,
        top,
        "bold",
        kicker_size,
        flat(accent),
        spacing=kicker_size * 0.30,
        align=words.align,
    )
    y = top + small * 0.9
    for one in lines:
        y += leading
        write(canvas, one, words.x, y - leading * 0.18, "serif", size, flat(ink), align=words.align)
    bar = size * 1.25
    left = words.x - bar * words.align
    canvas.drawRect(
        skia.Rect(left, y + small * 0.62, left + bar, y + small * 0.62 + max(size * 0.055, 2)), flat(accent)
    )
    if words.tagline:
        write(canvas, words.tagline, words.x, y + small * 2.9, "sans", small * 1.05, flat(ink, 0.72), align=words.align)
