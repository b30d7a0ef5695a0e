"""Adds steps to a plan that is there: what is asked for more, made from what the plan has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from adapters.llm.offline.draft import MEDIUM_OF, Draft, Source
from adapters.llm.offline.planning import extend
from adapters.llm.offline.reading import read
from adapters.llm.offline.wording import subject_of
from adapters.llm.offline.words import left_out
from adapters.llm.offline.work import Step, Work, ups


def add(work: Work, said: str, last: Iterable[str] = ()) -> list[Step]:
    """New steps, made from the ones that are there; those named last count as the newest."""
    newest = set(last)
    said, several = spoken_of(said, work.references)
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


def spoken_of(said: str, references: Mapping[str, Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    """The words with `them` where they were found to mean several things, and these; as they are where they mean none,
    or several times several."""
    lower = said.lower()
    phrases = [phrase for phrase, refs in references.items() if len(refs) > 1 and phrase in lower]
    if len(phrases) != 1:
        return said, ()
    at = lower.index(phrases[0])
    return f"{said[:at]}them{said[at + len(phrases[0]) :]}", tuple(references[phrases[0]])


def source_of(step: Step, work: Work | None = None) -> Source:
    """A step as something to work on; a voice that was laid over a film is that film."""
    kind = str(step.get("agent_type"))
    sources = [up for name in ups(step) if work is not None and (up := work.by_id(name)) is not None]
    film = kind == "speech" and any(MEDIUM_OF.get(str(up.get("agent_type"))) == "video" for up in sources)
    medium = "video" if film else MEDIUM_OF.get(kind, "video")
    of = work.steps[0] if work is not None and kind in ("speech", "music", "audio", "utility") else step
    subject = subject_of(step) or subject_of(of) or str(of.get("title", ""))
    return Source(step["id"], kind, medium, subject, kind, also="audio" if film else "")
