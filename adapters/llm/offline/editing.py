"""Changes a plan by rules: what a request takes out, what it alters and how, and what it adds to what is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.llm.offline.draft import MEDIUM_OF, Draft, Facts, Source
from adapters.llm.offline.lexicon import LEADS, kind_of, verb_of
from adapters.llm.offline.planning import Answer, extend, is_addition
from adapters.llm.offline.reading import Clause, read
from adapters.llm.offline.undoing import HOW, asks_to_undo
from adapters.llm.offline.words import left_out
from processors.agents.plan import PlannedStep
from processors.agents.words.enumerations import gathering
from processors.agents.words.removals import Wish, asked
from processors.agents.words.removed_steps import Missing, is_counted, meant

Step = dict[str, Any]

_PARTS = re.compile(r"[.;!\n]+\s*|,?\s+and\s+(?:also\s+|then\s+)?|,\s*(?:but|then|also)\s+|\s+but\s+", re.IGNORECASE)
_REMOVE = re.compile(
    r"^(?:please\s+)?(?:remove|delete|drop|get rid of|skip|leave out|take out|lose|without|no|cancel)\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"^(?:only|just)\s+(?:keep\s+)?(?:the\s+)(?P<what>.+)$|^keep\s+(?:only|just)\s+(?P<also>.+)$", re.IGNORECASE
)
_REPLACE = re.compile(
    r"^(?:replace|swap|change)\s+(?:the\s+|a\s+)?(?P<old>.+?)\s+(?:with|for|by|to|into)\s+(?P<new>.+)$", re.IGNORECASE
)
_MAKE = re.compile(
    r"^(?:make|turn|change|let|have|render|edit)\s+"
    r"(?:it|this|that|them|(?:the|my|our|this|that)\s+(?:[\w-]+\s+){0,3}?)(?P<noun>\w+)?\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\b(?:all|every|both)\b|^(?!the\b)\w+s\b", re.IGNORECASE)
_CHAT = re.compile(
    r"^(?:thanks?(?: you)?|thank you|great|nice|perfect|cool|okay|ok|hello|hi|hey|wow|yes|danke|"
    r"good job|well done|love it)"
    r"\b[\s\w!.,]{0,24}$",
    re.IGNORECASE,
)
"""What is said and asks for nothing."""
_LONGER = re.compile(r"\blonger\b", re.IGNORECASE)
_SHORTER = re.compile(r"\bshorter\b", re.IGNORECASE)
_SECONDS = re.compile(r"\b\d+(?:\.\d+)?(?=[\s-]*(?:seconds?|secs?|s)\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]{4,}")
_TIMED: Final = ("video", "music", "audio", "lipsync")
_SHAPED: Final = ("image", "video")
_USUAL_S: Final = 5.0


@dataclass(slots=True)
class _Edit:
    """A plan while it is being changed."""

    facts: Facts
    steps: list[Step]
    references: Mapping[str, Sequence[str]]
    """Phrase, in small letters → what it means."""
    touched: set[str] = field(default_factory=set)
    thoughts: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What of the request no step does, and why."""

    def by_id(self, name: str) -> Step | None:
        return next((step for step in self.steps if step["id"] == name), None)

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


def edit(request: str, plan: Mapping[str, Any], facts: Facts, references: Sequence[Mapping[str, Any]]) -> Answer:
    """The whole plan as it is from now on; no steps and a reason where the request changes nothing in it."""
    phrases = {str(one.get("phrase", "")).lower(): [str(ref) for ref in one.get("means", ())] for one in references}
    listed = [dict(step) for step in plan.get("steps", ()) if isinstance(step, dict) and step.get("id")]
    steps = [{**step, "depends_on": _ups(step)} for step in listed]
    work = _Edit(facts, steps, phrases)
    if _CHAT.match(request.strip()) or read(request).is_question:
        return Answer("", (), "The plan stays as it is: there was nothing to change in that.")
    before = [step["id"] for step in steps]
    listed_as_one, as_written = gathering(request)
    parts = _parts(listed_as_one)
    if any(map(asks_to_undo, [request, *parts])):
        return Answer("", (), HOW)
    for place in range(len(parts)):
        _apply(work, _with_verb(parts, place), as_written)
    gone = [name for name in before if work.by_id(name) is None]
    if not work.touched and not gone:
        why = " ".join(work.left_out) or "I could not tell what should be different. Say which step, and how."
        return Answer("", (), why, tuple(work.thoughts))
    if not work.steps:
        return Answer("", (), "Nothing of the plan would be left: reject it instead.", tuple(work.thoughts))
    answered = tuple(_answered(step, changed=step["id"] in work.touched) for step in work.steps)
    return Answer(
        str(plan.get("title", "")),
        answered,
        thoughts=tuple(work.thoughts),
        removed=tuple(gone),
        left_out=" ".join(work.left_out),
    )


def _parts(request: str) -> list[str]:
    """One wish each; what stands in quotes or follows a colon stays together."""
    if re.search(r"[\"“„«:]", request):
        return [request.strip()]
    return [
        part for piece in _PARTS.split(request) if (part := LEADS.sub("", piece.strip()).strip(" ,")) or piece.strip()
    ]


def _with_verb(parts: Sequence[str], place: int) -> str:
    """`the voice` of `remove the video and the voice` as a wish of its own."""
    before = next((part for part in reversed(parts[:place]) if _removes(part) or not _is_bare(part)), "")
    part = parts[place]
    return f"remove {part}" if _removes(before) and not _removes(part) and _is_bare(part) else part


def _removes(part: str) -> bool:
    return _REMOVE.match(part) is not None or any(one.wish == "gone" for one in asked(part))


def _is_bare(part: str) -> bool:
    """It is a name with nothing that would be done to it, or said of it."""
    found = list(asked(f"remove {part}"))
    first = part.split(" ", maxsplit=1)[0]
    return verb_of(first) is None and [one.wish for one in found] == ["gone"] and not list(asked(part))


def _apply(work: _Edit, part: str, as_written: Mapping[str, str]) -> None:
    if (only := _ONLY.match(part)) is not None:
        kept = _counted(work, part, "only") or {step["id"] for step in _named(work, only["what"] or only["also"])}
        if kept:
            _take_out(work, [step["id"] for step in work.steps if step["id"] not in kept])
        return
    if _removes(part):
        what = removed["what"] if (removed := _REMOVE.match(part)) is not None else part
        _take_out(work, _asked_away(work, part) or {step["id"] for step in _named(work, what)})
        return
    for gathered, said in as_written.items():
        part = part.replace(gathered, said)
    reading = read(part)
    added = [clause for clause in reading.clauses if is_addition(clause)]
    if added:
        _add(work, part)
        return
    clauses = reading.clauses or read(f"make it {part}").clauses
    _alter(work, part, clauses[0] if clauses else None)


def _counted(work: _Edit, part: str, wish: Wish) -> set[str]:
    """Steps by their numbers, or so many of them: `steps 3 and 4`, `the last two steps`."""
    steps = [_as_planned(step) for step in work.steps]
    things = [one.thing for one in asked(part) if one.wish == wish and is_counted(one.thing)]
    return {name for thing in things for name in meant(thing, steps, Missing(()))}


def _asked_away(work: _Edit, part: str) -> set[str]:
    """What the words name for certain; else what they were found to mean is for others to say."""
    steps = [_as_planned(step) for step in work.steps]
    found = [meant(one.thing, steps, Missing(())) for one in asked(part) if one.wish == "gone"]
    return {name for names in found for name in names}


def _as_planned(step: Step) -> PlannedStep:
    name, title, description, kind = (str(step.get(one, "")) for one in ("id", "title", "description", "agent_type"))
    return PlannedStep(name, title, description, kind, tuple(_ups(step)))


def _named(work: _Edit, what: str) -> list[Step]:
    """The steps that some words mean: what was resolved for them, a kind of step, or words of a title."""
    lower = what.lower()
    for phrase, refs in work.references.items():
        if phrase and phrase in f"the {lower}":
            found = [step for ref in refs if (step := work.by_id(ref)) is not None]
            if found:
                return found
    kinds = [kind for word in re.findall(r"[\w-]+", read_nouns(lower)) if (kind := kind_of(word)) is not None]
    for kind in kinds:
        same = [step for step in work.steps if step.get("agent_type") == kind]
        if same:
            return (
                same if re.search(r"\b(?:all|every|both|\w+s)\b", lower) and "the" not in lower.split() else same[-1:]
            )
    words = set(_WORD.findall(lower))
    return [step for step in work.steps if words & set(_WORD.findall(str(step.get("title", "")).lower()))][:1]


def read_nouns(text: str) -> str:
    """With joined nouns: `voice over` is one word."""
    clauses = read(f"make {text}").clauses
    return " ".join([*(phrase.noun for clause in clauses for phrase in clause.phrases), text])


def _take_out(work: _Edit, names: Iterable[str]) -> None:
    """The steps, and those that join or overlay what is left of nothing."""
    gone = set(names)
    for step in work.steps:
        if step["id"] not in gone and step.get("agent_type") in ("utility", "lipsync") and gone & set(_ups(step)):
            gone.add(step["id"])
    work.steps = [step for step in work.steps if step["id"] not in gone]
    for step in work.steps:
        if gone & set(_ups(step)):
            step["depends_on"] = [up for up in _ups(step) if up not in gone]
            work.touched.add(step["id"])
    if gone:
        work.thoughts.append(f"{len(gone)} of the steps are not wanted any more.")


def _add(work: _Edit, part: str) -> None:
    """New steps, made from the ones that are there; what was pointed at counts as the newest."""
    draft = Draft(work.facts, steps=list(work.steps))
    pointed = [ref for phrase, refs in work.references.items() if phrase in part.lower() for ref in refs]
    draft.made += [_source(work, step) for step in sorted(work.steps, key=lambda one: one["id"] in pointed)]
    draft.latest = draft.made[-1:]
    extend(read(part), draft)
    if without := left_out(draft):
        work.left_out.append(without)
    new = [step for step in draft.steps if all(step is not one for one in work.steps)]
    work.steps += new
    work.touched |= {step["id"] for step in new}
    work.thoughts += [f"A new step: {step['title']}." for step in new]


def _source(work: _Edit, step: Step) -> Source:
    """A step as something to work on; a voice that was laid over a film is that film."""
    kind = str(step.get("agent_type"))
    ups = [up for name in _ups(step) if (up := work.by_id(name)) is not None]
    film = kind == "speech" and any(MEDIUM_OF.get(str(up.get("agent_type"))) == "video" for up in ups)
    medium = "video" if film else MEDIUM_OF.get(kind, "video")
    of = work.steps[0] if kind in ("speech", "music", "audio", "utility") else step
    return Source(step["id"], kind, medium, str(of.get("title", "")), kind, also="audio" if film else "")


def _alter(work: _Edit, part: str, clause: Clause | None) -> None:
    target = _target(work, part, clause)
    if target is None:
        return
    values = _measured(target, part, clause)
    values |= _spoken(target, clause)
    description = str(target.get("description", ""))
    replaced = _REPLACE.match(part)
    if replaced is not None and replaced["old"].lower() in description.lower():
        old = rf"(?:\b(?:an?|the)\s+)?{re.escape(replaced['old'])}"
        description = re.sub(old, lambda _: replaced["new"], description, flags=re.IGNORECASE)
    elif "duration_s" in values:
        description = _SECONDS.sub(f"{values['duration_s']:g}", description)
    elif not values:
        description = f"{description.rstrip('.')}, {_wish(_unpointed(work, part, target))}"
    target["description"] = description
    target["input"] = values
    work.touched.add(target["id"])
    work.thoughts.append(f"The step “{target.get('title', '')}” changes.")


def _target(work: _Edit, part: str, clause: Clause | None) -> Step | None:
    """What is to change: what the words name, what can have the measure, else what all the others come from."""
    if clause is not None and clause.quotes and (speaks := _last(work, ("speech",))) is not None:
        return speaks
    if (pointed := work.pointed(part)) is not None:
        return pointed[0]
    said = LEADS.sub("", part)
    pointing = [phrase.noun for phrase in clause.phrases if phrase.pointing] if clause is not None else []
    named = _named(work, " ".join(pointing)) if pointing else []
    if not named:
        named = [
            step for step in _named(work, said) if kind_of(said.split(" ", maxsplit=1)[0]) or pointing or "the " in said
        ]
    if named:
        return named[-1]
    if (clause is not None and clause.duration_s) or _LONGER.search(part) or _SHORTER.search(part):
        return _last(work, _TIMED)
    if clause is not None and (clause.ratio or clause.size):
        return next((step for step in work.steps if step.get("agent_type") in _SHAPED), None)
    words = set(_WORD.findall(said.lower()))
    meant = (s for s in work.steps if words & set(_WORD.findall(f"{s.get('title')} {s.get('description')}".lower())))
    return next(meant, None) or next((s for s in work.steps if s.get("agent_type") == "image"), None) or work.steps[0]


def _unpointed(work: _Edit, part: str, target: Step) -> str:
    """Without words that only say which step is meant, and that its own description does not need."""
    pointed = work.pointed(part)
    if pointed is None or pointed[0] is not target:
        return part
    at = part.lower().index(pointed[1])
    return f"{part[:at]}it{part[at + len(pointed[1]) :]}"


def _measured(target: Step, part: str, clause: Clause | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    length = clause.duration_s if clause is not None else None
    given = target.get("input") or {}
    now = given.get("duration_s", given.get("duration"))
    usual = float(now) if isinstance(now, int | float) else _USUAL_S
    if length is None and _LONGER.search(part):
        length = usual * 2
    if length is None and _SHORTER.search(part):
        length = max(1.0, usual / 2)
    if length is not None:
        values["duration_s"] = length
    if clause is not None and clause.ratio:
        values["aspect_ratio"] = clause.ratio
    if clause is not None and clause.size:
        values["width"], values["height"] = clause.size
    return values


def _spoken(target: Step, clause: Clause | None) -> dict[str, Any]:
    quotes = clause.quotes if clause is not None else []
    return {"text": quotes[0]} if quotes and target.get("agent_type") == "speech" else {}


def _last(work: _Edit, kinds: Sequence[str]) -> Step | None:
    return next((step for step in reversed(work.steps) if step.get("agent_type") in kinds), None)


def _wish(part: str) -> str:
    """What is wished for, without the words that only say that it is."""
    made = _MAKE.match(part)
    rest = part[made.end() :].strip(" ,") if made is not None else ""
    if made is not None and made["noun"] and kind_of(made["noun"]) is None:
        rest = f"{made['noun']} {rest}".strip()
    return rest or part


def _ups(step: Step) -> list[str]:
    return [str(up) for up in step.get("depends_on") or ()]


def _answered(step: Step, *, changed: bool) -> Step:
    shown = {key: step.get(key, "") for key in ("id", "title", "description", "agent_type")} | {
        "depends_on": _ups(step)
    }
    if not changed:
        return shown | {"unchanged": True}
    return shown | ({"input": step["input"]} if step.get("input") else {})
