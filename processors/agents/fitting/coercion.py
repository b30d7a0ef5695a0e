"""Brings one value into the shape that a field's rule asks for; raises `Unfit` where that cannot be done."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from processors.agents.answers.lenient_json import INTEGER_MAX
from processors.executor import durations

Rule = Mapping[str, Any]
EXACT_MAX: Final = 2**53
"""Beyond it a float stands for more than one whole number."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


class Unfit(ValueError):
    """The value has nothing to do with the field."""


def coerced(value: Any, rule: Rule) -> Any:
    """5 for `"5s"`, `"16:9"` for `"16/9"`, `["x"]` for `"x"`, the nearest within bounds; Unfit for what is none."""
    if "const" in rule:
        return rule["const"]
    if rule.get("enum"):
        return _of(list(rule["enum"]), value)
    match kind_of(rule):
        case "array":
            return _listed(value, rule)
        case "integer" | "number":
            return _number(value, rule)
        case "boolean":
            return _truth(value)
        case "string":
            return _text(value, rule)
        case "object":
            return _object(value, rule)
        case _:
            return _keepable(value)


def kind_of(rule: Rule) -> str | None:
    """The type that it asks for, whether or not null will do as well; None where it asks for none."""
    kind = rule.get("type")
    kinds = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    return kinds[0] if kinds else None


def _of(choices: list[Any], value: Any) -> Any:
    """The same value, the same but for case and punctuation, or the nearest of numbers."""
    value = value[0] if isinstance(value, list) and value else value
    if value in choices and not isinstance(value, bool):
        return value
    alike = [choice for choice in choices if _folded(choice) == _folded(value)]
    if alike:
        return alike[0]
    wanted, numbers = (
        _plain_number(value),
        [(n, choice) for choice in choices if (n := _plain_number(choice)) is not None],
    )
    if wanted is None or len(numbers) != len(choices):
        raise Unfit(value)
    return min(numbers, key=lambda one: (abs(one[0] - wanted), -one[0]))[1]


def _folded(value: Any) -> str:
    return _NOT_WORD.sub("", str(value).lower())


def _plain_number(value: Any) -> float | None:
    """5, `"5"`, `"5s"`, `"1080p"`, 120 for `"2 minutes"`; no ratio and no size is one number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _finite(value)
    match = (
        re.fullmatch(r"(-?\d{1,12}(?:\.\d+)?)[\s-]{0,3}([a-z%]{0,12})", value.strip(), re.IGNORECASE)
        if isinstance(value, str)
        else None
    )
    return float(match[1]) * durations.scale(match[2]) if match else None


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _keepable(value: Any) -> Any:
    """As it is, but for numbers that no event can hold. Raises Unfit."""
    if isinstance(value, Mapping):
        return {key: _keepable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_keepable(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if (number := _finite(value)) is None:
        raise Unfit(value)
    return value if abs(value) <= INTEGER_MAX else number


def _listed(value: Any, rule: Rule) -> list[Any]:
    items = rule.get("items") if isinstance(rule.get("items"), Mapping) else {}
    listed = [coerced(one, items or {}) for one in (value if isinstance(value, list) else [value])]
    return listed[: rule.get("maxItems", len(listed))]


def _object(value: Any, rule: Rule) -> dict[str, Any]:
    """Its members each in shape; those that the rule does not know or that do not fit are left out."""
    if not isinstance(value, Mapping):
        raise Unfit(value)
    rules = rule.get("properties")
    if not isinstance(rules, Mapping):
        return {key: _keepable(one) for key, one in value.items()}
    names = {_folded(name): name for name in rules}
    built: dict[str, Any] = {}
    for key, one in value.items():
        name = key if key in rules else names.get(_folded(key))
        if name is None or name in built:
            continue
        with suppress(Unfit):
            built[name] = coerced(one, rules[name])
    if value and not built:
        raise Unfit(value)
    return built


def _number(value: Any, rule: Rule) -> int | float:
    number = _plain_number(value[0] if isinstance(value, list) and value else value)
    if number is None:
        raise Unfit(value)
    least, most = rule.get("minimum", number), rule.get("maximum", number)
    bounded = float(min(max(number, least), most))
    if kind_of(rule) == "integer":
        return min(max(round(bounded), -INTEGER_MAX), INTEGER_MAX)
    return round(bounded) if bounded.is_integer() and abs(bounded) <= EXACT_MAX else bounded


def _truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise Unfit(value)
    return word in _YES


def _text(value: Any, rule: Rule) -> str:
    """A list's first; numbers as text; too long is cut at the last word that fits."""
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, bool | Mapping | list) or value is None:
        raise Unfit(value)
    text, longest = str(value), rule.get("maxLength")
    if not isinstance(longest, int) or len(text) <= longest:
        return text
    return text[:longest].rsplit(None, 1)[0] if " " in text[:longest].strip() else text[:longest]
