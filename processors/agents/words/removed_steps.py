"""Which steps of a plan an instruction asks to be without: what it names, and what cannot be without that. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from processors.agents.folding import folded
from processors.agents.plan import PlannedStep
from processors.agents.words.clauses import vocabulary
from processors.agents.words.enumerations import numbers_in
from processors.agents.words.removals import Asked, Certainty, Thing, asked

_NOUNS: Final[Mapping[str, str]] = {
    "image": "image picture photo photograph illustration drawing bild foto imagen immagine",
    "video": "video clip film animation movie",
    "speech": "voiceover voice-over voice narration narrator speech stimme sprecher voz voix voce sprachausgabe",
    "music": "music song soundtrack track tune jingle melody musik lied musica musique cancion chanson canzone",
    "audio": "sound audio effect gerausch ton sonido suono",
    "3d": "mesh model modell 3d-model",
    "text": "text script copy caption poem story haiku slogan gedicht texto texte testo",
    "lipsync": "lipsync lip-sync avatar",
    "utility": "merge subtitle thumbnail trim watermark untertitel vorschaubild",
}
_KINDS: Final = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}
_COMPOUND_OF: Final = ("bild", "foto", "video", "film", "stimme", "musik", "text", "modell")
"""German nouns that end so are of that kind."""
_PARTS: Final = frozenset({"text", "caption", "copy", "slogan", "model", "texto", "texte", "testo"})
"""Nouns of what may as well be in a picture."""
_SOUNDS: Final = frozenset({"speech", "music", "audio"})
_ANY: Final = vocabulary(
    "one ones step steps schritt schritte schritten thing things part parts item items number numbers "
    "idea ideas bit bits"
)
_SURELY_STEPS: Final = vocabulary("step steps schritt schritte schritten one ones")
_ORDINALS: Final = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "last": -1, "latest": -1, "newest": -1, "final": -1, "erste": 0, "ersten": 0, "zweite": 1, "zweiten": 1,
    "dritte": 2, "dritten": 2, "letzte": -1, "letzten": -1, "letztes": -1,
}  # fmt: skip
_NUMBERS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "zwei": 2,
    "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "beiden": 2, **{str(number): number for number in range(2, 21)},
}  # fmt: skip
_LENGTHS: Final = vocabulary("second seconds sec minute minutes")
_SAY_NOTHING: Final = vocabulary("""
    background old new generated extra additional other spoken silly annoying ugly stupid whole entire current present
    existing step unnecessary hintergrund voice sound
""")
_WORD = re.compile(r"\w+(?:-\w+)*")
_LATIN = re.compile(r"[a-z]")
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"\d{1,4}")
_BREAKS: Final = vocabulary("of about for in on with from that which to over under von mit fur uber aus im")

Meant = Mapping[str, Certainty]


@dataclass(frozen=True, slots=True)
class Missing:
    """Steps that are not in an edit planner's answer."""

    steps: tuple[PlannedStep, ...]
    listed: frozenset[str] = frozenset()
    """Those that the answer says are removed."""
    renewed: bool = False
    """The answer has steps that the plan had not, so that one may have taken another's place."""

    def __contains__(self, name: str) -> bool:
        return any(step.id == name for step in self.steps)

    def counts(self, name: str, certainty: Certainty) -> bool:
        return name in self and (certainty == "clear" or name in self.listed)


def meant_to_go(instruction: str, originals: Sequence[PlannedStep], missing: Missing) -> frozenset[str]:
    """Of the steps that are missing, those whose going was asked for, and what was made from them alone."""
    if not missing.steps:
        return frozenset()
    if not _can_be_read(instruction):
        return frozenset(step.id for step in missing.steps) & missing.listed
    wishes = list(asked(instruction))
    kept = {name for one in wishes if one.wish == "kept" for name in meant(one.thing, originals, missing)}
    gone = {name for one in wishes for name in _gone(one, originals, missing)} | _all_but(wishes, originals, missing)
    gone -= kept
    for step in originals:
        if step.id in missing and step.id not in kept and gone & set(step.depends_on):
            gone.add(step.id)
    return frozenset(gone)


def superfluous(issue: str, step: PlannedStep, originals: Sequence[PlannedStep]) -> bool:
    """What is wrong with a step, in the validator's words, is that it is there."""
    words = folded(issue)
    if re.search(r"\b(?:nobody|no one|not|never|wasn't|didn't) (?:ask(?:ed)?|want(?:ed)?|request(?:ed)?)\b", words):
        return True
    if re.search(r"\b(?:superfluous|redundant|unnecessary|unwanted|duplicates?|not needed)\b", words):
        return True
    return step.id in meant_to_go(issue, originals, Missing((step,), frozenset({step.id})))


def _can_be_read(instruction: str) -> bool:
    """Of words in another script nothing can be told: then the answer's own list counts."""
    words = folded(instruction)
    return _LATIN.search(words) is not None or _LETTER.search(words) is None


def _gone(one: Asked, originals: Sequence[PlannedStep], missing: Missing) -> Iterator[str]:
    if one.wish == "gone" or (one.wish == "replaced" and missing.renewed):
        for name, certainty in meant(one.thing, originals, missing).items():
            if missing.counts(name, certainty):
                yield name


def _all_but(wishes: Sequence[Asked], originals: Sequence[PlannedStep], missing: Missing) -> set[str]:
    only = [meant(one.thing, originals, missing) for one in wishes if one.wish == "only"]
    if not any(only):
        return set()
    others = {step.id for step in missing.steps} - {name for names in only for name in names}
    certain = all(names and "possible" not in names.values() for names in only)
    return others if certain else others & missing.listed


def meant(thing: Thing, originals: Sequence[PlannedStep], missing: Missing) -> Meant:
    """The steps that a thing's words name. Of several where one is spoken of, the one that is missing."""
    thing = replace(thing, words=_unmeasured(thing.words))
    words = thing.words
    if words == ("everything",):
        return {step.id: thing.certainty for step in originals}
    if words == ("silence",):
        return {step.id: thing.certainty for step in originals if _is_heard_in_film(step, originals)}
    titled = [step for step in originals if f'"{folded(step.title)}' in words or words == tuple(_words(step.title))]
    if titled and (len(words) > 1 or words[0].startswith('"')):
        return {step.id: thing.certainty for step in titled}
    whole = [step for step in originals if thing.described and _in_parts(step.title) == (*words, *thing.described)]
    if whole:
        return {step.id: "clear" for step in whole}
    ids = {*words, *(str(at + 1) for at in numbers_in(words[-1]) if _noun(words)[0] in _ANY)}
    named = [step for step in originals if step.id.lower() in ids]
    if named:
        return {step.id: thing.certainty for step in named}
    pool, certainty = _pool(words, originals)
    if thing.described:
        pool, certainty = _described(thing, pool), "possible"
    if thing.in_film and not all(step.agent_type in _SOUNDS for step in pool):
        return {}
    chosen = _chosen(thing, pool, missing)
    return {step.id: "possible" if "possible" in (certainty, thing.certainty) else "clear" for step in chosen}


def _is_heard_in_film(step: PlannedStep, originals: Sequence[PlannedStep]) -> bool:
    """A sound that lies over a film, or is put together with one."""
    if step.agent_type not in _SOUNDS:
        return False
    kinds = {one.id: one.agent_type for one in originals}
    joined = any(one.agent_type == "utility" and step.id in one.depends_on for one in originals)
    return joined or any(kinds.get(up) in ("video", "lipsync", "utility", *_SOUNDS) for up in step.depends_on)


def _unmeasured(words: tuple[str, ...]) -> tuple[str, ...]:
    """`5 second video` is a video, neither five of them nor the second."""
    if len(words) > 2 and words[0].isdigit() and words[1] in _LENGTHS:
        return words[2:]
    return words


def is_counted(thing: Thing) -> bool:
    """It speaks of steps by number, or of so many."""
    last = thing.words[-1]
    return thing.both or bool(numbers_in(last)) or any(word in _NUMBERS for word in thing.words)


def _pool(words: Sequence[str], originals: Sequence[PlannedStep]) -> tuple[list[PlannedStep], Certainty]:
    """All steps that the noun could be, and of them those that what stands before it describes."""
    noun, certainty = _noun(words)
    head = _singular(noun)
    beside = {word for word in words[:-1] if word not in {*_SAY_NOTHING, *_ORDINALS, *_NUMBERS, noun}}
    kind = _KINDS.get(head) or next((_KINDS[end] for end in _COMPOUND_OF if head.endswith(end)), None)
    if noun in _ANY:
        pool = list(originals)
        certainty = certainty if noun in _SURELY_STEPS or not beside else "possible"
        kinds = {_KINDS[_singular(word)] for word in beside if _singular(word) in _KINDS}
        if kinds:
            return [step for step in pool if step.agent_type in kinds], certainty
    elif kind is not None:
        pool = [step for step in originals if step.agent_type == kind]
        certainty = "possible" if head in _PARTS else "clear"
        if not pool and kind == "audio":
            # no single one of them: all that is heard
            return [step for step in originals if step.agent_type in _SOUNDS], "possible"
    else:
        pool = [step for step in originals if _head(step.title) == head]
        if not pool:
            return _shows(words, originals), "possible"
        certainty = "possible"
    described = [step for step in pool if all(_singular(word) in _names(step) for word in beside)]
    if beside and not described:
        return pool if len(pool) == 1 else [], "possible"
    return described, certainty


def _described(thing: Thing, pool: Sequence[PlannedStep]) -> list[PlannedStep]:
    """Those of which all of it is said; `the voice of the film` and `the music in the first 3 seconds` are no steps."""
    said = {_singular(word) for word in thing.described}
    if any(word in _KINDS or word in _ANY or word.isdigit() for word in said) or set(thing.described) & _LENGTHS:
        return []
    if _noun(thing.words)[0] in _ANY and "one" not in thing.words[-1:]:
        return []
    titled = [step for step in pool if said <= set(map(_singular, _words(step.title)))]
    return titled or [step for step in pool if said <= _names(step)]


def _shows(words: Sequence[str], originals: Sequence[PlannedStep]) -> list[PlannedStep]:
    """`the cat` is the step that is called so and what is made from it, where no other step has to do with it."""
    said = {_singular(word) for word in words}
    if said & set(map(_singular, _SAY_NOTHING)):
        return []
    first = next((step for step in originals if said <= set(map(_singular, _words(step.title)))), None)
    if first is None:
        return []
    made = {first.id}
    for step in originals:
        made |= {step.id} if made & set(step.depends_on) else set()
    return [] if any(said & _names(step) for step in originals if step.id not in made) else [first]


def _noun(words: Sequence[str]) -> tuple[str, Certainty]:
    """What is counted or numbered; steps where nothing is named, which is less certain."""
    if not numbers_in(words[-1]) and words[-1] not in _NUMBERS and not _NUMBER.fullmatch(words[-1]):
        return words[-1], "clear"
    named = words[-2] if len(words) > 1 else ""
    return ("step", "possible") if named in _ORDINALS or named in _NUMBERS or not named else (named, "clear")


def _chosen(thing: Thing, pool: Sequence[PlannedStep], missing: Missing) -> Sequence[PlannedStep]:
    """Nothing where the plan has not what is counted or numbered."""
    words = thing.words
    if (at := numbers_in(words[-1])) or _NUMBER.fullmatch(words[-1]):
        return _at(at or (int(words[-1]) - 1,), pool)
    place = next((_ORDINALS[word] for word in words if word in _ORDINALS), None)
    number = next((_NUMBERS[word] for word in words if word in _NUMBERS), 2 if thing.both else None)
    if place is not None:
        return _at((place,), pool) if number is None else _in_a_row(place, number, pool)
    lost = [step for step in pool if step.id in missing]
    if number is not None:
        return next((some for some in (pool, lost) if len(some) == number), ())
    heard = words[-1] in ("audio", "sound") and all(step.agent_type in _SOUNDS for step in pool)
    if thing.several or heard or words[-1] != _singular(words[-1]) or len(pool) == 1:
        return pool
    return lost if len(lost) == 1 else ()


def _in_a_row(place: int, number: int, pool: Sequence[PlannedStep]) -> Sequence[PlannedStep]:
    """`the first two`, `the last three`."""
    if number > len(pool) or place not in (0, -1):
        return ()
    return pool[:number] if place == 0 else pool[-number:]


def _at(places: Sequence[int], pool: Sequence[PlannedStep]) -> Sequence[PlannedStep]:
    """All of them, or none."""
    inside = all(-len(pool) <= place < len(pool) for place in places)
    return [pool[place] for place in dict.fromkeys(places)] if inside else ()


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and word not in ("lips",) else word


def _names(step: PlannedStep) -> frozenset[str]:
    return frozenset(map(_singular, _words(f"{step.title} {step.description} {_NOUNS.get(step.agent_type, '')}")))


def _head(title: str) -> str:
    """`haiku` of `Haiku about rain`."""
    words = _words(title)
    end = next((n for n, word in enumerate(words) if n and word in _BREAKS), len(words))
    return _singular(words[end - 1]) if words else ""


def _in_parts(title: str) -> tuple[str, ...]:
    """The words of a title such as `Haiku about rain`; none of a simple one."""
    words = _words(title)
    return tuple(word for word in words if word not in _BREAKS) if _BREAKS & set(words) else ()


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(folded(text)) if word not in ("a", "an", "the")]
