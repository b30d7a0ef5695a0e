"""Event types are a contract: the schema files are approved, old events stay readable, breaks are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from events.model import Event
from events.registry import UnknownEventType, encode
from events.schema import FOLDER, breaking, render, schema_of
from events.types import REGISTRY

GOLDEN = Path(__file__).parent.parent.parent / "golden" / "events.jsonl"
"""Events as earlier code wrote them: lines are only ever added."""

BASE: dict[str, Any] = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}, "c": {"type": "string", "maxLength": 9}},
}


@pytest.mark.parametrize("model", REGISTRY.models, ids=lambda model: model.ce_type())
def test_the_schema_file_is_the_models(model: type[Event]) -> None:
    approved = (FOLDER / f"{model.ce_type()}.json").read_text()
    problems = breaking(json.loads(approved), schema_of(model))
    assert problems == [], "old events would not fit: raise `v` and write an upcaster"
    assert render(model) == approved, "compatible, but not written: run `python -m events.schema`"


def test_no_schema_file_is_left_over() -> None:
    names = {f"{model.ce_type()}.json" for model in REGISTRY.models}
    old_versions = {path.name for path in FOLDER.glob("*.json")} - names
    for name in old_versions:
        context, event, version = name.removesuffix(".json").split(".")[2:]
        current = next(m for m in REGISTRY.models if (m.context, m.name) == (context, event))
        assert int(version[1:]) < current.v, f"{name} belongs to no type"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"required": ["a", "b"]}, "/b: is required now"),
        ({"properties": {**BASE["properties"], "a": {"type": "string"}}}, "/a: type was 'integer', is 'string'"),
        ({"properties": {**BASE["properties"], "b": {"enum": ["x"]}}}, "/b: 'y' is no longer allowed"),
        ({"properties": {**BASE["properties"], "c": {"type": "string", "maxLength": 5}}}, "/c: maxLength is lower"),
        ({"properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}}, "/c: is gone"),
    ],
)
def test_a_breaking_change_is_named(change: dict[str, Any], problem: str) -> None:
    assert breaking(BASE, {**BASE, **change}) == [problem]


def test_a_new_optional_field_breaks_nothing() -> None:
    assert breaking(BASE, {**BASE, "properties": {**BASE["properties"], "d": {"type": "string"}}}) == []


def test_events_of_earlier_code_are_read_and_written_as_they_were() -> None:
    lines = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    assert lines
    for line in lines:
        event = REGISTRY.decode(line["type"], json.dumps(line["data"]).encode())
        if event.ce_type() == line["type"]:
            assert json.loads(encode(event)) == line["data"]


def test_a_type_that_nobody_knows_stops_the_reader() -> None:
    for ce_type in (
        "com.aistudio.jobs.queued.v9",
        "com.aistudio.jobs.unheard.v1",
        "queued",
        "com.other.jobs.queued.v1",
    ):
        with pytest.raises(UnknownEventType):
            REGISTRY.decode(ce_type, b"{}")
