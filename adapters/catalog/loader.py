"""Reads the catalog's YAML files into checked models, each with the hash of its own entry.

A file is `{provider, models: [entry…]}`; `shared` may hold anchors. An entry has the fields of a `ModelSpec`; its
provider is the file's unless it names its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import ValidationError

from events.catalog.events import ModelSpec

FOLDER = Path(__file__).parent
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C where that is there: ten times as fast."""


class CatalogError(ValueError):
    """A file says something that no catalog can hold."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as its file describes it. The hash changes with the entry, and with whether its provider is there."""

    spec: ModelSpec
    source_hash: str


def load(available: Callable[[str], bool], folder: Path = FOLDER) -> tuple[Entry, ...]:
    """All entries of all files; those of providers that are not `available` are listed as inactive."""
    return offered(read(folder), available)


def read(folder: Path = FOLDER) -> tuple[ModelSpec, ...]:
    """All entries of all files, checked."""
    specs: dict[str, ModelSpec] = {}
    for path in sorted(folder.glob("*.yaml")):
        for raw in _entries(path):
            spec = _spec(path, raw)
            if spec.id in specs:
                raise CatalogError(f"{path.name}: {spec.id} is there twice")
            specs[spec.id] = spec
    return tuple(specs.values())


def offered(specs: Iterable[ModelSpec], available: Callable[[str], bool]) -> tuple[Entry, ...]:
    """The entries, those of providers that are not `available` as inactive."""
    listed = (spec.model_copy(update={"active": spec.active and available(spec.provider)}) for spec in specs)
    return tuple(Entry(spec, source_hash(spec)) for spec in listed)


def source_hash(spec: ModelSpec) -> str:
    """SHA-256 over the RFC 8785 form."""
    canonical = rfc8785.dumps(spec.model_dump(mode="json", exclude_none=True))
    return hashlib.sha256(canonical).hexdigest()


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=YAML)
    if not isinstance(document, dict) or set(document) - {"provider", "shared", "models"}:
        raise CatalogError(f"{path.name}: a file has `provider`, `shared` and `models`, nothing else")
    for raw in document.get("models") or ():
        if not isinstance(raw, dict):
            raise CatalogError(f"{path.name}: {raw!r} is no entry")
        yield {"provider": document["provider"], **raw} if "provider" in document else raw


def _spec(path: Path, raw: dict[str, Any]) -> ModelSpec:
    try:
        spec = ModelSpec.model_validate(raw)
        Draft202012Validator.check_schema(spec.input_schema)
    except (ValidationError, SchemaError) as error:
        raise CatalogError(f"{path.name}: {raw.get('id', raw)}: {error}") from error
    if spec.input_schema.get("type") != "object":
        raise CatalogError(f"{path.name}: {spec.id}: the input is no object")
    return spec
