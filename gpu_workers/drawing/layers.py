"""A picture as layers from back to front, so that it can be drawn at once or moved apart in a film."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import skia

Draw = Callable[[skia.Canvas], None]


@dataclass(frozen=True)
class Layer:
    """One plane of a picture. `depth` 0 is the far back, 1 the front; a film moves what is near more."""

    name: str
    depth: float
    draw: Draw


@dataclass(frozen=True)
class Composition:
    """A picture that can be painted at its size."""

    width: int
    height: int
    title: str
    layers: tuple[Layer, ...]

    def paint(self, canvas: skia.Canvas) -> None:
        for layer in self.layers:
            layer.draw(canvas)
