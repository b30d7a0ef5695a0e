"""Of several files of one step, which suits a field for one best: by the shape that is wished, then by size. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from processors.executor.material import Material

_SHAPES: Final = ("aspect_ratio", "aspectRatio", "ratio", "aspect", "size", "image_size", "resolution")
_TWO: Final = re.compile(r"\s*(\d{1,5})\s*[:x*/×]\s*(\d{1,5})\s*")
"""`16:9`, `1280x720`."""


def ranked(files: Iterable[Material], values: Mapping[str, Any]) -> list[Material]:
    """The best first; equals stay in their order. `values` is the input so far, which may say what shape is wished."""
    wished = wished_shape(values)
    return sorted(files, key=lambda file: (_apart(file, wished), -_pixels(file)))


def wished_shape(values: Mapping[str, Any]) -> float | None:
    """Width by height, by whatever name an input says it."""
    for name in _SHAPES:
        value = values.get(name)
        match = _TWO.fullmatch(value) if isinstance(value, str) else None
        if match is not None and int(match[1]) and int(match[2]):
            return int(match[1]) / int(match[2])
    width, height = values.get("width"), values.get("height")
    if isinstance(width, int | float) and isinstance(height, int | float) and width > 0 and height > 0:
        return width / height
    return None


def _apart(file: Material, wished: float | None) -> float:
    """How far the shapes are apart, whichever is the wider; where one is not known, as far as can be."""
    width, height = file.asset.width, file.asset.height
    if wished is None or not width or not height:
        return math.inf
    return round(abs(math.log(width / height / wished)), 3)


def _pixels(file: Material) -> int:
    return (file.asset.width or 0) * (file.asset.height or 0)
