"""Which model is meant by a name: an id, the end of one, a title, a family, a provider, or one of these garbled. Pure.

Letters and numbers are read apart, and what stands between them does not count: `gen4.5` is `Gen-4.5`. A name with
another number is another model's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from rapidfuzz import fuzz

EVERYDAY: Final = frozenset({
    "local", "text", "image", "images", "video", "audio", "speech", "music", "voice", "picture", "motion",
    "sound", "mesh", "model", "writer", "script", "merge", "concat", "thumbnail", "lipsync", "sync", "avatar",
    "pro", "fast", "turbo", "standard", "master", "ultra", "core", "large", "medium", "small", "flash", "plus",
    "edit", "lite", "high", "the", "and", "for", "from", "with", "frame", "reference", "character", "clip",
    "animate", "upscale", "upscaler", "remove", "background", "voiceover", "lip", "join", "search", "edits", "videos",
    "effects", "replace", "presenter", "clarity", "cpu", "hd",
})  # fmt: skip
"""Words of models' names that a person says without meaning a model."""
_FILLERS: Final = frozenset(
    {"a", "an", "the", "model", "models", "by", "from", "on", "at", "of", "to", "ai", "version"}
)
_SPEAKS_OF_MODELS: Final = frozenset({"model", "models"})
_PIECE = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*")
_NAME_CHARS_MAX: Final = 200
SIMILAR_MIN: Final = 85.0
CLEAR_LEAD: Final = 5.0


class Named(Protocol):
    """A model as far as its names go."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def provider_model(self) -> str | None:
        """Its provider's own name of it."""
        ...


@dataclass(frozen=True, slots=True)
class Meant:
    """Models that a name may mean, each with how much of its own name was not said."""

    unsaid: Mapping[str, int]
    sure: bool = True
    """It is a name of theirs, not one that is like it."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What a model may be called."""

    whole: tuple[frozenset[str], ...]
    """The pieces of its id, of the end of that, of its title, and of its provider's name for it."""
    keys: frozenset[str]
    """The same, written in one."""
    pieces: frozenset[str]
    """Of all of them."""


def meant(name: str, models: Iterable[Named]) -> Meant | None:
    """None where that cannot be told."""
    listed = list(models)
    name = name[:_NAME_CHARS_MAX]
    if (whole := _with_id(name.lower(), listed)) is not None:
        return Meant({whole: 0})
    called = key(name)
    if exact := [model.id for model in listed if called in names_of(model)]:
        return Meant(dict.fromkeys(exact, 0))
    if parts := _by_words(frozenset(_pieces(name)), listed):
        return Meant(parts)
    return _alike(called, frozenset(filter(str.isdecimal, called)), listed)


def named_in_prose(text: str, models: Iterable[Named]) -> tuple[str, ...]:
    """The models whose full names stand among other words; of a name within a longer one the longer counts."""
    told = _pieces(text)
    found: dict[str, str] = {}
    for model in models:
        names = [pieces for name in _written(model.id, model.title) if len(pieces := _pieces(name)) > 1]
        said = (" ".join(pieces) for pieces in names if any(map(_tells, pieces)) and _stands_in(pieces, told))
        if longest := max(said, key=len, default=""):
            found[model.id] = longest
    all_said = found.values()
    return tuple(one for one, name in found.items() if not any(name != other and name in other for other in all_said))


def _stands_in(pieces: list[str], told: list[str]) -> bool:
    size = len(pieces)
    return any(told[at : at + size] == pieces for at in range(len(told) - size + 1))


def key(name: str) -> str:
    """Its letters and digits alone."""
    return "".join(_pieces(name)).replace(".", "")


def names_of(model: Named) -> frozenset[str]:
    """All that it is called in full, each written in one."""
    return _names(model.id, model.title, model.provider_model or "").keys


def full_names(model: Named) -> frozenset[str]:
    """The same, but those of a single word, or of everyday words alone: a person says them without meaning a model."""
    names = (pieces for pieces in map(_pieces, _written(model.id, model.title, model.provider_model or "")))
    return frozenset("".join(one).replace(".", "") for one in names if len(one) > 1 and any(map(_tells, one)))


def families(model: Named) -> frozenset[str]:
    """Single words that mean it and others of its kind: its provider, and what its names begin with."""
    names = map(_pieces, _written(model.id, model.title))
    first = (next(filter(_tells, pieces), "") for pieces in names)
    return frozenset(first) - {""}


def provider_of(model: Named) -> str:
    """As the beginning of its id has it."""
    return model.id.partition("/")[0].lower()


def _with_id(name: str, models: Iterable[Named]) -> str | None:
    """The longest id that stands in it."""
    possible = (one.id for one in models if one.id.lower() in name)
    inside = (one for one in possible if re.search(rf"(?<![\w./-]){re.escape(one.lower())}(?![\w/-])", name))
    return max(inside, key=len, default=None)


def _by_words(said: frozenset[str], models: Iterable[Named]) -> dict[str, int]:
    """Those that have all words of the name: of a family all, of a longer name with what they have beyond it."""
    own = said - _FILLERS
    if not any(map(_tells, own)):
        if not (own and said & _SPEAKS_OF_MODELS):
            return {}
        return {model.id: 0 for model in models if own == {provider_of(model)}}
    found: dict[str, int] = {}
    for model in models:
        names = _names(model.id, model.title, model.provider_model or "")
        if own <= names.pieces:
            found[model.id] = 0 if len(own) == 1 else min(map(_weight, (whole - own for whole in names.whole)))
    return found


def _alike(called: str, digits: frozenset[str], models: Iterable[Named]) -> Meant | None:
    """The one whose name is nearest, or those of that very name, where no other's is about as near."""
    best: list[tuple[float, str, str]] = []
    for model in models:
        names = [own for own in names_of(model) if digits == frozenset(filter(str.isdecimal, own))]
        rated = max(((fuzz.ratio(called, own), own) for own in names), default=(0.0, ""))
        if rated[0] >= SIMILAR_MIN:
            best.append((*rated, model.id))
    best.sort(key=lambda one: (-one[0], one[2]))
    near = [one for one in best if best[0][0] - one[0] < CLEAR_LEAD]
    if not near or any(own != near[0][1] for _, own, _ in near):
        return None
    return Meant({model_id: 0 for _, _, model_id in near}, sure=False)


def _weight(unsaid: frozenset[str]) -> int:
    """A version goes without saying sooner than a word."""
    return sum(1 if piece[0].isdecimal() else 2 for piece in unsaid)


def _tells(piece: str) -> bool:
    """It says more than that there is a model."""
    return len(piece) > 1 and piece.isalpha() and piece not in EVERYDAY and piece not in _FILLERS


def _pieces(text: str) -> list[str]:
    return _PIECE.findall(text.lower())


@lru_cache(maxsize=4096)
def _names(model_id: str, title: str, provider_model: str) -> _Names:
    written = _written(model_id, title, provider_model)
    whole = tuple(frozenset(_pieces(name)) for name in written)
    keys = frozenset(map(key, written)) - {""}
    return _Names(whole, keys, frozenset().union(*whole))


def _written(model_id: str, *others: str) -> list[str]:
    return [name for name in (model_id, model_id.rpartition("/")[2], *others) if name]
