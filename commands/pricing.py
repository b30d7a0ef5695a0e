"""What a call of a model costs at most: exact quantities from its input, rounded up once per line, in millicredits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any, Final

from events.catalog.events import ModelSpec, Price, PriceUnit
from events.jobs.events import PriceLine
from events.model import MONEY_MAX

Input = Mapping[str, Any]

DURATION_FIELDS: Final = ("duration_s", "duration", "duration_seconds", "seconds", "length_s", "video_length")
DURATION_MS_FIELDS: Final = ("duration_ms", "music_length_ms", "length_ms")
COUNT_FIELDS: Final = ("num_images", "num_outputs", "number_of_images", "count", "n", "samples", "num_samples")
SIZE_FIELDS: Final = ("size", "image_size", "resolution", "ratio")
TEXT_FIELDS: Final = ("text", "script", "prompt", "input", "lyrics", "message")
TOKEN_FIELDS: Final = ("max_tokens", "max_output_tokens", "max_completion_tokens", "max_new_tokens")

UNSTATED_SECONDS: Final = Decimal(60)
UNSTATED_CHARS: Final = 4096
UNSTATED_TOKENS: Final = 4096
UNSTATED_SIDE_PX: Final = 1024
CHARS_MAX: Final = 1_000_000
REFERENCE = re.compile(r"^(upload|step):\S{1,128}$")
"""A reference stands for a text that is not known yet (`processors/agents/words/references.py`)."""

_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(?:s|sec|secs|seconds)?\s*$", re.IGNORECASE)
_SIZE = re.compile(r"^\s*(\d{1,5})\s*[x×*:]\s*(\d{1,5})\s*$", re.IGNORECASE)
_SIDE_MIN_PX = 64
"""Below it a pair such as `16:9` is a ratio, not a size."""


def estimate(spec: ModelSpec, values: Input) -> tuple[tuple[PriceLine, ...], int]:
    """The lines and their total: an upper bound, so that what is reserved is enough for what is captured."""
    line = priced(spec.price, quantity(spec, values))
    return (line,), line.amount


def total(lines: Iterable[PriceLine]) -> int:
    return sum(line.amount for line in lines)


def reservation(lines: Iterable[PriceLine]) -> int:
    """What a job of this price sets aside: its total, and 1 where that is 0, since an entry moves something.

    With the result, it is given back.
    """
    return max(total(lines), 1)


def priced(price: Price, amount_of_units: Decimal) -> PriceLine:
    """One line: quantity × unit amount, rounded up to a whole millicredit. Raises ValueError beyond all money."""
    with localcontext() as context:
        context.prec = 60
        amount = int((amount_of_units * price.amount).to_integral_value(rounding=ROUND_CEILING))
    if not 0 <= amount <= MONEY_MAX:
        raise ValueError(f"{amount_of_units} × {price.amount} is no amount of money")
    return PriceLine(unit=price.unit, quantity=_plain(amount_of_units), unit_amount=price.amount, amount=amount)


def quantity(spec: ModelSpec, values: Input) -> Decimal:
    """How many units of its price a call with this input takes at most."""
    return _QUANTITIES[spec.price.unit](spec, values)


def _images(spec: ModelSpec, values: Input) -> Decimal:
    for value in _stated(spec, values, COUNT_FIELDS):
        number = _decimal(value)
        if number is not None and number >= 1:
            return number.to_integral_value(rounding=ROUND_CEILING)
    return Decimal(1)


def _seconds(spec: ModelSpec, values: Input) -> Decimal:
    for names, divisor in ((DURATION_FIELDS, 1), (DURATION_MS_FIELDS, 1000)):
        for value in _stated(spec, values, names):
            number = _decimal(value)
            if number is not None and number > 0:
                return number / divisor * _images(spec, values)
    longest = Decimal(str(spec.limits.max_duration_s)) if spec.limits.max_duration_s is not None else None
    if (given := _length_of_files(values)) > 0:
        return min(given, longest) if longest is not None else given
    return (longest if longest is not None else UNSTATED_SECONDS) * _images(spec, values)


def _length_of_files(values: Any) -> Decimal:
    """Of the files in an input, `{"$asset": {…, "duration_s"}}`: what works on them gives no more than all of them."""
    if isinstance(values, Mapping):
        asset = values.get("$asset")
        if isinstance(asset, Mapping):
            return _decimal(asset.get("duration_s")) or Decimal(0)
        return sum((_length_of_files(value) for value in values.values()), Decimal(0))
    if isinstance(values, list):
        return sum((_length_of_files(value) for value in values), Decimal(0))
    return Decimal(0)


def _megapixels(spec: ModelSpec, values: Input) -> Decimal:
    width, height = _dimensions(spec, values)
    return Decimal(width) * Decimal(height) / 1_000_000 * _images(spec, values)


def _dimensions(spec: ModelSpec, values: Input) -> tuple[int, int]:
    for value in _stated(spec, values, SIZE_FIELDS):
        if isinstance(value, str) and (match := _SIZE.match(value)):
            width, height = int(match[1]), int(match[2])
            if min(width, height) >= _SIDE_MIN_PX:
                return width, height
    width_px = next((int(n) for v in _stated(spec, values, ("width",)) if (n := _decimal(v))), None)
    height_px = next((int(n) for v in _stated(spec, values, ("height",)) if (n := _decimal(v))), None)
    limits = spec.limits
    return (
        width_px or limits.max_width or UNSTATED_SIDE_PX,
        height_px or limits.max_height or UNSTATED_SIDE_PX,
    )


def _thousand_chars(spec: ModelSpec, values: Input) -> Decimal:
    return Decimal(_text_length(spec, values, len)) / 1000


def _thousand_tokens(spec: ModelSpec, values: Input) -> Decimal:
    """A token is at least one byte of text, so bytes bound the input; the output is bounded by its own field."""
    out = next((int(n) for v in _stated(spec, values, TOKEN_FIELDS) if (n := _decimal(v))), UNSTATED_TOKENS)
    return Decimal(_text_length(spec, values, lambda text: len(text.encode())) + out) / 1000


def _text_length(spec: ModelSpec, values: Input, measure: Callable[[str], int]) -> int:
    texts = [values[name] for name in TEXT_FIELDS if isinstance(values.get(name), str)]
    known = [text for text in texts if not REFERENCE.match(text)]
    if texts and len(known) == len(texts):
        return max(1, sum(measure(text) for text in known))
    longest = [_properties(spec).get(name, {}).get("maxLength") for name in TEXT_FIELDS]
    bound = max((n for n in longest if isinstance(n, int)), default=UNSTATED_CHARS)
    return min(bound, CHARS_MAX) + sum(measure(text) for text in known)


def _stated(spec: ModelSpec, values: Input, names: Iterable[str]) -> Iterator[Any]:
    """Field by field: what the input says of it, then what the schema says where the input is silent."""
    properties = _properties(spec)
    for name in names:
        if values.get(name) is not None:
            yield values[name]
        schema = properties.get(name)
        if isinstance(schema, dict) and schema.get("default") is not None:
            yield schema["default"]


def _properties(spec: ModelSpec) -> Mapping[str, Any]:
    properties = spec.input_schema.get("properties", {})
    return properties if isinstance(properties, dict) else {}


def _decimal(value: Any) -> Decimal | None:
    """The number in `5`, `2.5`, `"5"` or `"5s"`; None for anything else and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = _NUMBER.match(str(value)) if isinstance(value, str) else None
    if isinstance(value, str) and match is None:
        return None
    try:
        number = Decimal(match[1] if match else str(value))
    except (InvalidOperation, DivisionByZero):
        return None
    return number if number.is_finite() else None


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_QUANTITIES: Mapping[PriceUnit, Callable[[ModelSpec, Input], Decimal]] = {
    "run": lambda _spec, _values: Decimal(1),
    "second": _seconds,
    "image": _images,
    "megapixel": _megapixels,
    "1k_chars": _thousand_chars,
    "1k_tokens": _thousand_tokens,
}
