"""A plan while rules change it: its steps, what words of the request mean of them, what was done, and what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.lexicon import kind_of
from adapters.llm.offline.reading import read
from adapters.llm.offline.words import listed as listed_words
from processors.agents.plan import PlannedStep
from processors.agents.words.removals import Wish, asked
from processors.agents.words.removed_steps import Missing, is_counted, meant

Step = dict[str, Any]

_WORD = re.compile(r"[^\W_]{3,}")
_SEVERAL = re.compile(r"\b(?:all|every|each|both|these|those)\b", re.IGNORECASE)
_BARE_NOUN = re.compile(
    r"(?:(?:the|my|our|an?)\s+)?(?P<noun>[\w-]+)(?:\s+(?:please|too|again|anymore))?", re.IGNORECASE
)
"""One thing of a kind, and nothing that says which."""
_PART_OF = re.compile(r"\b(?:from|in|on|of|off)\b", re.IGNORECASE)
_SHOWN_CHARS: Final = 60
_SHOWN_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Found:
    """What some words mean: steps; or several of which one is spoken of; or a kind of which there is none."""

    steps: tuple[Step, ...] = ()
    which: tuple[Step, ...] = ()
    kind: str = ""
    """A noun of media stands in the words."""


@dataclass(slots=True)
class Work:
    facts: Facts
    steps: list[Step]
    references: Mapping[str, Sequence[str]]
    """Phrase, in small letters → what it means."""
    taken: frozenset[str] = frozenset()
    """Ids of all steps that were there at first: one that goes is not another's afterwards."""
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By step that was there: fields that are other than they were."""
    touched: set[str] = field(default_factory=set)
    thoughts: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    """What was not understood, in words for the person."""

    def by_id(self, name: str) -> Step | None:
        return next((step for step in self.steps if step["id"] == name), None)

    def fill(self, step: Step, values: Mapping[str, Any]) -> None:
        """Fields that are other than they were."""
        self.told[step["id"]] = {**self.told.get(step["id"], {}), **values}
        self.change(step)

    def fields(self, step: Step) -> dict[str, Any]:
        """As they are by now."""
        return {**(step.get("input") or {}), **self.told.get(step["id"], {})}

    def change(self, step: Step) -> None:
        """Notes that it is other than it was."""
        self.touched.add(step["id"])
        self.thoughts.append(f"The step “{step.get('title', '')}” changes.")

    def pointed(self, part: str) -> tuple[Step, str] | None:
        """The one step that a phrase of the part was found to mean, the first of them, and that phrase."""
        lower = part.lower()
        phrases = sorted(
            (one for one in self.references if one in lower), key=lambda one: (lower.index(one), -len(one))
        )
        for phrase in phrases:
            refs = self.references[phrase]
            if len(refs) == 1 and (step := self.by_id(refs[0])) is not None:
                return step, phrase
        return None

    def counted(self, part: str, wish: Wish) -> set[str]:
        """Steps by their numbers, or so many of them: `steps 3 and 4`, `the last two steps`."""
        things = [one.thing for one in asked(part) if one.wish == wish and is_counted(one.thing)]
        return {name for thing in things for name in meant(thing, self.planned, Missing(()))}

    def asked_away(self, part: str) -> set[str]:
        """What the words name for certain; else what they were found to mean is for others to say."""
        found = [meant(one.thing, self.planned, Missing(())) for one in asked(part) if one.wish == "gone"]
        return {name for names in found for name in names}

    @property
    def planned(self) -> list[PlannedStep]:
        return [_as_planned(step) for step in self.steps]

    def find(self, what: str) -> Found:
        """By kind, number, title, or what was found out about the words; of several only what says which."""
        what = what.strip(" ,.!?")
        kind = _kind_in(what)
        of_kind = tuple(step for step in self.steps if kind and step.get("agent_type") == kind)
        if names := self.asked_away(f"remove {what}"):
            return Found(tuple(step for step in self.steps if step["id"] in names), kind=kind)
        if len(of_kind) > 1 and not _SEVERAL.search(what) and (bare := _BARE_NOUN.fullmatch(what)) is not None:
            return Found(of_kind if _is_plural(bare["noun"]) else (), which=of_kind, kind=kind)
        if resolved := self._resolved(what):
            return Found(resolved, kind=kind)
        if of_kind and (len(of_kind) == 1 or _SEVERAL.search(what)) and not _PART_OF.search(what):
            return Found(of_kind, kind=kind)
        return Found(which=of_kind if not _PART_OF.search(what) else (), kind=kind)

    def named(self, what: str) -> list[Step]:
        """The steps that a change is about: what was resolved, a kind of step, or words of a title."""
        if resolved := self._resolved(what):
            return list(resolved)
        lower = what.lower()
        kinds = [kind for word in re.findall(r"[\w-]+", _with_joined_nouns(lower)) if (kind := kind_of(word))]
        for kind in kinds:
            same = [step for step in self.steps if step.get("agent_type") == kind]
            if same:
                several = _SEVERAL.search(lower) or (re.search(r"\w+s\b", lower) and "the" not in lower.split())
                return same if several else same[-1:]
        words = set(_WORD.findall(lower))
        return [step for step in self.steps if words & set(_WORD.findall(str(step.get("title", "")).lower()))][:1]

    def last(self, kinds: Sequence[str]) -> Step | None:
        return next((step for step in reversed(self.steps) if step.get("agent_type") in kinds), None)

    def below(self, names: Iterable[str]) -> set[str]:
        """All that is made from these, directly or not."""
        found = set(names)
        for step in self.steps:
            found |= {step["id"]} if found & set(ups(step)) else set()
        return found - set(names)

    def above(self, names: Iterable[str]) -> set[str]:
        """All that these are made from, directly or not."""
        found = set(names)
        for step in reversed(self.steps):
            found |= set(ups(step)) if step["id"] in found else set()
        return found - set(names)

    def _resolved(self, what: str) -> tuple[Step, ...]:
        lower = what.lower()
        for phrase, refs in self.references.items():
            if phrase and phrase in f"the {lower}":
                found = tuple(step for ref in refs if (step := self.by_id(ref)) is not None and _is_of(step, lower))
                if found:
                    return found
        return ()


def ups(step: Step) -> list[str]:
    return [str(up) for up in step.get("depends_on") or ()]


def which_of(work: Work, which: Sequence[Step], example: str) -> str:
    """Asks for one of several."""
    listed = [_numbered(work, step) for step in which[:_SHOWN_MAX]]
    number = work.steps.index(which[-1]) + 1
    return f"Which do you mean: {', '.join(listed[:-1])} or {listed[-1]}? Say, for example, “{example} step {number}”."


def not_there(work: Work, what: str) -> str:
    """Says that something is not in the plan, and what is."""
    listed = [_numbered(work, step) for step in work.steps[:_SHOWN_MAX]]
    thing = re.sub(r"^(?:the|an?|my|our|that|this|any)\s+", "", what.strip(" .,!?"), flags=re.IGNORECASE)
    return f"There is no {thing[:_SHOWN_CHARS]} in the plan. It has {listed_words(listed)}."


def _numbered(work: Work, step: Step) -> str:
    words = str(step.get("title") or step.get("description"))
    return f"step {work.steps.index(step) + 1} (“{words[:_SHOWN_CHARS]}”)"


def _is_of(step: Step, words: str) -> bool:
    """A voice is no music, though both are heard."""
    kind = _kind_in(words)
    return kind not in ("speech", "music") or step.get("agent_type") in (kind, "audio")


def _kind_in(what: str) -> str:
    """The kind of the noun that the words are about: the last before anything that only describes it."""
    clauses = read(f"make {what}").clauses
    phrase = next((phrase for clause in clauses for phrase in clause.phrases if not phrase.before), None)
    return phrase.kind if phrase is not None else ""


def _with_joined_nouns(text: str) -> str:
    """`voice over` is one word."""
    clauses = read(f"make {text}").clauses
    return " ".join([*(phrase.noun for clause in clauses for phrase in clause.phrases), text])


def _is_plural(noun: str) -> bool:
    return noun.endswith("s") and kind_of(noun[:-1]) is not None


def _as_planned(step: Step) -> PlannedStep:
    name, title, description, kind = (str(step.get(one, "")) for one in ("id", "title", "description", "agent_type"))
    return PlannedStep(name, title, description, kind, tuple(ups(step)))
