"""References in a step's input: `upload:<label>` for a file of the session, `step:<step id>` for another step's output.

They are plain strings, alone in a field or in a list, so that an input keeps the shape its model's schema asks for;
the wiring puts the asset in their place. Planners write them in many ways (`image_1`, `Image 1`, a file's name, a
shortened address, `s1`); `Known` reads them. What belongs to nothing known is no reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rapidfuzz import fuzz, process

LABEL = re.compile(r"\b((?:made_)?(?:image|video|audio|3d|text|other))[ _-]?(\d{1,4})\b", re.IGNORECASE)
"""`image_1` for a file that was uploaded, `made_image_1` for one that was made here."""
_NOTATION = re.compile(r"^(upload|step):([A-Za-z0-9_.-]{1,128})$")
_ADDRESS = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]{1,20}://|data:|//|www\.|/v1/)\S*\s*$", re.IGNORECASE)
_STEP_WORDS = re.compile(r"^(?:the\s+)?(?:outputs?|result|file)s?\s+(?:of|from)\s+(?:step\s+)?(\S+)$", re.IGNORECASE)
_REFERENCE_KEYS: Final = ("$ref", "ref", "url", "label", "id")
SIMILAR_MIN: Final = 88.0
"""Of 100: a garbled name or address counts as an upload's only above this, and only when no other is as near."""
_CLEAR_LEAD: Final = 6.0


@dataclass(frozen=True, slots=True)
class KnownUpload:
    label: str
    medium: str
    upload_id: str = ""
    asset_id: str = ""
    name: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.asset_id, self.upload_id, self.name) if name)


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A step whose output may be used: its own label, its id and the media that its model gives."""

    label: str
    step_id: str
    media: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """All that a step may refer to: uploads of its session, and steps that it depends on."""

    uploads: tuple[KnownUpload, ...] = ()
    steps: tuple[KnownStep, ...] = ()
    _by_label: Mapping[str, KnownUpload] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_label", {upload.label: upload for upload in self.uploads})

    def find(self, raw: Any) -> KnownUpload | KnownStep | None:
        """What a value refers to, however it is written; None for anything that is not of this session."""
        if isinstance(raw, Mapping):
            raw = next(
                (raw[key] for key in ("$ref", "ref", "url", "label", "id") if isinstance(raw.get(key), str)), None
            )
        if not isinstance(raw, str) or not raw.strip() or len(raw) > 4096:
            return None
        text = raw.strip()
        scheme, _, name = text.partition(":") if _NOTATION.match(text) else ("", "", text)
        if scheme != "upload" and (step := self._step(name)):
            return step
        return None if scheme == "step" else self._upload(name) or self._similar(name)

    def mentioned(self, text: str) -> Iterator[KnownUpload]:
        """Uploads that a text names by label, in order."""
        seen: set[str] = set()
        for match in LABEL.finditer(text):
            upload = self._by_label.get(f"{match[1].lower()}_{int(match[2])}")
            if upload is not None and upload.label not in seen:
                seen.add(upload.label)
                yield upload

    def _step(self, name: str) -> KnownStep | None:
        if told := _STEP_WORDS.match(name):
            name = told[1]
        return next((s for s in self.steps if name in (s.label, s.step_id) or name.lower() == f"step_{s.label}"), None)

    def _upload(self, name: str) -> KnownUpload | None:
        if (match := LABEL.fullmatch(name)) and (upload := self._by_label.get(f"{match[1].lower()}_{int(match[2])}")):
            return upload
        exact = (u for u in self.uploads if name in (u.label, u.upload_id, u.asset_id) and name)
        return next(exact, None) or next((u for u in self.uploads if u.name and u.name.lower() == name.lower()), None)

    def _similar(self, text: str) -> KnownUpload | None:
        """A garbled or shortened address or file name, when exactly one upload is near enough."""
        tail = re.split(r"[?#]", text, maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1].lower()
        if len(tail) < 6:
            return None
        choices = {
            (u.label, name): name.lower() for u in self.uploads for name in (u.asset_id, u.upload_id, u.name) if name
        }
        best: dict[str, float] = {}
        for _, score, (label, _name) in process.extract(tail, choices, scorer=fuzz.ratio, score_cutoff=SIMILAR_MIN):
            best[label] = max(score, best.get(label, 0.0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        if not ranked or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _CLEAR_LEAD):
            return None
        return self._by_label[ranked[0][0]]


def notation(known: KnownUpload | KnownStep) -> str:
    """How a reference stands in a step's input."""
    return f"upload:{known.label}" if isinstance(known, KnownUpload) else f"step:{known.step_id}"


def is_notation(value: Any) -> bool:
    return isinstance(value, str) and _NOTATION.match(value) is not None


def is_address(value: Any) -> bool:
    """A whole value that is a web address, a data URI or a path of the API: never passed on as it is."""
    return isinstance(value, str) and _ADDRESS.match(value) is not None
