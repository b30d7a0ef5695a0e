"""What is erased of a mirrored document when a person is forgotten: the same members as in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from commands.ports import ERASED
from projections.stores.firestore_wire import encode
from projections.stores.mongo import PERSONAL, PERSONAL_IN_LISTS


def erased(collection: str, fields: Mapping[str, Any], kids: Collection[str]) -> dict[str, Any]:
    """The members that change, as they are to be; none where nothing was sealed under one of these keys."""
    if "_kids" not in fields or not set(kids).intersection(fields["_kids"].map_value.fields):
        return {}
    changed: dict[str, Any] = {}
    for path, instead in PERSONAL[collection].items():
        name, _, inner = path.partition(".")
        if name not in fields:
            continue
        member = _copied(changed, fields, name)
        if not inner:
            member.Clear()
            encode(instead, member)
        elif inner in member.map_value.fields:
            encode(instead, member.map_value.fields[inner])
    for name, inner in PERSONAL_IN_LISTS.get(collection, ()):
        if name not in fields:
            continue
        member = _copied(changed, fields, name)
        # A list that grows is a map in the mirror.
        for one in (*member.array_value.values, *member.map_value.fields.values()):
            if inner in one.map_value.fields:
                encode(ERASED, one.map_value.fields[inner])
    return changed


def _copied(changed: dict[str, Any], fields: Mapping[str, Any], name: str) -> Any:
    if name not in changed:
        changed[name] = type(fields[name])()
        changed[name].CopyFrom(fields[name])
    return changed[name]
