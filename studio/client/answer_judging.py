"""Short answers of the agents that write no plan: can they be used, and what do they say? Pure.

Which of two usable decisions is the right one, no rule knows: they are the same, or one is another.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from processors.agents.answers.objects import objects, read_object
from processors.agents.fitting import choices
from processors.agents.fitting.verifying import value_at
from processors.agents.llm import Message
from processors.agents.stages import context_classifier, plan_validator
from processors.agents.telling.blocks import read_block
from studio.client.outcomes import Figures


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    figures: Figures
    well_formed: bool = False
    fit: int = 0
    """How much of it can be used; nothing of it where 0."""
    says: str = ""
    """In a word, and none of anybody's."""
    content: object = None
    error: str | None = None

    @property
    def rank(self) -> tuple[int, ...]:
        return self.fit, self.well_formed

    @property
    def in_short(self) -> str:
        return self.says or "unusable"

    def as_json(self) -> dict[str, Any]:
        return {
            "well_formed": self.well_formed,
            "says": self.in_short,
            "tokens_in": self.figures.tokens_in,
            "tokens_out": self.figures.tokens_out,
            "ms": self.figures.ms,
            **({"error": self.error} if self.error else {}),
        }


Read = tuple[int, str, object]
"""How much can be used, what it says, and by what two are equal."""


def judge(agent: str, answer: str, figures: Figures, told: Sequence[Message]) -> AnswerOutcome:
    """`told` is what the agent was asked."""
    fit, says, content = READERS[agent](answer, told)
    return AnswerOutcome(figures, _is_json(answer), fit, says, content)


def figures_of(outcomes: Sequence[AnswerOutcome]) -> Mapping[str, Any]:
    """Of one side, where there is anything."""
    said = Counter(one.in_short for one in outcomes)
    return {
        "usable": round(sum(one.fit > 0 for one in outcomes) / len(outcomes), 4),
        "said": dict(sorted(said.items())),
    }


def _classified(answer: str, _told: Sequence[Message]) -> Read:
    """What is no decision is taken for SAME."""
    found = read_object(answer)
    named = str(answer if found is None else found.get("decision", "")).strip().upper()
    decision = context_classifier.read(answer)
    return (1, decision, decision) if named == decision else (0, "", None)


def _validated(answer: str, _told: Sequence[Message]) -> Read:
    objections = list(plan_validator.read(answer, ()))
    if objections:
        return 1, "REVISE", "REVISE"
    return (1, "PASS", "PASS") if plan_validator.verdict_of(answer) == "PASS" else (0, "", None)


@dataclass(frozen=True, slots=True)
class _Offered:
    """A model as the selector was told of it."""

    id: str
    title: str
    provider_model: str | None = None


def _selected(answer: str, told: Sequence[Message]) -> Read:
    """By a name of its own, by one that is near it, or not at all."""
    listed = objects(_block("models", told))
    offered = [_Offered(str(one["id"]), str(one.get("title", ""))) for one in listed if one.get("id")]
    found = choices.read(answer, offered)
    if found is None:
        return 0, "", None
    named = min(found.unsaid, key=found.unsaid.__getitem__)
    return (2 if found.sure else 1), named, named


def _settled(answer: str, told: Sequence[Message]) -> Read:
    """How many of the fields that were asked about it fills."""
    given = {str(one.get("id")): one.get("input") for one in objects((read_object(answer) or {}).get("steps"))}
    filled = {}
    for step in objects(_block("steps", told)):
        for asked in objects(step.get("open")):
            name, said = str(asked.get("field")), given.get(str(step.get("id")))
            value = said.get(name, value_at(said, name.split("."))) if isinstance(said, Mapping) else None
            if value not in (None, "", [], {}):
                filled[f"{step.get('id')}.{name}"] = value
    if not filled and read_object(answer) is None:
        return 0, "", None
    return 1 + len(filled), f"{len(filled)} fields", json.dumps(filled, sort_keys=True)


READERS: Final[Mapping[str, Callable[[str, Sequence[Message]], Read]]] = {
    "context_classifier": _classified,
    "validator": _validated,
    "model_selector": _selected,
    "field_verifier": _settled,
}


def _block(name: str, told: Sequence[Message]) -> Any:
    return read_block(name, str(told[-1]["content"]))


def _is_json(answer: str) -> bool:
    try:
        return isinstance(json.loads(answer), dict)
    except ValueError:
        return False
