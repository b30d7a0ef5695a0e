"""What of a model's plan counts: nothing that only a file's name or an earlier output could have asked for. Pure.

Models read words that strangers may have written. Whatever they then answer, a plan names an address only where the
person wrote it, and a model only where it was a planner's to choose (full mode) or where the person asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from processors.agents.catalog import Catalog
from processors.agents.fitting.addresses import without_foreign
from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.telling.context import Briefing
from processors.agents.words.clauses import clauses, vocabulary

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_EVERYDAY: Final = frozenset({
    "local", "text", "image", "images", "video", "audio", "speech", "music", "voice", "picture", "motion",
    "sound", "mesh", "model", "writer", "script", "merge", "concat", "thumbnail", "lipsync", "sync", "avatar",
    "pro", "fast", "turbo", "standard", "master", "ultra", "core", "large", "medium", "small", "flash", "plus",
    "edit", "lite", "high", "the", "and", "for", "from", "with", "frame", "reference", "character", "clip",
    "animate", "upscale", "upscaler", "remove", "background",
})  # fmt: skip
"""Words of models' ids that a person says without meaning a model."""
_DENIES: Final = vocabulary("not don't dont never no without except avoid nicht kein keine keinen ohne instead rather")
_USES: Final = vocabulary("use using take with try choose pick nimm nutze mit")
_FILLERS: Final = vocabulary("ever please of to want you like even really any the than i we me for it this")
_LISTED_MAX: Final = 3
"""Words of a clause that goes on with a list of what is not wanted."""


def trusted(parsed: ParsedPlan, briefing: Briefing, catalog: Catalog) -> ParsedPlan:
    """The plan without what nobody who may has asked for."""
    said = briefing.said
    asked, refused = _brought_up(said)
    doubtful = _spoken("\n".join(_of_others(briefing))) if briefing.mode == "full" else None

    def words(text: str) -> str:
        return str(without_foreign(text, said)[0])

    def trusted_step(step: PlannedStep) -> PlannedStep:
        title, description = words(step.title), words(step.description)
        cleaned = replace(step, title=title or description, description=description or title)
        if step.model is None or _may_name(step.model, asked, refused, doubtful):
            return cleaned
        return replace(
            cleaned, model=None, flags=("model-unasked" if step.model in catalog.models else "model-unknown",)
        )

    reason = None if parsed.reason is None else words(parsed.reason)
    return replace(parsed, title=words(parsed.title), steps=tuple(map(trusted_step, parsed.steps)), reason=reason)


def _may_name(model: str, asked: frozenset[str], refused: frozenset[str], doubtful: frozenset[str] | None) -> bool:
    """`refused`: names that the person does not want; `doubtful`: those that others brought up, None where a planner is
    not to choose at all."""
    names = _names(model)
    if names & refused and not names & asked:
        return False
    return bool(names & asked) or (doubtful is not None and not names & doubtful)


def _names(model: str) -> frozenset[str]:
    """What a person may call it: its id, the end of it, and the words of it that are no everyday ones."""
    parts = frozenset(word for word in _NOT_WORD.split(model.lower()) if len(word) > 2) - _EVERYDAY
    return parts | {_plain(model), _plain(model.rsplit("/", 1)[-1])} - _EVERYDAY


def _brought_up(said: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names that the person may have used for models: those they want, those they do not. What is said last counts."""
    asked, refused, denied = frozenset[str](), frozenset[str](), False
    for clause in clauses(said):
        goes_on = clause.starts not in ("sentence", "but") and len(clause.words) <= _LISTED_MAX
        wanted, unwanted, denied = _parted(clause.words, denied and goes_on)
        asked, refused = (asked - unwanted) | wanted, (refused - wanted) | unwanted
    return asked, refused


def _parted(words: Sequence[str], denied: bool) -> tuple[frozenset[str], frozenset[str], bool]:
    """The names of a clause that are not denied, those that are, and whether it ends so. Behind what was denied a verb
    of using begins anew."""
    sides: dict[bool, list[str]] = {False: [], True: []}
    named = denied
    for word in words:
        if word in _DENIES:
            denied, named = True, False
        elif word in _USES:
            denied = denied and not named
        elif word not in _FILLERS:
            named = True
        sides[denied].append(word)
    return _spoken(" ".join(sides[False])), _spoken(" ".join(sides[True])), denied


def _plain(name: str) -> str:
    return _NOT_WORD.sub("", name.lower())


def _spoken(text: str) -> frozenset[str]:
    """Its words, and what up to four of them are when written together."""
    words = [word for word in _NOT_WORD.split(text.lower()) if word]
    runs = ("".join(words[at : at + size]) for size in (1, 2, 3, 4) for at in range(len(words) - size + 1))
    return frozenset(runs)


def _of_others(briefing: Briefing) -> Iterable[str]:
    """Words in what a planner is told that are not the person's own."""
    yield from (upload.name for upload in (*briefing.uploads, *briefing.made))
    yield from (one.text for one in briefing.history if one.role != "user")
    for plan in briefing.earlier:
        yield from (plan.title, *(title for _, title, _ in plan.steps))
