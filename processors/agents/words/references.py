"""References in a step's input: `upload:<label>` for a file of the session, `step:<step id>` for another step's output.

They are plain strings, alone in a field or in a list, so that an input keeps the shape its model's schema asks for;
the wiring puts the asset in their place. Planners write them in many ways (`image_1`, `Image 1`, a file's name, a
shortened address, `s1`, `{{s1.output}}`); `Known` reads them. What belongs to nothing known is no reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from rapidfuzz import fuzz, process

from processors.agents.words.labels import read_label, spoken, written
from processors.agents.words.mentions import resolve
from processors.agents.words.placeholders import bare
from processors.agents.words.things import Thing

_NOTATION = re.compile(r"^(upload|step):([A-Za-z0-9_.-]{1,128})$")
_REFERENCE_KEYS: Final = ("$ref", "ref", "url", "uri", "label", "id", "asset_id", "upload_id")
SIMILAR_MIN: Final = 88.0
"""Of 100: a garbled name or address counts as an upload's only above this, and only when no other is as near."""
_CLEAR_LEAD: Final = 6.0
_TAIL_MIN: Final = 6
_PART_MIN: Final = 10
"""Characters of a shortened name or address that stand for the whole, when only one begins or ends so."""
_WORD = re.compile(r"[^\W\d_]+|\d+")
_DIGITS = re.compile(r"\d+")
_IDS: Final = ("ast_", "upl_")
_SUFFIX = re.compile(r"\.[a-z0-9]{2,5}$")
_ELLIPSIS = re.compile(r"(?:\.{2,}|…)")


@dataclass(frozen=True, slots=True)
class KnownUpload:
    label: str
    medium: str
    upload_id: str = ""
    asset_id: str = ""
    name: str = ""
    plan_id: str = ""
    """The plan that made it; empty for what was uploaded."""
    meant: bool = False
    """What the person wants now speaks of it."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.asset_id, self.upload_id, self.name) if name)


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A step whose output may be used: its own label, its id and the media that its model gives."""

    label: str
    step_id: str
    media: frozenset[str] = frozenset()
    hint: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What is known of its output before it runs (`processors/agents/fitting/hints.py`)."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that a step may refer to: uploads of its session, and steps that it depends on."""

    uploads: tuple[KnownUpload, ...] = ()
    steps: tuple[KnownStep, ...] = ()
    said: str = ""
    """What the person wrote: only addresses and labels that stand in it may be spoken of."""
    _by_label: Mapping[str, KnownUpload] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_label", {upload.label: upload for upload in self.uploads})

    def find(self, raw: Any) -> KnownUpload | KnownStep | None:
        """What a value refers to, however it is written; None for anything that is not of this session."""
        return self.read(raw)[0]

    def read(self, raw: Any) -> tuple[KnownUpload | KnownStep | None, bool]:
        """The same, and whether it is sure: what is only the nearest of the files' names may be another file's."""
        if isinstance(raw, Mapping):
            raw = raw["$asset"] if isinstance(raw.get("$asset"), Mapping) else raw
            raw = next((raw[key] for key in _REFERENCE_KEYS if isinstance(raw.get(key), str)), None)
        if not isinstance(raw, str) or not raw.strip() or len(raw) > 4096:
            return None, True
        for text in bare(raw.strip()):
            scheme, _, name = text.partition(":") if _NOTATION.match(text) else ("", "", text)
            if scheme != "upload" and (step := self._step(name)):
                return step, True
            if scheme == "step" or (upload := self._upload(name)) is not None:
                return (None if scheme == "step" else upload), True
        return self._similar(raw.strip())

    def file(self, raw: Any, kinds: frozenset[str]) -> tuple[KnownUpload | KnownStep | None, bool]:
        """The same of what can be nothing but a file of these media: then a name without its ending says which, however
        short it is, and a word of one may."""
        found, sure = self.read(raw)
        if found is not None or not isinstance(raw, str):
            return found, sure
        wanted = _stem(raw.strip().lower())
        fitting = [one for one in self.uploads if one.medium in kinds and one.name]
        if same := [one for one in fitting if wanted and _stem(one.name) == wanted]:
            return (same[0] if len(same) == 1 else None), True
        words = frozenset(_WORD.findall(wanted))
        having = [one for one in fitting if words and words <= frozenset(_WORD.findall(_stem(one.name)))]
        return (having[0], False) if len(having) == 1 and not raw.strip().isdigit() else (None, sure)

    def mentioned(self, text: str) -> Iterator[KnownUpload | KnownStep]:
        """What a text names by label, in order: a step before it by its own name, else an upload; only an upload where
        it writes as people do, and the person did so too. Then what it calls `the picture` as the person does."""
        said = {found.label for found in spoken(self.said)}
        own = {found.label: found for found in map(self._step, {found.label for found in written(text)}) if found}
        meant = [*written(text), *(found for found in spoken(text) if found.label in said)]
        for label in dict.fromkeys(found.label for found in sorted(meant)):
            if (known := own.get(label) or self._by_label.get(label)) is not None:
                yield known
        yield from (self._by_label[label] for label in self._pointed_at(text) if label not in own)

    def _pointed_at(self, text: str) -> Iterator[str]:
        """Of what the person means; where a step before gives the same medium, its output is meant."""
        given = {medium for step in self.steps for medium in step.media}
        meant = [Thing(one.label, one.medium, one.name, upload=True) for one in self.uploads if one.meant]
        for mention in resolve(text, [thing for thing in meant if thing.medium not in given]):
            yield from mention.refs

    def _step(self, name: str) -> KnownStep | None:
        return next((s for s in self.steps if name in (s.label, s.step_id) or name.lower() == f"step_{s.label}"), None)

    def _upload(self, name: str) -> KnownUpload | None:
        if (label := read_label(name)) is not None and (upload := self._by_label.get(label)):
            return upload
        exact = (u for u in self.uploads if name in (u.label, u.upload_id, u.asset_id) and name)
        return next(exact, None) or next((u for u in self.uploads if u.name and u.name.lower() == name.lower()), None)

    def _similar(self, text: str) -> tuple[KnownUpload | None, bool]:
        """A garbled or shortened address or file name, when exactly one upload is near enough."""
        path = re.split(r"[?#]", text, maxsplit=1)[0].rstrip("/\\")
        tail = unquote(re.split(r"[/\\]", path)[-1]).strip().lower()
        if len(tail) < _TAIL_MIN:
            return None, True
        bare = _stem(tail)
        if (label := read_label(bare)) is not None:
            return self._by_label.get(label), True
        if same := [u for u in self.uploads if {tail, bare} & {name.lower() for name in u.names}]:
            return (same[0] if len(same) == 1 else None), True
        if short := [u for u in self.uploads if bare == _stem(u.name)] or self._shortened(bare):
            sure = bare.startswith(_IDS) or _ELLIPSIS.search(bare) is not None or tail == _stem(short[0].name)
            return (short[0] if len(short) == 1 else None), sure
        return self._near(tail), False

    def _near(self, tail: str) -> KnownUpload | None:
        choices = {(u.label, name): _plain(name) for u in self.uploads for name in u.names if _numbers_of(name, tail)}
        best: dict[str, float] = {}
        for _, score, (label, _name) in process.extract(
            _plain(tail), choices, scorer=fuzz.ratio, score_cutoff=SIMILAR_MIN
        ):
            best[label] = max(score, best.get(label, 0.0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        if not ranked or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _CLEAR_LEAD):
            return None
        return self._by_label[ranked[0][0]]

    def _shortened(self, tail: str) -> list[KnownUpload]:
        """`ast_01K3QWERTY…`, `…0987654321`, `ast_01K3…654321`."""
        begin, *rest = _ELLIPSIS.split(tail)
        end = rest[-1] if rest else ""
        if len(begin) + len(end) < _PART_MIN or len(rest) > 1:
            return []

        def fits(name: str) -> bool:
            if not rest and _in_number(name, len(begin)) and not name.startswith(_IDS):
                return False
            return len(name) > len(begin) + len(end) and name.startswith(begin) and name.endswith(end)

        return [u for u in self.uploads if any(fits(name.lower()) for name in u.names)]


def _numbers_of(name: str, other: str) -> bool:
    """Names with other numbers in them are other files': `IMG_2043.jpg`, `IMG_2044.jpg`."""
    numbers, others = (_DIGITS.findall(_stem(one)) for one in (name, other))
    return bool(numbers == others)


def _stem(name: str) -> str:
    return _SUFFIX.sub("", name.lower())


def _in_number(name: str, at: int) -> bool:
    return 0 < at < len(name) and name[at - 1].isdigit() and name[at].isdigit()


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.lower())


def notation(known: KnownUpload | KnownStep) -> str:
    """How a reference stands in a step's input."""
    return f"upload:{known.label}" if isinstance(known, KnownUpload) else f"step:{known.step_id}"


def is_notation(value: Any) -> bool:
    return isinstance(value, str) and _NOTATION.match(value) is not None
