"""What will come out of a step, as far as its model's schema and its input tell: for the steps after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from events.catalog.events import ModelSpec
from processors.agents.fitting.shapes import named_ratio, shaped
from processors.agents.plan import PlannedStep
from processors.executor import durations
from processors.executor.slots import resolved

_FIELDS: Final = {
    "width": ("width",),
    "height": ("height",),
    "aspect_ratio": ("aspect_ratio", "aspect", "ratio"),
    "size": ("size", "image_size", "resolution", "video_size"),
    "format": ("output_format", "format", "response_format"),
}
"""Hint → fields of models that set it."""


def output_hint(spec: ModelSpec, step: PlannedStep) -> dict[str, Any]:
    """By hint; what nothing is known of is absent. `duration_s` in seconds."""
    schema = spec.input_schema
    rules = {name: resolved(rule, schema) for name, rule in schema.get("properties", {}).items()}
    given, _ = shaped(step.input, rules)
    found: dict[str, Any] = {}
    for hint, names in _FIELDS.items():
        values = (_value(name, rules, given) for name in names if name in rules)
        if (value := next((one for one in values if one is not None), None)) is not None:
            found[hint] = value
    if "aspect_ratio" not in found and (ratio := named_ratio(found.get("size"))) is not None:
        found["aspect_ratio"] = ratio
    if (length := _duration(rules, step)) is not None:
        found["duration_s"] = length
    return found


def _value(name: str, rules: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> Any:
    value = given.get(name, rules[name].get("default"))
    return value if isinstance(value, str | int | float) else None


def _duration(rules: Mapping[str, Mapping[str, Any]], step: PlannedStep) -> float | None:
    """None for a model whose length nobody sets."""
    name = durations.field_for(rules)
    if name is None:
        return None
    wish = durations.wished(step.input, step.description)
    if wish is not None:
        return wish
    usual = durations.seconds(rules[name].get("default"))
    return usual / 1000 if usual is not None and name.endswith("_ms") else usual
