"""Adds steps to a plan that is there: what is asked for more, made from what the plan has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from adapters.llm.offline.draft import MEDIUM_OF, Draft, Source
from adapters.llm.offline.lexicon import NUMBERS, kind_of
from adapters.llm.offline.planning import extend
from adapters.llm.offline.reading import read
from adapters.llm.offline.wording import subject_of
from adapters.llm.offline.words import CALLED, left_out
from adapters.llm.offline.work import Step, Work, ups
from processors.agents.words.places import ORDERS

_NUMBER: Final = r"(?P<n>\d{1,2}|one|two|three|four|five|six)"
_MORE = re.compile(
    rf"^(?:please\s+)?(?:(?:make|create|generate|do|give me|i want|i need)\s+)?(?:{_NUMBER}\s+more|another(?: one)?)"
    r"(?:\s+ones?)?(?:\s+like (?:it|this|that|these)|\s+of (?:it|them|these))?"
    r"(?P<with>\s+(?:with|in|at|on)\s+.+?)?(?:\s+please)?[\s.!]*$",
    re.IGNORECASE,
)
_AS = re.compile(
    r"^(?:i (?:need|want) it\s+|it\s+)?as an?\s+(?P<noun>[\w-]+(?:\s[\w-]+)?)\s+(?:too|as well|also)"
    r"(?:\s+please)?[\s.!]*$",
    re.IGNORECASE,
)

_ONE_OF_THEM = re.compile(rf"\bones?$|\b{ORDERS}\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(?:only|just)\s+$", re.IGNORECASE)


def add(work: Work, said: str, last: Iterable[str] = ()) -> list[Step]:
    """New steps, made from the ones that are there; those named last count as the newest."""
    said, several = spoken_of(said, work.references)
    newest = {*last, *several[:1]} if len(several) == 1 else set(last)
    draft = Draft(work.facts, steps=list(work.steps), taken=work.taken)
    draft.made += [source_of(step, work) for step in sorted(work.steps, key=lambda one: one["id"] in newest)]
    draft.latest = draft.made[-1:]
    draft.spoken = tuple(one for ref in several for one in [*draft.made, *draft.uploads()] if one.ref == ref)
    extend(read(said), draft)
    new = [step for step in draft.steps if all(step is not one for one in work.steps)]
    work.steps += new
    work.touched |= {step["id"] for step in new}
    work.thoughts += [f"A new step: {step['title']}." for step in new]
    if without := left_out(draft):
        work.asks.append(without)
    return new


def one_more(work: Work, part: str) -> bool:
    """`two more like this`, `another one with mountains`, `as a sticker too`: of what the plan ends or begins with."""
    if (match := _MORE.match(part)) is not None:
        own = [step for step in work.steps if step.get("agent_type") not in ("utility", "lipsync")]
        return bool(own) and bool(add(work, _like(own[-1], match["n"] or "one", match["with"] or "")))
    if (match := _AS.match(part)) is None or (kind := kind_of(match["noun"].split()[-1])) is None:
        return False
    root = work.steps[0]
    of = "from it" if kind != root.get("agent_type") else f"of {subject_of(root)}"
    return bool(add(work, f"make a {match['noun']} {of}", last=[str(root["id"])]))


def _like(step: Step, number: str, how: str) -> str:
    """Asks for so many more of what a step makes."""
    noun = CALLED.get(str(step["agent_type"]), "picture")
    count = int(number) if number.isdigit() else NUMBERS[number.lower()]
    said = f"{count} {noun}s" if count > 1 else f"a {noun}"
    return f"make {said} of {subject_of(step) or step.get('title', '')}{how}"


def spoken_of(said: str, references: Mapping[str, Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    """The words with `them` where they were found to mean several things, or with `it` for one of several (`the last
    one`, `the second picture`), and these; as they are where they mean none, or more than one such."""
    lower = said.lower()
    found = [(phrase, refs) for phrase, refs in references.items() if phrase in lower]
    chosen = [(phrase, refs) for phrase, refs in found if len(refs) > 1 or (refs and _ONE_OF_THEM.search(phrase))]
    if len(chosen) != 1:
        return said, ()
    phrase, refs = chosen[0]
    before, after = said[: lower.index(phrase)], said[lower.index(phrase) + len(phrase) :]
    return f"{_ONLY.sub('', before)}{'them' if len(refs) > 1 else 'it'}{after}", tuple(refs)


def source_of(step: Step, work: Work | None = None) -> Source:
    """A step as something to work on; a voice that was laid over a film is that film."""
    kind = str(step.get("agent_type"))
    sources = [up for name in ups(step) if work is not None and (up := work.by_id(name)) is not None]
    film = kind == "speech" and any(MEDIUM_OF.get(str(up.get("agent_type"))) == "video" for up in sources)
    medium = "video" if film else MEDIUM_OF.get(kind, "video")
    of = work.steps[0] if work is not None and kind in ("speech", "music", "audio", "utility") else step
    subject = subject_of(step) or subject_of(of) or str(of.get("title", ""))
    return Source(step["id"], kind, medium, subject, kind, also="audio" if film else "")
