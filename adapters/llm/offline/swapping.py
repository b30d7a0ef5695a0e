"""Puts one thing in another's place: a step, or what steps show and speak of.

What is named changes, wherever the plan speaks of it; all else stays. Of what is not there, or could be several, it is
asked which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from adapters.llm.offline import words
from adapters.llm.offline.adding import add, source_of
from adapters.llm.offline.draft import MEDIUM_OF, Draft
from adapters.llm.offline.lexicon import STOPPERS, kind_of
from adapters.llm.offline.planning import extend
from adapters.llm.offline.reading import Phrase, Reading, read
from adapters.llm.offline.sourcing import file_in_place, label_of
from adapters.llm.offline.subjects import aspect, is_aspect, subject_in_place, thing_in_place
from adapters.llm.offline.swaps import Swap
from adapters.llm.offline.taking_out import SOUNDS, take_out
from adapters.llm.offline.wording import bare, head_of, put_in_place, renamed_noun, speaks_of, subject_of
from adapters.llm.offline.work import Step, Work, not_there, ups, which_of

_PRONOUNS: Final = frozenset({"it", "this", "that"})
_OTHERWISE: Final = frozenset({"different", "other", "new", "better", "nicer"})
OTHERWISE: Final = (
    "Say how it should be different: “make it brighter”, “a woman's voice”. To have a step made once more as it is, "
    "run it again; for one more beside it, say “one more picture of …”."
)
INSTEAD_OF_WHAT: Final = "Instead of what? Say, for example, “replace step 2 with music”."


def swap(work: Work, wish: Swap) -> bool:
    """False where it is none after all, but a change like any other."""
    product = _product(wish.new)
    label = label_of(wish.new)
    if wish.as_subject:
        return subject_in_place(work, _meant(work, wish.old), wish.new, sure=True)
    if not wish.old or wish.old.lower() in _PRONOUNS:
        return _unnamed(work, wish, product)
    found = work.find(wish.old)
    if found.which and not found.steps:
        work.asks.append(which_of(work, found.which, "replace"))
    elif found.steps and label:
        file_in_place(work, found.steps, label)
    elif found.steps and product is not None:
        _step_in_place(work, found.steps, wish.new, product)
    elif found.steps and not _is_thing(work, wish.old):
        for step in found.steps:
            spoken = step.get("agent_type") == "speech" and words.voice_in(wish.new)
            if spoken or not subject_in_place(work, step, wish.new):
                _restyle(work, step, wish.new)
    elif any(speaks_of(step, wish.old) for step in work.steps):
        thing_in_place(work, wish.old, wish.new)
    elif is_aspect(wish.old):
        aspect(work, head_of(wish.old), wish.new)
    else:
        work.asks.append(not_there(work, wish.old))
    return True


def restyled(work: Work, reading: Reading) -> bool:
    """`use a female voice`, `a different picture please`: what there is of that kind, otherwise. How, it is asked where
    that is not said."""
    clause = reading.clauses[0] if len(reading.clauses) == 1 else None
    if clause is None or len(clause.phrases) != 1 or clause.act not in ("", "use", "make") or clause.quotes:
        return False
    phrase = clause.phrases[0]
    same = [step for step in work.steps if step.get("agent_type") == phrase.kind]
    if phrase.before or not same or (phrase.pointing and clause.act != "use"):
        return False
    sort = [word.lower() for word in clause.tokens[phrase.start : phrase.end - 1]]
    rest = [word.lower() for word in clause.tokens[phrase.end :] if word.lower() not in ("please", "instead", "now")]
    voice = words.voice_in(" ".join(sort)) if phrase.kind == "speech" else ""
    if voice and not rest:
        _restyle(work, same[-1], " ".join(clause.tokens[phrase.outer : phrase.end]))
    elif rest and sort and set(sort) <= _OTHERWISE and clause.tokens[phrase.end].lower() in ("please", *rest[:1]):
        if rest[0] in STOPPERS:
            return False  # `a different picture of a cat` is one more
        _restyle(work, same[-1], " ".join(rest))
    elif not rest and sort and set(sort) <= _OTHERWISE and phrase.noun != "version":
        work.asks.append(OTHERWISE)
    else:
        return False
    return True


def _unnamed(work: Work, wish: Swap, product: Phrase | None) -> bool:
    """Nothing says what is to go: what is of the same kind, or what the plan is about."""
    if product is None:
        return subject_in_place(work, _meant(work, ""), wish.new)
    same = [step for step in work.steps if step.get("agent_type") == product.kind]
    if wish.old and same:
        _step_in_place(work, same[:1], wish.new, product)
        return True
    if wish.old and wish.instead and len(work.steps) == 1:
        _step_in_place(work, work.steps, wish.new, product)
        return True
    if wish.old:
        return False  # `make it a video` of what is no video yet makes one
    if not wish.old and len(work.steps) < len(work.taken):
        return False  # `forget the voice, add a song instead`
    sounds = [step for step in work.steps if step.get("agent_type") in SOUNDS] if product.kind in SOUNDS else same
    if len(sounds) == 1:
        _step_in_place(work, sounds, wish.new, product)
    elif len(sounds) > 1:
        work.asks.append(which_of(work, sounds, "replace"))
    elif product.kind in SOUNDS:
        work.asks.append(INSTEAD_OF_WHAT)
    return bool(sounds) or product.kind in SOUNDS


def _meant(work: Work, old: str) -> Step:
    """What `it` is: what the words name, else what the plan begins with."""
    found = work.find(old).steps if old and old.lower() not in _PRONOUNS else ()
    shown = [step for step in work.steps if step.get("agent_type") in ("image", "video", "3d")]
    return [*found, *shown, *work.steps][0]


def _step_in_place(work: Work, old: Iterable[Step], new: str, product: Phrase) -> None:
    """Of the same kind it stays the step that it is; else a new one is made from the same, and stands in its place."""
    for step in list(old):
        if step.get("agent_type") == product.kind:
            _renew(work, step, new)
        else:
            _other_kind(work, step, new, product)


def _renew(work: Work, step: Step, new: str) -> None:
    clause = read(f"make {new}").clauses[0]
    phrase = next((one for one in clause.phrases if one.kind == step.get("agent_type")), None)
    before, subject = subject_of(step), words.subject(clause, phrase)
    if phrase is None or not clause.tokens[phrase.end :]:
        _restyle(work, step, new)
        return
    draft = Draft(work.facts, made=[source_of(one) for up in ups(step) if (one := work.by_id(up)) is not None])
    extend(read(f"make {new}"), draft)
    made = next((one for one in reversed(draft.steps) if one["agent_type"] == step["agent_type"]), None)
    if made is None:
        _restyle(work, step, new)
        return
    values = {key: value for key, value in (made.get("input") or {}).items() if value != made["description"]}
    step |= {"title": made["title"], "description": made["description"]}
    work.fill(step, values)
    if before:
        below = work.below([step["id"]])
        for one in work.steps:
            if one["id"] in below:
                put_in_place(work, one, head_of(before), bare(subject))


def _restyle(work: Work, step: Step, new: str) -> None:
    """The same thing as another sort of its kind: a drawing for a picture, a deep voice."""
    kind, description = str(step.get("agent_type")), str(step.get("description", ""))
    is_sort = any(kind_of(word) == kind for word in re.findall(r"[\w-]+", new)) and kind not in SOUNDS
    image = renamed_noun(description, kind, new) if is_sort else None
    titled = renamed_noun(str(step.get("title", "")), kind, new) if image is not None else None
    step["description"] = image or f"{description.rstrip('.')}, {new}"
    step["title"] = titled or step.get("title", "")
    voice = words.voice_in(new) if kind == "speech" else ""
    work.fill(step, {"voice": voice} if voice else {})


def _other_kind(work: Work, step: Step, new: str, product: Phrase) -> None:
    sources = [one for up in ups(step) if (one := work.by_id(up)) is not None]
    users = [one["id"] for one in work.steps if step["id"] in ups(one)]
    about = subject_of(step)
    take_out(work, [step["id"]])
    clause = read(f"make {new}").clauses[0]
    film = any(MEDIUM_OF.get(str(one.get("agent_type"))) == "video" for one in work.steps)
    usable = [
        one for one in sources if MEDIUM_OF.get(str(one.get("agent_type"))) in work.facts.takes.get(product.kind, ())
    ]
    if product.kind in SOUNDS and film:
        said = f"add {new}"
    elif words.subject(clause, product):
        said = f"make {new}"
    else:
        said = f"make {new} from it" if usable else f"make {new} of {about}" if about else f"make {new}"
    made = add(work, said, last=[one["id"] for one in usable])
    for user in (one for name in users if (one := work.by_id(name)) is not None):
        medium = MEDIUM_OF.get(product.kind, "")
        if made and product.kind not in SOUNDS and medium in work.facts.takes.get(str(user.get("agent_type")), ()):
            user["depends_on"] = [*ups(user), made[-1]["id"]]
            work.change(user)


def _product(new: str) -> Phrase | None:
    """What is to be there instead, where that is something a step makes."""
    clauses = read(f"make {new}").clauses
    phrases = clauses[0].phrases if clauses else []
    return next((one for one in phrases if not one.before and not one.pointing), None)


def _is_thing(work: Work, old: str) -> bool:
    """It is named by what it shows, and not by what kind of thing it is."""
    return not any(kind_of(word) for word in re.findall(r"[\w-]+", old)) and any(
        speaks_of(one, old) for one in work.steps
    )
