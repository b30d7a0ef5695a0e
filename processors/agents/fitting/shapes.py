"""Shapes: width and height, a ratio, a size or a word, as whichever of them a model knows. Pure.

Models name shapes by ratios (`9:16`), by sizes (`720x1280`), by names (`portrait_16_9`), or take two sides in pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Rules = Mapping[str, Mapping[str, Any]]
Turn = str
"""`portrait`, `landscape` or `square`."""

FIELDS: Final = ("aspect_ratio", "aspectRatio", "aspect", "ratio", "size", "image_size", "resolution")
"""What models call their field for a shape."""
_SAID: Final = frozenset(
    {"aspectratio", "aspect", "ratio", "size", "imagesize", "videosize", "framesize", "resolution", "orientation",
     "dimensions", "shape", "format"}
)  # fmt: skip
"""Folded keys under which a plan may give one."""
_SIDES: Final = ("width", "height")
_TURNS: Final[Mapping[str, Turn]] = {
    word: turn
    for turn, words in {
        "portrait": "portrait vertical tall upright hochformat hochkant vertikal",
        "landscape": "landscape horizontal wide widescreen querformat horizontal breitbild",
        "square": "square quadratic quadrat quadratisch",
    }.items()
    for word in words.split()
}
_PAIR = re.compile(r"(?<![\d.])(\d{1,5}(?:\.\d{1,3})?)\s*[:x×/*_]\s*(\d{1,5}(?:\.\d{1,3})?)(?![\d.])", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_SIDE = re.compile(r"\s*(\d{1,5})\s*(?:px|pixels?)?\s*", re.IGNORECASE)
_SAID_CHARS_MAX: Final = 40
_SIDE_MIN_PX: Final = 64
_AREA_PX: Final = 1024 * 1024
"""Where a model that takes two sides has none of its own."""
_STEP_PX: Final = 8
_ALIKE: Final = 0.02
"""Shapes whose sides are to each other the same but for this are the same shape."""


class Shape(NamedTuple):
    width: float
    height: float

    @property
    def turn(self) -> Turn:
        return "square" if self.width == self.height else "portrait" if self.width < self.height else "landscape"

    @property
    def in_pixels(self) -> bool:
        return min(self) >= _SIDE_MIN_PX

    @property
    def turned(self) -> Shape:
        return Shape(self.height, self.width)

    def apart(self, other: Shape) -> float:
        """0 for the same ratio; the same for twice as wide and for half as wide."""
        return abs(math.log(self.width / self.height) - math.log(other.width / other.height))


_PLAIN: Final[Mapping[Turn, Shape]] = {"portrait": Shape(3, 4), "landscape": Shape(4, 3), "square": Shape(1, 1)}


class Shaped(NamedTuple):
    values: dict[str, Any]
    changed: str | None = None
    """The field whose value is only the nearest to what was said."""


def shaped(given: Mapping[str, Any], rules: Rules) -> Shaped:
    """What a plan gives, with the shape that it says in the field that the model has for it."""
    said = wished(given)
    if said is None:
        return Shaped(_for_one_to_see(given, rules))
    read_from = _SIDES if all(_side(given.get(name)) for name in _SIDES) else ()
    rest = {key: value for key, value in given.items() if key not in read_from and not _says(key, value)}
    if isinstance(said, Shape) and said.in_pixels and _takes_sides(rules):
        return Shaped({**rest, "width": round(said.width), "height": round(said.height)})
    for name, choices in offered(rules):
        if (own := _own(name, given, rules)) is not None:
            return Shaped({**rest, name: own})
        shape, choice = _nearest(said, choices, read(rules[name].get("default")))
        near = said == shape.turn if isinstance(said, str) else said.apart(shape) <= _ALIKE
        return Shaped({**rest, name: choice}, None if near else name)
    if _takes_sides(rules):
        return Shaped({**_sides(said, rules), **rest})
    return Shaped(dict(given))


def wished(given: Mapping[str, Any]) -> Shape | Turn | None:
    """Two sides before all else; then what a field for shapes says."""
    sides = [_side(given.get(name)) for name in _SIDES]
    if sides[0] and sides[1]:
        return Shape(sides[0], sides[1])
    return next((said for key, value in given.items() if _says(key, value) and (said := read(value))), None)


def read(value: Any) -> Shape | Turn | None:
    """`9:16`, `1280x720`, `portrait_16_9`, `vertical (9:16)`, `2.39:1`; a word alone says how it is turned."""
    if not isinstance(value, str) or len(value) > _SAID_CHARS_MAX:
        return None
    turns = {_TURNS[word] for word in _WORD.findall(value.lower()) if word in _TURNS}
    pairs = _PAIR.findall(value)
    if len(turns) > 1 or len(pairs) > 1:
        return None
    turn = next(iter(turns), None)
    if pairs and "_" in value and turn is None:
        return None  # `mp3_44100_128` is a format of another kind
    if not pairs:
        return Shape(1, 1) if turn == "square" else turn
    shape = Shape(float(pairs[0][0]), float(pairs[0][1]))
    if not min(shape):
        return None
    return shape.turned if turn is not None and shape.turned.turn == turn else shape


def offered(rules: Rules) -> Iterator[tuple[str, list[tuple[Shape, Any]]]]:
    """The fields that list shapes, each with the shapes of its choices."""
    for name in FIELDS:
        choices = (rules[name].get("enum") or ()) if name in rules else ()
        shapes = [(shape, choice) for choice in choices if (shape := _of_choice(choice)) is not None]
        if shapes:
            yield name, shapes


def named_ratio(size: Any) -> str | None:
    """`9:16` for `portrait_16_9`: of a size that is a name and no number of pixels."""
    said = read(size)
    if not isinstance(said, Shape) or said.in_pixels:
        return None
    return f"{said.width:g}:{said.height:g}"


def nearest_share(said: Shape | Turn, rules: Rules) -> float | None:
    """From 0 to 1, how near a model comes to a shape; None where nobody can tell it one."""
    if _takes_sides(rules):
        return 1.0
    fields = [[shape for shape, _ in choices] for _, choices in offered(rules)]
    if not fields:
        return None
    if isinstance(said, str):
        return max(1.0 if shape.turn == said else 0.5 for shapes in fields for shape in shapes)
    return math.exp(-min(said.apart(shape) for shapes in fields for shape in shapes))


def _of_choice(choice: Any) -> Shape | None:
    said = read(choice)
    return _PLAIN[said] if isinstance(said, str) else said


def _says(key: str, value: Any) -> bool:
    return re.sub(r"[^a-z]", "", key.lower()) in _SAID and read(value) is not None


def _own(name: str, given: Mapping[str, Any], rules: Rules) -> Any:
    """What is a choice of the field, but for case and punctuation, is not read as anything else."""
    value = given.get(name)
    return value if value is not None and _folded(value) in map(_folded, rules[name]["enum"]) else None


def _folded(value: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(value).lower())


def _nearest(said: Shape | Turn, choices: list[tuple[Shape, Any]], usual: Shape | Turn | None) -> tuple[Shape, Any]:
    """By ratio first, then by pixels where both have them; of a word the usual one, turned or not."""
    if isinstance(said, Shape):
        return min(choices, key=lambda one: (round(said.apart(one[0]), 3), _pixels_apart(said, one[0])))
    alike = [one for one in choices if one[0].turn == said] or choices
    first = [one for one in alike if isinstance(usual, Shape) and one[0] in (usual, usual.turned)]
    return min(first or alike, key=lambda one: one[0].apart(_PLAIN[said]))


def _pixels_apart(one: Shape, other: Shape) -> float:
    return abs(one.width * one.height - other.width * other.height) if one.in_pixels and other.in_pixels else 0.0


def _takes_sides(rules: Rules) -> bool:
    return all(name in rules for name in _SIDES)


def _sides(said: Shape | Turn, rules: Rules) -> dict[str, int]:
    """As many pixels as the model's own size has, in that shape, within its bounds."""
    usual = [_side(rules[name].get("default")) for name in _SIDES]
    area = usual[0] * usual[1] if usual[0] and usual[1] else _AREA_PX
    shape = said if isinstance(said, Shape) else _PLAIN[said]
    scale = math.sqrt(area / (shape.width * shape.height))
    for name, side in zip(_SIDES, shape, strict=True):
        scale = min(scale, rules[name].get("maximum", math.inf) / side)
    return {
        name: _stepped(side * scale, rules[name].get("multipleOf", _STEP_PX))
        for name, side in zip(_SIDES, shape, strict=True)
    }


def _stepped(side: float, step: float) -> int:
    return max(round(int(side / step + 0.5) * step), 1)


def _side(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = _SIDE.fullmatch(str(value).removesuffix(".0"))
    return float(match[1]) or None if match else None


def _for_one_to_see(given: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """A ratio that cannot be read stands in the model's field for shapes, so that somebody is asked about it."""
    target = next((name for name, _ in offered(rules)), None)
    key = next((name for name in FIELDS[:4] if name in given), None)
    if target is None or key is None or key in rules or target in given:
        return dict(given)
    return {(target if name == key else name): value for name, value in given.items()}
