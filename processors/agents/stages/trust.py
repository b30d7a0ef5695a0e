"""What of a model's plan counts: nothing that only a file's name or an earlier output could have asked for. Pure.

Models read words that strangers may have written. Whatever they then answer, a plan names an address only where the
person wrote it, and a model only where it was a planner's to choose (full mode) or where the person asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from processors.agents.catalog import Catalog
from processors.agents.fitting.addresses import without_foreign
from processors.agents.fitting.model_names import EVERYDAY
from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.stages.denials import sides
from processors.agents.telling.context import Briefing

_NOT_WORD = re.compile(r"[^a-z0-9]+")


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

    return replace(
        parsed,
        title=words(parsed.title),
        steps=tuple(map(trusted_step, parsed.steps)),
        reason=None if parsed.reason is None else words(parsed.reason),
        left_out=None if parsed.left_out is None else words(parsed.left_out),
    )


def _may_name(model: str, asked: frozenset[str], refused: frozenset[str], doubtful: frozenset[str] | None) -> bool:
    """`refused`: names that the person does not want; `doubtful`: those that others brought up, None where a planner is
    not to choose at all."""
    names = _names(model)
    if names & refused and not names & asked:
        return False
    return bool(names & asked) or (doubtful is not None and not names & doubtful)


def _names(model: str) -> frozenset[str]:
    """What a person may call it: its id, the end of it, and the words of it that are no everyday ones."""
    parts = frozenset(word for word in _NOT_WORD.split(model.lower()) if len(word) > 2) - EVERYDAY
    return parts | {_plain(model), _plain(model.rsplit("/", 1)[-1])} - EVERYDAY


def _brought_up(said: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names that the person may have used for models: those they want, those they do not. What is said last counts."""
    asked, refused = frozenset[str](), frozenset[str]()
    for clause in sides(said):
        wanted, unwanted = _spoken(" ".join(clause.wanted)), _spoken(" ".join(clause.denied))
        asked, refused = (asked - unwanted) | wanted, (refused - wanted) | unwanted
    return asked, refused


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
