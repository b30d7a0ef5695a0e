"""Changes a plan by rules: what a request takes out, what it puts in whose place, what it alters, and what it adds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.llm.offline import limits
from adapters.llm.offline.adding import add, one_more
from adapters.llm.offline.altering import alter
from adapters.llm.offline.controls import control
from adapters.llm.offline.draft import Facts
from adapters.llm.offline.lexicon import LEADS, NUMBERS, some_of, verb_of
from adapters.llm.offline.planning import Answer, is_addition
from adapters.llm.offline.reading import read
from adapters.llm.offline.sourcing import use
from adapters.llm.offline.subjects import is_part, put_into, without
from adapters.llm.offline.swapping import restyled, swap
from adapters.llm.offline.swaps import normal, read_swap, read_use
from adapters.llm.offline.taking_out import asks_for_silence, silence, take_out
from adapters.llm.offline.undoing import HOW, asks_to_undo, undone
from adapters.llm.offline.work import Step, Work, not_there, ups, which_of
from processors.agents.words.enumerations import gathering
from processors.agents.words.removals import asked
from processors.executor import durations

_JOINT = re.compile(
    r"[.;!\n]+\s*|,?\s+and\s+(?:also\s+|then\s+)?|,\s*(?:but|then|also)\s+|\s+but\s+|,\s+", re.IGNORECASE
)
_INSTEAD = re.compile(r"instead of\b", re.IGNORECASE)
_INSTEAD_AT_END = re.compile(r"\s+instead(?=[\s.!]*$)", re.IGNORECASE)
_SENTENCE_END: Final = frozenset(".;!\n")
_REMOVE = re.compile(
    r"^(?:please\s+)?(?:remove|delete|drop|get rid of|skip|leave out|take out|lose|without|no|cancel)\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_JUST = re.compile(r"(?:just|only|but|rather)\b", re.IGNORECASE)
_KEEP = re.compile(
    r"^(?:keep|leave)\s+(?P<what>(?:the|my|our|that)\s.+?)(?:\s+as (?:it is|is|they are))?$", re.IGNORECASE
)
_ONLY = re.compile(
    r"^(?:only|just)\s+(?:keep\s+)?(?:the\s+)(?P<what>.+)$|^keep\s+(?:only|just)\s+(?P<also>.+)$", re.IGNORECASE
)
_WISHES = re.compile(r"\b(?:should|must|needs?|has to|have to|is too|are too|to be)\b", re.IGNORECASE)
_CHATTER: Final = some_of("""
    thanks thank you thx great nice perfect cool okay ok hello hi hey wow yes yeah danke super good job well done i we
    love it looks look fine hm hmm uh never mind nevermind sorry lol wait hold on oops changed my mind second thought
    thoughts very much so that this is was awesome amazing wonderful beautiful excellent really a lot the like no nope
    nothing now for all stop please bye""")
"""Of words like these alone nothing is asked for."""
_CHAT_WORD = re.compile(r"\w+")
_REPLACES = re.compile(r"(?:replace|swap|exchange|substitute)\b(?!.*:)", re.IGNORECASE)
_COUNT = re.compile(rf"^(?:make|do|have|use)\s+(?:it|them|that)\s+(?:\d+|{'|'.join(NUMBERS)})$", re.IGNORECASE)
LETTERS_MAX: Final = 4_000
WISHES_MAX: Final = 60
"""Of one message: each is read against all steps, and against those before it."""
_DESCRIBED: Final = frozenset({"image", "video", "music", "audio", "3d", "text"})
"""Kinds whose prompt is made of what describes them."""
NO_DIFFERENCE: Final = "That would make nothing different of “{}”, so it stays as it is."
_BESIDES: Final = frozenset({"music", "audio", "speech"})
_SHOWN: Final = frozenset({"image", "video", "3d"})
_VARIATIONS = re.compile(
    r"^(?:(?:make|create|generate|give me|do|draw|show me|try)\s+)?(?:me\s+)?(?:a\s+)?"
    rf"(?P<n>\d{{1,3}}|{'|'.join(NUMBERS)})\s+"
    r"(?:of\s+)?(?:(?:more|other|different)\s+)*(?:variations|variants|versions|alternatives|options|takes)"
    r"(?:\s+(?:of|on|for)\s+(?:it|this|that|(?P<of>the\s+.{1,60}?)))?[\s.!]*$",
    re.IGNORECASE,
)
BY_WHAT: Final = "What should be there instead? Say, for example, “replace step 2 with music”."
HOW_MANY: Final = "Say which steps are to go, or what else is to be made: “remove step 3”, “one more picture of it”."
STAYS: Final = "The plan stays as it is: there was nothing to change in that."
NOT_UNDERSTOOD: Final = "I could not tell what should be different. Say which step, and how."
TOO_MUCH: Final = "That is more at once than I can read by rules. Say it in a few shorter messages."
NOTHING_LEFT: Final = "Nothing of the plan would be left: reject it instead."


def edit(request: str, plan: Mapping[str, Any], facts: Facts, references: Sequence[Mapping[str, Any]]) -> Answer:
    """The whole plan as it is from now on; no steps and a reason where the request changes nothing in it."""
    if len(request) > LETTERS_MAX:
        return Answer("", (), TOO_MUCH)
    phrases = {str(one.get("phrase", "")).lower(): [str(ref) for ref in one.get("means", ())] for one in references}
    listed = [dict(step) for step in plan.get("steps", ()) if isinstance(step, dict) and step.get("id")]
    taken = frozenset(str(step["id"]) for step in listed)
    work = Work(facts, [{**step, "depends_on": ups(step)} for step in listed], phrases, taken)
    status = str(plan.get("status", ""))
    if (answer := control(request, status)) is not None:
        return Answer("", (), answer)
    if is_chat(request) or read(request).is_question:
        return Answer("", (), STAYS)
    before = [step["id"] for step in work.steps]
    listed_as_one, as_written = gathering(normal(request))
    parts = _parts(listed_as_one)
    if len(parts) > WISHES_MAX:
        return Answer("", (), TOO_MUCH)
    if any(map(asks_to_undo, [request, *parts])):
        return Answer("", (), HOW)
    for part, wish in zip(parts, _with_verbs(parts), strict=True):
        if (answer := control(part, status)) is not None:
            work.asks.append(answer)
        elif not is_chat(part):
            _apply(work, wish, as_written)
    _leave_what_stays_the_same(work, listed)
    gone = [name for name in before if work.by_id(name) is None]
    asks = " ".join(dict.fromkeys(work.asks))
    if not work.touched and not gone:
        return Answer("", (), asks or NOT_UNDERSTOOD, tuple(work.thoughts))
    if not work.steps:
        return Answer("", (), NOTHING_LEFT, tuple(work.thoughts))
    answered = tuple(_answered(work, step) for step in work.steps)
    return Answer(
        str(plan.get("title", "")), answered, thoughts=tuple(work.thoughts), removed=tuple(gone), left_out=asks
    )


def _parts(request: str) -> list[str]:
    """One wish each; what stands in quotes or follows a colon stays together, and what is no wish by itself (`black and
    white`) with the one before."""
    if re.search(r"[\"“„«:]", request):
        return [request.strip()]
    parts: list[str] = []
    joint, at = "", 0
    for match in [*_JOINT.finditer(request), None]:
        raw = request[at : match.start() if match else len(request)].strip()
        piece = LEADS.sub("", raw).strip(" ,") or raw
        if parts and _JUST.match(raw) and _is_bare(piece):
            piece = f"add {piece}"
        goes_on = joint.strip() == "," and parts and _INSTEAD.match(parts[-1])
        if piece and parts and not _SENTENCE_END & set(joint) and (goes_on or not _is_wish(raw, piece, parts[-1])):
            parts[-1] = f"{parts[-1]}{joint}{raw}"
        elif piece:
            parts.append(piece)
        if match:
            joint, at = match[0], match.end()
    return parts


def _is_wish(raw: str, piece: str, before: str) -> bool:
    first = piece.split(" ", maxsplit=1)[0]
    if verb_of(first) is not None or _removes(piece) or _ONLY.match(piece) or asks_for_silence(piece):
        return True
    if control(piece, "") is not None:
        return True
    if read_swap(before) is not None:
        return False
    says = read(piece).clauses or durations.said_in(piece) or _WISHES.search(piece)
    return bool(says) or (piece != raw and len(piece.split()) > 1)


def _with_verbs(parts: Sequence[str]) -> list[str]:
    """`the voice` of `remove the video and the voice` as a wish of its own."""
    found, head_removes = list[str](), False
    for part in parts:
        removes, is_bare = _removes(part), _is_bare(part)
        found.append(f"remove {part}" if head_removes and is_bare and not removes else part)
        head_removes = removes if removes or not is_bare else head_removes
    return found


def _removes(part: str) -> bool:
    return _REMOVE.match(part) is not None or any(one.wish == "gone" for one in asked(part))


def _is_bare(part: str) -> bool:
    """It is a name with nothing that would be done to it, or said of it."""
    found = list(asked(f"remove {part}"))
    first = part.split(" ", maxsplit=1)[0]
    return verb_of(first) is None and [one.wish for one in found] == ["gone"] and not list(asked(part))


def is_chat(said: str) -> bool:
    """Nothing is asked for by it."""
    return all(word.lower() in _CHATTER for word in _CHAT_WORD.findall(said))


def _apply(work: Work, part: str, as_written: Mapping[str, str]) -> None:
    """The first reading that the words have."""
    said = _written(part, as_written)
    if _only(work, part) or _keeps(work, part):
        return
    if asks_for_silence(part):
        silence(work)
    elif (what := undone(part)) is not None:
        _remove(work, f"remove {what}", "undo", as_written)
    elif (wish := read_swap(said)) is not None and swap(work, wish):
        return
    elif _REPLACES.match(part) and not _says_otherwise(work, said):
        work.asks.append(BY_WHAT)
    elif _removes(part):
        _remove(work, part, "remove", as_written)
    elif (source := read_use(said)) is None or not use(work, source):
        _otherwise(work, _INSTEAD_AT_END.sub("", said))


def _says_otherwise(work: Work, part: str) -> bool:
    """`replace the voiceover text with "Buy now"`: a voice has other words."""
    clauses = read(part).clauses
    quoted = bool(clauses) and bool(clauses[0].quotes)
    return (
        quoted and work.last(("speech",)) is not None and re.search(r"\b(?:voice|text|words|script)", part) is not None
    )


def _only(work: Work, part: str) -> bool:
    """All else goes, but what it is made from."""
    if (only := _ONLY.match(part)) is None:
        return False
    kept = work.counted(part, "only") or {step["id"] for step in work.named(only["what"] or only["also"])}
    if kept:
        kept |= work.above(kept)
        take_out(work, [step["id"] for step in work.steps if step["id"] not in kept])
    return True


def _keeps(work: Work, part: str) -> bool:
    keeps = _KEEP.match(part)
    return keeps is not None and bool(work.find(keeps["what"]).steps)


def _otherwise(work: Work, part: str) -> None:
    """What there is, other than it was; or something more."""
    part = _as_addition(work, part)
    why = limits.file_that_is_missing(part, work.facts) or limits.reads_a_file(part, work.steps)
    if why:
        work.asks.append(why)
        return
    reading = read(part)
    if _COUNT.match(part):
        work.asks.append(HOW_MANY)
    elif one_more(work, part) or restyled(work, reading) or put_into(work, part):
        return
    elif any(is_addition(clause) for clause in reading.clauses):
        pointed = [ref for phrase, refs in work.references.items() if phrase in part.lower() for ref in refs]
        add(work, part, last=pointed)
    else:
        clauses = reading.clauses or read(f"make it {part}").clauses
        alter(work, part, clauses[0] if clauses else None)


def _as_addition(work: Work, part: str) -> str:
    """`with music` as what is to be added; `three variations of it` as so many more like it."""
    clauses = read(part).clauses
    first = clauses[0].phrases[0] if clauses and clauses[0].phrases else None
    if part.lower().startswith("with ") and first is not None and first.kind in _BESIDES and first.before == "with":
        return f"add {part[5:]}"
    if (asked_for := _VARIATIONS.match(part)) is None:
        return part
    said = asked_for["n"].lower()
    meant = work.find(asked_for["of"] or "").steps or tuple(step for step in work.steps if step["agent_type"] in _SHOWN)
    return f"make {NUMBERS.get(said, said)}x {meant[-1].get('description', '')}" if meant else part


def _remove(work: Work, part: str, verb: str, as_written: Mapping[str, str]) -> None:
    """A step; else a thing that a step's words speak of; of what could be several steps, or is none, it is asked."""
    match = _REMOVE.match(part)
    what = match["what"] if match is not None else part
    said = _written(what, as_written)
    if match is not None and is_part(work, said) and without(work, said):
        return
    if names := work.asked_away(part):
        take_out(work, names)
        return
    found = work.find(what)
    if found.steps:
        take_out(work, [step["id"] for step in found.steps])
    elif found.which:
        work.asks.append(which_of(work, found.which, verb))
    elif not without(work, said):
        work.asks.append(not_there(work, said))


def _leave_what_stays_the_same(work: Work, listed: Sequence[Step]) -> None:
    """A step whose work would be the very same is none that changes: it would be paid again for nothing."""
    for was in listed:
        step = work.by_id(was["id"])
        if step is None or step["id"] not in work.touched or _differs(work, step, was):
            continue
        if work.above([step["id"]]) & work.touched:
            continue
        step |= {key: was.get(key, "") for key in ("title", "description")}
        work.touched.discard(step["id"])
        work.asks.append(NO_DIFFERENCE.format(was.get("title", "")))


def _differs(work: Work, step: Step, was: Step) -> bool:
    given = was.get("input") or {}
    told = any(given.get(key) != value for key, value in work.told.get(step["id"], {}).items())
    described = step.get("agent_type") in _DESCRIBED and step.get("description") != was.get("description")
    return told or described or ups(step) != ups(was) or step.get("agent_type") != was.get("agent_type")


def _written(part: str, as_written: Mapping[str, str]) -> str:
    for gathered, said in as_written.items():
        part = part.replace(gathered, said)
    return part


def _answered(work: Work, step: Step) -> Step:
    shown = {key: step.get(key, "") for key in ("id", "title", "description", "agent_type")} | {"depends_on": ups(step)}
    if step["id"] not in work.touched:
        return shown | {"unchanged": True}
    told = work.told.get(step["id"], {})
    values = told if step["id"] in work.taken else {**(step.get("input") or {}), **told}
    return shown | ({"input": values} if values else {})
