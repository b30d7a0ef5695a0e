"""Writes applied to a document in memory, as a store applies them: for answers from the log itself. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from projections.writes import Insert, Update, Write

Document = dict[str, Any]
VERSION = "_v"
"""The member that holds the version of its stream that a document has seen."""


def applied(document: Document | None, write: Insert | Update) -> Document | None:
    """The document after the write; what it has seen already, or what has no document yet, changes nothing."""
    if isinstance(write, Insert):
        return document if document is not None else copy.deepcopy({**write.document, VERSION: write.version})
    if document is None or document[VERSION] >= write.version:
        return document
    for path, value in (*write.set.items(), (VERSION, write.version)):
        _put(document, path, value)
    for path in write.unset:
        _drop(document, path)
    for path, amount in write.add.items():
        _put(document, path, _get(document, path) + amount)
    for path, (_, value) in write.push.items():
        document[path] = [*document.get(path, ()), value]
    return document


def documents_of(writes: Iterable[Write]) -> dict[tuple[str, str], Document]:
    """What all these writes make of all documents, by collection and id."""
    found: dict[tuple[str, str], Document] = {}
    for write in writes:
        if isinstance(write, Insert | Update):
            after = applied(found.get((write.collection, write.id)), write)
            if after is not None:
                found[write.collection, write.id] = after
    return found


def document_of(writes: Iterable[Write], collection: str, document_id: str) -> Mapping[str, Any] | None:
    """What all these writes make of one document."""
    found: Document | None = None
    for write in writes:
        if isinstance(write, Insert | Update) and (write.collection, write.id) == (collection, document_id):
            found = applied(found, write)
    return found


def _get(document: Document, path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found.get(name, 0) if isinstance(found, dict) else found[int(name)]
    return found


def _drop(document: Document, path: str) -> None:
    *way, last = path.split(".")
    at: Any = document
    for name in way:
        at = at.get(name, {})
    at.pop(last, None)


def _put(document: Document, path: str, value: Any) -> None:
    *way, last = path.split(".")
    at: Any = document
    for name in way:
        at = at.setdefault(name, {}) if isinstance(at, dict) else at[int(name)]
    at[last] = value
