"""What an engine is: loaded once, run many times, files out; a diffusion model on a GPU implements the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]
Schema = dict[str, Any]


class EngineError(Exception):
    """The engine could not make its files; `category` is the platform's name for the reason."""

    category = "unknown"


class InputRefused(EngineError):
    """The input cannot be worked with, however often it is tried."""

    category = "input_validation"


class EngineCancelled(Exception):
    """The run was given up because its caller asked for that."""


@dataclass(frozen=True)
class OutputFile:
    """A finished file in the run's folder and what is known of its content."""

    path: Path
    media_type: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


@dataclass(frozen=True)
class EngineSpec:
    """What a worker and the catalog need to know of an engine before it runs."""

    model: str
    name: str  # the honest label that every file carries, such as local-cpu/picture
    input_schema: Schema
    media_out: tuple[str, ...]
    max_runtime_s: int
    tags: tuple[str, ...] = field(default=())
    loads_first: bool = False  # its weights take long: it is served once they are there, and not before


class Engine(Protocol):
    """A model. Each is used by one process at a time, so it needs no locks."""

    spec: EngineSpec

    def load(self) -> None:
        """Bring weights and libraries into memory, once."""

    def run(
        self,
        inputs: dict[str, Any],
        *,
        progress: Progress,
        cancelled: Cancelled,
        workdir: Path,
        seed: int,
    ) -> list[OutputFile]:
        """Make the files. Media fields of `inputs` hold local paths."""


def stop_if(cancelled: Cancelled) -> None:
    if cancelled():
        raise EngineCancelled


def media_fields(schema: Schema) -> dict[str, str]:
    """The fields of a schema that hold media, with their medium; an array's items count as the field."""
    found: dict[str, str] = {}
    for name, rule in schema.get("properties", {}).items():
        medium = rule.get("x-media") or rule.get("items", {}).get("x-media")
        if medium:
            found[name] = medium
    return found
