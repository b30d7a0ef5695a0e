"""Documents on Firestore's wire: values, field paths and merges, made without the detour over the client's models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from google.cloud.firestore_v1.types import Write

_Write: Final = Write.pb()
_SIMPLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

Path = tuple[str, ...]


class Merge:
    """What is written of a document: nested data, and the paths that are replaced or deleted; the rest stays."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._paths: dict[Path, None] = {}

    def put(self, path: Path, value: Any) -> None:
        self.delete(path)
        data = self._data
        for name in path[:-1]:
            data = data.setdefault(name, {})
        data[path[-1]] = dict(value) if isinstance(value, Mapping) else value

    def delete(self, path: Path) -> None:
        """Takes the path out of the data; as it is named, it goes from the document, too."""
        if not any(path[:length] in self._paths for length in range(1, len(path))):
            self._paths = {other: None for other in self._paths if other[: len(path)] != path}
            self._paths[path] = None
        data: Any = self._data
        for name in path[:-1]:
            data = data.get(name) if isinstance(data, dict) else None
        if isinstance(data, dict):
            data.pop(path[-1], None)

    @property
    def data(self) -> Mapping[str, Any]:
        return self._data

    @property
    def paths(self) -> list[str]:
        """Firestore takes no path inside of another one: only the outermost are here."""
        return [".".join(quoted(name) for name in path) for path in self._paths]


def write_of(name: str, merge: Merge) -> Any:
    """A write that touches the named paths and nothing else."""
    write = _Write()
    write.update.name = name
    for field, value in merge.data.items():
        encode(value, write.update.fields[field])
    write.update_mask.field_paths.extend(merge.paths)
    return write


def replacing(name: str, members: Mapping[str, Any]) -> Any:
    """A write that puts these members, which are on the wire's form already, in the place of what is there."""
    write = _Write()
    write.update.name = name
    for field, value in members.items():
        write.update.fields[field].CopyFrom(value)
        write.update_mask.field_paths.append(quoted(field))
    return write


def encode(value: Any, into: Any) -> None:
    """Any JSON value."""
    match value:
        case None:
            into.null_value = 0
        case bool():
            into.boolean_value = value
        case int():
            into.integer_value = value
        case float():
            into.double_value = value
        case str():
            into.string_value = value
        case Mapping():
            into.map_value.SetInParent()
            for name, inner in value.items():
                encode(inner, into.map_value.fields[name])
        case list() | tuple():
            into.array_value.SetInParent()
            for inner in value:
                # An array inside of an array has no place in Firestore: it stands as a map by index.
                plain = dict(zip(map(str, range(len(inner))), inner, strict=True)) if isinstance(inner, list) else inner
                encode(plain, into.array_value.values.add())
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON value")


def quoted(name: str) -> str:
    """A step of a field path."""
    if _SIMPLE.match(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
