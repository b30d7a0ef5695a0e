"""JSON Schemas of all event types for outside consumers; `python -m events.schema` writes them to `events/schemas/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from events.model import Event
from events.types import REGISTRY

FOLDER = Path(__file__).parent / "schemas"
TIGHTENING = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
RAISING = ("minLength", "minItems", "minimum", "exclusiveMinimum")


def schema_of(model: type[Event]) -> dict[str, Any]:
    """JSON Schema 2020-12 of the event's data as it is written."""
    schema = model.model_json_schema(mode="serialization", by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = model.ce_type()
    return schema


def render(model: type[Event]) -> str:
    return json.dumps(schema_of(model), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    for model in REGISTRY.models:
        (folder / f"{model.ce_type()}.json").write_text(render(model))


def breaking(old: dict[str, Any], new: dict[str, Any], at: str = "") -> list[str]:
    """What of `new` an event written under `old` might violate, one line each; [] where old events still fit.

    Both are schemas of the same type and version. References are compared by what `$defs` holds under their name.
    """
    found: list[str] = []
    for name, definition in old.get("$defs", {}).items():
        if name in new.get("$defs", {}):
            found += breaking(definition, new["$defs"][name], f"{at}/$defs/{name}")
    for field in set(new.get("required", ())) - set(old.get("required", ())):
        found.append(f"{at}/{field}: is required now")
    for keyword in ("type", "$ref", "const", "pattern", "format"):
        if keyword in new and old.get(keyword) != new[keyword]:
            found.append(f"{at}: {keyword} was {old.get(keyword)!r}, is {new[keyword]!r}")
    if "enum" in new:
        gone = [value for value in old.get("enum", [old.get("const")]) if value not in new["enum"]]
        found += [f"{at}: {value!r} is no longer allowed" for value in gone]
    found += [f"{at}: {k} is lower" for k in TIGHTENING if k in new and new[k] < old.get(k, float("inf"))]
    found += [f"{at}: {k} is higher" for k in RAISING if k in new and new[k] > old.get(k, float("-inf"))]
    for name, schema in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            found.append(f"{at}/{name}: is gone")
        else:
            found += breaking(schema, new["properties"][name], f"{at}/{name}")
    if "items" in old and "items" in new:
        found += breaking(old["items"], new["items"], f"{at}/items")
    for keyword in ("anyOf", "oneOf"):
        gone = [option for option in old.get(keyword, ()) if option not in new.get(keyword, ())]
        found += [f"{at}: {keyword} no longer has {option}" for option in gone]
    return found


if __name__ == "__main__":
    write()
