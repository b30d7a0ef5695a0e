"""Reads a planner's answer in four layers: fence, direct, repair, every complete step. Never raises, never invents."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from processors.agents.answers.fences import blocks, without_thoughts
from processors.agents.answers.lenient_json import INTEGER_MAX, STEPS_DEPTH, STEPS_KEY, LenientReader
from processors.agents.answers.refusals import declines
from processors.agents.answers.thoughts import Thoughts
from processors.agents.plan import Layer, ParsedPlan, PlannedStep

TITLE_MAX_CHARS: Final = 200
TEXT_MAX_CHARS: Final = 8000
LABEL_MAX_CHARS: Final = 64
MARK_CHARS: Final = 8

INPUT_DEPTH_MAX: Final = 32
INPUT_BYTES_MAX: Final = 20_000
"""Of a step's whole input: sealed it grows by a third, and an event stays under 64 KiB."""
REFERENCES_MAX: Final = 500

_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "stepid"),
    "title": ("title", "name"),
    "description": ("description", "desc", "details", "prompt"),
    "kind": ("agenttype", "type", "kind", "agent"),
    "depends_on": ("dependson", "dependencies", "depends", "deps"),
    "model": ("model", "modelid"),
    "input": ("input", "inputs", "parameters", "params"),
}
"""Of a step's members, without case and what parts words."""
_BETWEEN = re.compile(r"\s*(?:[,;&]|\band\b|\bund\b)\s*", re.IGNORECASE)
_NOT_LABEL = re.compile(r"[^A-Za-z0-9_-]+")


def parse_plan(answer: str) -> ParsedPlan:
    """The plan in a model's answer, however it is wrapped, broken or cut off. Of several the last that is complete."""
    text = without_thoughts(_whole_characters(answer))
    if (plan := _direct(text)) is not None:
        return plan
    fenced = [plan for block in blocks(text) if (plan := _direct(block) or _lenient(block)).layer != "none"]
    around = _lenient(text)
    complete = [plan for plan in fenced if plan.steps and not plan.truncated]
    if around.steps and not around.truncated and all(around.steps != plan.steps for plan in complete):
        return around
    with_steps = [plan for plan in (*fenced, around) if plan.steps]
    readable = [plan for plan in (*fenced, around) if plan.layer != "none"]
    nothing = ParsedPlan("", (), "none", truncated=bool(answer.strip()), refused=declines(text))
    return next(iter([*reversed(complete), *with_steps, *readable]), nothing)


class IncrementalParser:
    """The same while the answer is still being written: hands out each step as soon as its brace closes."""

    def __init__(self) -> None:
        self._thoughts = Thoughts()
        self._reader = LenientReader()
        self._labels = _Labels()

    def feed(self, delta: str) -> list[PlannedStep]:
        said = (one.text for one in self._thoughts.feed(_whole_characters(delta)) if one.kind == "content")
        text = "".join(said)
        return list(self._labels.read(step for step in self._reader.feed(text) if _is_step(step))) if text else []


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
    roots = reader.roots if any(map(_find, reader.roots)) else [*reader.roots, *reader.asides]
    found = [(*holder, False) for root in roots if (holder := _find(root))]
    if rest is not None and (holder := _find(rest)):
        found.append((*holder, True))
    complete = (one for one in reversed(found) if one[1] and not one[2])
    best = next(complete, None) or next((one for one in found if one[1]), None)
    if best is None and (loose := [root for root in roots if _is_step(root)]):
        best = {}, loose, rest is not None
    best = best or next(iter(found), None)
    if best is None:
        return ParsedPlan("", (), "none", truncated=bool(candidate.strip()))
    head, listed, cut = best
    return _plan(head, listed, layer="partial" if cut else "repaired", truncated=cut)


def _find(value: Any) -> tuple[Mapping[str, Any], list[Any]] | None:
    """The object that has the steps, the nearest to the top, or a bare list of them."""
    if isinstance(value, list):
        return ({}, value) if any(isinstance(item, dict) for item in value) else None
    if not isinstance(value, dict):
        return None
    listed = [(holder, steps) for holder in _holders(value) if (steps := _steps_of(holder)) is not None]
    with_objects = [(holder, steps) for holder, steps in listed if any(isinstance(step, dict) for step in steps)]
    if listed:
        return (with_objects or listed)[0]
    return ({**value}, []) if isinstance(value.get("reason"), str) and not _is_step(value) else None


def _holders(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The object and those in it, the outer ones first."""
    layer = [value]
    for _ in range(STEPS_DEPTH):
        yield from layer
        layer = [inner for outer in layer for inner in outer.values() if isinstance(inner, dict)]


def _steps_of(holder: Mapping[str, Any]) -> list[Any] | None:
    named = {key.lower(): steps for key, steps in holder.items()}
    if isinstance(steps := named.get(STEPS_KEY), list):
        return steps
    if isinstance(steps, dict) and all(isinstance(step, dict) for step in steps.values()):
        return [{"id": name, **step} for name, step in steps.items()]
    others = (named[name] for name in ("plan", "tasks", "nodes") if isinstance(named.get(name), list))
    return next((listed for listed in others if any(map(_is_step, listed))), None)


def _is_step(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    fields = _Fields(value)
    return bool(fields.words("kind") and (fields.words("title") or fields.words("description")))


def _plan(head: Mapping[str, Any], steps: list[Any], *, layer: Layer, truncated: bool) -> ParsedPlan:
    listed = [step for step in steps if isinstance(step, dict)]
    read = tuple(_Labels().read(step for step in listed if step.get("removed") is not True))
    gone = [step.get("id") for step in listed if step.get("removed") is True]
    reason, without = text(head.get("reason"), TEXT_MAX_CHARS), head.get("left_out")
    return ParsedPlan(
        title=text(head.get("title"), TITLE_MAX_CHARS),
        steps=read,
        layer=layer,
        reason=reason or None,
        left_out=text(without, TEXT_MAX_CHARS) or None if isinstance(without, str) else None,
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
            fields = _Fields(step)
            title = text(fields.words("title"), TITLE_MAX_CHARS)
            description = text(fields.words("description"), TEXT_MAX_CHARS) or title
            kind = text(fields.words("kind"), LABEL_MAX_CHARS)
            if not description:
                continue  # without words it is no step; one without a kind is one that the rules will object to
            yield PlannedStep(
                id=label(fields.get("id")) or f"s{self._count}",
                title=title or description[:TITLE_MAX_CHARS],
                description=description,
                agent_type=kind,
                depends_on=tuple(_references(fields.get("depends_on"))),
                model=text(fields.words("model"), TITLE_MAX_CHARS) or None,
                input=_input(fields.get("input")),
                unchanged=step.get("unchanged") is True,
            )


class _Fields:
    """A raw step's members by what they are, however models spell their names."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = {key.lower().replace("_", "").replace("-", "").replace(" ", ""): raw[key] for key in [*raw][::-1]}

    def get(self, name: str) -> Any:
        """The first that is there."""
        found = (self._raw[spelling] for spelling in _SPELLINGS[name] if self._raw.get(spelling) is not None)
        return next(found, None)

    def words(self, name: str) -> str | int | float | None:
        """The first that says something."""
        values = (self._raw.get(spelling) for spelling in _SPELLINGS[name])
        return next((value for value in values if text(value, LABEL_MAX_CHARS)), None)


def label(raw: Any) -> str:
    """A short id of letters, digits, `_` and `-`; empty when there is none. Names in another script stay apart from
    each other, the same each time."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    folded = "".join(one for one in unicodedata.normalize("NFKD", str(raw).strip()) if not unicodedata.combining(one))
    plain = _NOT_LABEL.sub("_", folded)[:LABEL_MAX_CHARS].strip("_")
    if not any(one.isalnum() and not one.isascii() for one in folded):
        return plain
    mark = hashlib.sha256(folded.encode(errors="replace")).hexdigest()[:MARK_CHARS]
    return f"{plain[: LABEL_MAX_CHARS - MARK_CHARS - 1]}_{mark}".lstrip("_")


def _references(raw: Any) -> Iterator[str]:
    items = raw if isinstance(raw, list) else _BETWEEN.split(raw) if isinstance(raw, str) else [raw]
    for item in items[:REFERENCES_MAX]:
        reference = label(_Fields(item).get("id") if isinstance(item, dict) else item)
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
