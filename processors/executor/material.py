"""What a step has to be wired with: its words, its input and the opened outputs and uploads around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from commands.pricing import REFERENCE
from events.assets import AssetRef
from events.ids import label_of

_LABEL: Final = re.compile(r"(?:made_)?(?:image|video|audio|3d|text|other)_\d{1,4}")

Kind = str
"""`image`, `video`, `audio`, `3d`, `text` or `other`."""


@dataclass(frozen=True, slots=True)
class Material:
    """One file; `text` is its opened text where it has one inline."""

    asset: AssetRef
    text: str | None = None

    @property
    def kind(self) -> Kind:
        return kind_of(self.asset.media_type)

    def value(self) -> dict[str, Any]:
        """How the file stands in a job's input; the dispatcher makes a link of it."""
        return {"$asset": self.asset.model_dump(mode="json", by_alias=True, exclude_none=True)}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A step that this one depends on, with what came out of it."""

    step_id: str
    outputs: tuple[Material, ...]

    @property
    def label(self) -> str:
        """`stp_X.2.s3` → `s3`."""
        return label_of(self.step_id)


@dataclass(frozen=True, slots=True)
class OpenedStep:
    """A `step_ready` with its sealed texts opened. `upstream` is in the order of the step's dependencies."""

    agent_type: str
    title: str
    description: str
    input: Mapping[str, Any] = field(default_factory=dict)
    upstream: tuple[Upstream, ...] = ()
    uploads: tuple[tuple[str, Material], ...] = ()
    """(label, file), for example `image_1`."""

    def find(self, reference: str) -> tuple[Material, ...]:
        """The files that a text in the input stands for: `image_1`, `upload:image_1`, `step:s1`, `step:<step id>`;
        `step:s1#2` is the second of them."""
        scheme, _, name = reference.strip().rpartition(":")
        if scheme == "step":
            name, _, number = name.partition("#")
            files = next((step.outputs for step in self.upstream if name in (step.step_id, step.label)), ())
            if not number:
                return files
            return files[int(number) - 1 : int(number)] if re.fullmatch(r"[1-9]\d?", number) else ()
        if scheme not in ("", "upload"):
            return ()
        return tuple(file for label, file in self.uploads if label == name)

    @property
    def unknown(self) -> frozenset[str]:
        """Labels of files that the input names and that are not among its uploads."""
        labels = {one.strip().removeprefix("upload:") for one in _texts(self.input)}
        return frozenset(one for one in labels if _LABEL.fullmatch(one)) - {label for label, _ in self.uploads}


def refers(text: str) -> bool:
    """Whether this is how a file is named in an input, and nothing that a provider could read."""
    return REFERENCE.match(text.strip()) is not None or _LABEL.fullmatch(text.strip()) is not None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def kind_of(media_type: str) -> Kind:
    """The medium that a content type belongs to."""
    top, _, sub = media_type.split(";", 1)[0].strip().lower().partition("/")
    if top in ("image", "video", "audio", "text"):
        return top
    if top == "model" or sub in ("gltf-buffer", "x-fbx"):
        return "3d"
    if sub in ("json", "x-subrip"):
        return "text"
    return "audio" if sub == "ogg" else "other"
