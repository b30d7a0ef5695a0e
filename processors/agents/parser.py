"""Reads a planner's answer in four layers: fence, direct, repair, every complete step. Never raises, never invents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from processors.agents.fences import Thoughts, blocks, without_thoughts
from processors.agents.lenient_json import INTEGER_MAX, LenientReader
from processors.agents.plan import Layer, ParsedPlan, PlannedStep

TITLE_MAX_CHARS: Final = 200
TEXT_MAX_CHARS: Final = 8000
LABEL_MAX_CHARS: Final = 64

INPUT_DEPTH_MAX: Final = 32
INPUT_BYTES_MAX: Final = 20_000
"""Of a step's whole input: sealed it grows by a third, and an event stays under 64 KiB."""
REFERENCES_MAX: Final = 500

_NOT_LABEL = re.compile(r"[^A-Za-z0-9_-]+")


def parse_plan(answer: str) -> ParsedPlan:
    """The plan in a model's answer, however it is wrapped, broken or cut off."""
    text = without_thoughts(_whole_characters(answer))
    candidates = [*blocks(text), text]
    for candidate in candidates:
        if (plan := _direct(candidate)) is not None:
            return plan
    read = [_lenient(candidate) for candidate in candidates]
    with_steps = [plan for plan in read if plan.steps]
    readable = [plan for plan in read if plan.layer != "none"]
    return next(iter([*with_steps, *readable]), ParsedPlan("", (), "none", truncated=bool(answer.strip())))


class IncrementalParser:
    """The same while the answer is still being written: hands out each step as soon as its brace closes."""

    def __init__(self) -> None:
        self._thoughts = Thoughts()
        self._reader = LenientReader()
        self._labels = _Labels()

    def feed(self, delta: str) -> list[PlannedStep]:
        text = self._thoughts.feed(_whole_characters(delta))
        return list(self._labels.read(self._reader.feed(text))) if text else []


def _direct(candidate: str) -> ParsedPlan | None:
    try:
        value = orjson.loads(candidate.strip())
    except orjson.JSONDecodeError:
        return None
    found = _find(value)
    return _plan(*found, layer="direct", truncated=False) if found else None


def _lenient(candidate: str) -> ParsedPlan:
    reader = LenientReader()
    reader.feed(candidate)
    rest = reader.open_root()
    values = [(root, False) for root in reader.roots] + ([(rest, True)] if rest is not None else [])
    found = [(*holder, cut) for value, cut in values if (holder := _find(value))]
    best = next((f for f in found if f[1]), next(iter(found), None))
    if best is None:
        return ParsedPlan("", (), "none", truncated=bool(candidate.strip()))
    head, listed, cut = best
    return _plan(head, listed, layer="partial" if cut else "repaired", truncated=cut)


def _find(value: Any) -> tuple[Mapping[str, Any], list[Any]] | None:
    """The object that has the steps, at the top or one level below, or a bare list of them."""
    if isinstance(value, list):
        return ({}, value) if any(isinstance(item, dict) for item in value) else None
    if not isinstance(value, dict):
        return None
    holders = (value, *(inner for inner in value.values() if isinstance(inner, dict)))
    listed = [(holder, steps) for holder in holders if isinstance(steps := holder.get("steps"), list)]
    with_objects = [(holder, steps) for holder, steps in listed if any(isinstance(step, dict) for step in steps)]
    if listed:
        return (with_objects or listed)[0]
    return ({**value}, []) if isinstance(value.get("reason"), str) else None


def _plan(head: Mapping[str, Any], steps: list[Any], *, layer: Layer, truncated: bool) -> ParsedPlan:
    listed = [step for step in steps if isinstance(step, dict)]
    read = tuple(_Labels().read(step for step in listed if step.get("removed") is not True))
    gone = [step.get("id") for step in listed if step.get("removed") is True]
    reason = text(head.get("reason"), TEXT_MAX_CHARS)
    return ParsedPlan(
        title=text(head.get("title"), TITLE_MAX_CHARS),
        steps=read,
        layer=layer,
        reason=reason or None,
        truncated=truncated,
        removed=tuple(dict.fromkeys([*_references(head.get("removed")), *_references(gone)])),
    )


class _Labels:
    """Reads raw steps in order; a step without an id is called after its place."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, raw: Iterable[Mapping[str, Any]]) -> Iterator[PlannedStep]:
        for step in raw:
            self._count += 1
            title = text(step.get("title") or step.get("name"), TITLE_MAX_CHARS)
            description = text(step.get("description"), TEXT_MAX_CHARS) or title
            kind = text(step.get("agent_type") or step.get("type"), LABEL_MAX_CHARS)
            if not (description and kind):
                continue
            yield PlannedStep(
                id=label(step.get("id")) or f"s{self._count}",
                title=title or description[:TITLE_MAX_CHARS],
                description=description,
                agent_type=kind,
                depends_on=tuple(_references(step.get("depends_on"))),
                model=text(step.get("model"), TITLE_MAX_CHARS) or None,
                input=_input(step.get("input")),
                unchanged=step.get("unchanged") is True,
            )


def label(raw: Any) -> str:
    """A short id of letters, digits, `_` and `-`; empty when there is none."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    return _NOT_LABEL.sub("_", str(raw).strip())[:LABEL_MAX_CHARS].strip("_")


def _references(raw: Any) -> Iterator[str]:
    items = raw if isinstance(raw, list) else raw.split(",") if isinstance(raw, str) else [raw]
    for item in items[:REFERENCES_MAX]:
        reference = label(item.get("id") if isinstance(item, dict) else item)
        if reference:
            yield reference


def _input(raw: Any) -> Mapping[str, Any]:
    """Empty where there is none, or more than a step's event can hold."""
    if not isinstance(raw, dict):
        return {}
    kept: dict[str, Any] = _kept(raw, INPUT_DEPTH_MAX)
    return kept if len(orjson.dumps(kept)) <= INPUT_BYTES_MAX else {}


def _kept(value: Any, depth: int) -> Any:
    """As every reader after this one can keep it: what is deeper or larger than that is null."""
    if isinstance(value, dict):
        return {key: _kept(inner, depth - 1) for key, inner in value.items()} if depth > 0 else None
    if isinstance(value, list):
        return [_kept(inner, depth - 1) for inner in value] if depth > 0 else None
    if isinstance(value, int) and not -INTEGER_MAX <= value <= INTEGER_MAX:
        return float(value)
    return value


def _whole_characters(text: str) -> str:
    """Halves of surrogate pairs can stand in no UTF-8, and so in no event."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def text(raw: Any, longest: int) -> str:
    """Words as they can be kept; empty where there are none."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    return str(raw).strip()[:longest]
