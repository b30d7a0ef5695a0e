"""From a prompt to a composition."""

from __future__ import annotations

from gpu_workers.drawing import abstract, figures, product_shot, scenes
from gpu_workers.drawing.brief import Brief, read
from gpu_workers.drawing.layers import Composition


def compose(prompt: str, seed: int, width: int, height: int) -> Composition:
    return laid_out(read(prompt, seed), width, height)


def laid_out(brief: Brief, width: int, height: int) -> Composition:
    match brief.kind:
        case "product":
            return product_shot.compose(brief, width, height)
        case "scene":
            return scenes.compose(brief, width, height)
        case "figure":
            return figures.compose(brief, width, height)
        case _:
            return abstract.compose(brief, width, height)
