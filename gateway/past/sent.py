"""What a step's job was really sent, and from where each part of it came. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
Source = Mapping[str, str]
"""`{kind, name?}`: a `step` or an `upload` by its name, what was `planned`, the step's `description`, or what the
`model` has where nobody said anything."""

PLANNED: Source = {"kind": "planned"}
DESCRIPTION: Source = {"kind": "description"}
MODEL: Source = {"kind": "model"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a step was to do when it became ready, and what there was for it."""

    title: str = ""
    description: str = ""
    planned: Any = None
    uploads: Mapping[str, str] = field(default_factory=dict)
    """Asset → label, of the session's files."""
    texts: tuple[tuple[str, str], ...] = ()
    """(step, words) of what came out of the steps before it."""


def shown(sent: Any, view: Callable[[Document], Document]) -> Any:
    """The input with each file as answers show it; words that are sealed inside of one are left out."""
    if isinstance(sent, Mapping):
        if isinstance(file := sent.get("$asset"), Mapping):
            return {"$asset": view({name: value for name, value in file.items() if name != "text"})}
        return {name: shown(value, view) for name, value in sent.items()}
    return [shown(one, view) for one in sent] if isinstance(sent, list) else sent


def by_content(sent: Any) -> Any:
    """The same for inputs that say the same, files by their bytes."""
    if isinstance(sent, Mapping):
        if isinstance(file := sent.get("$asset"), Mapping):
            return {"$asset": file.get("sha256")}
        return {name: by_content(value) for name, value in sent.items()}
    return [by_content(one) for one in sent] if isinstance(sent, list) else sent


def differing(one: Any, other: Any) -> list[str]:
    """The places at which two inputs do not say the same."""
    first, second = ({_pointer(path): by_content(value) for path, value in _leaves(each, ())} for each in (one, other))
    absent = object()
    return [at for at in {**first, **second} if first.get(at, absent) != second.get(at, absent)]


def sources(sent: Any, asked: Asked, made: Mapping[str, str]) -> list[dict[str, Any]]:
    """For each value in the input the places that it came from. `made`: asset → the step that made it in this run."""
    return [
        {"pointer": _pointer(path), "from": [dict(one) for one in _of(path, value, asked, made)]}
        for path, value in _leaves(sent, ())
    ]


def _pointer(path: tuple[str, ...]) -> str:
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in path)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and "$asset" not in value:
        for name, one in value.items():
            yield from _leaves(one, (*path, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _leaves(one, (*path, str(index)))
    elif path:
        yield path, value


def _of(path: tuple[str, ...], value: Any, asked: Asked, made: Mapping[str, str]) -> list[Source]:
    if isinstance(value, Mapping):
        return [_of_file(value["$asset"], asked, made)]
    planned = asked.planned if isinstance(asked.planned, Mapping) else {}
    if any(value == said and type(value) is type(said) and _alike(path[0], name) for name, said in planned.items()):
        return [PLANNED]
    if isinstance(value, str) and value:
        return _of_words(value, asked, planned)
    if dict(_leaves(planned, ())).get(path, ...) == value:
        return [PLANNED]
    return [MODEL]


def _alike(name: str, other: str) -> bool:
    """`duration_s` of a plan is `duration` of a model."""
    return name.startswith(other) or other.startswith(name)


def _of_file(file: Document, asked: Asked, made: Mapping[str, str]) -> Source:
    asset = str(file.get("asset_id"))
    if asset in made:
        return {"kind": "step", "name": made[asset]}
    if asset in asked.uploads:
        return {"kind": "upload", "name": asked.uploads[asset]}
    return PLANNED


def _of_words(words: str, asked: Asked, planned: Document) -> list[Source]:
    """An instruction may be the description and, below it, what the steps before have written."""
    found: list[Source] = []
    own = asked.description.strip() or asked.title.strip()
    if any(isinstance(said, str) and _holds(words, said) for said in planned.values()):
        found.append(PLANNED)
    elif _holds(words, own) or _holds(own, words):
        found.append(DESCRIPTION)
    found += [{"kind": "step", "name": step} for step, text in asked.texts if _holds(words, text)]
    return found or [MODEL]


def _holds(words: str, part: str) -> bool:
    """A single word stands in many a text that it did not come from."""
    part = part.strip()
    return bool(part) and (part == words.strip() or (len(part.split()) > 1 and part in words))
