"""What an instruction asks to be without: the objects of its removing verbs, clause by clause. Pure.

Only a whole clause that asks for it counts: nothing before the verb but courtesy, and nothing behind the object that
makes it a part of something (`the background of the image`) or a state (`the voice too loud`). What is not understood
removes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from processors.agents.words import removing as say
from processors.agents.words.clauses import Clause, Words, clauses, vocabulary
from processors.agents.words.enumerations import gathered, numbers_in

_NAMED_MAX: Final = 3
"""Words of a thing that is to be there instead."""

Certainty = Literal["clear", "possible"]
"""`possible`: it counts only for a step that the answer, too, says was to go."""
Wish = Literal["gone", "kept", "only", "replaced"]


@dataclass(frozen=True, slots=True)
class Thing:
    """Words for one or more steps, without what points at them."""

    words: Words
    several: bool = False
    both: bool = False
    """Two are spoken of."""
    certainty: Certainty = "clear"
    in_film: bool = False
    """It is spoken of as in a film: of what is a step by itself, only a sound can be."""
    described: Words = ()
    """What is said of it behind its noun."""


@dataclass(frozen=True, slots=True)
class Asked:
    wish: Wish
    thing: Thing


def asked(instruction: str) -> Iterator[Asked]:
    """In the order of the words."""
    reading, before = _Reading(), None
    for clause in clauses(gathered(instruction)):
        found = reading.read(clause)
        if before is not None and before.wish == "only" and found is None and clause.starts in ("part", "but"):
            # `only the image, blue`: rather what is to be changed than what is to be left
            before = replace(before, thing=replace(before.thing, certainty="possible"))
        if before is not None:
            yield before
        before = found
    if before is not None:
        yield before


class _Reading:
    """What a clause takes over from those before it."""

    def __init__(self) -> None:
        self._negated: Literal["no", "bare", "yes"] = "no"
        """`bare`: a negation whose verb is still to come."""
        self._denied = False
        """Something in the sentence was negated: `or` goes on with that."""
        self._open: Wish | None = None
        """What the next clause may name more things for."""
        self._last: Thing | None = None
        """What `it` means."""

    def read(self, clause: Clause) -> Asked | None:
        if clause.starts == "sentence":
            self._negated, self._open, self._denied = "no", None, False
        elif clause.starts in ("part", "but") and self._negated == "yes":
            self._negated = "no"
        elif clause.starts == "or" and self._denied:
            self._negated = "yes"
        found = self._found(clause)
        at = next((n for n, word in enumerate(clause.words) if word in say.NEGATORS), None)
        if found is None and at is not None:
            self._negated = "bare" if at == len(clause.words) - 1 else "yes"
        elif found is not None and self._negated == "bare":
            self._negated = "yes"
        self._denied |= self._negated != "no"
        heads = found is None and self._negated == "no" and not self._questions(clause) and _is_bare(clause.words)
        self._open = found.wish if found is not None else "gone" if heads else None
        self._remember(clause.words)
        return found

    def _found(self, clause: Clause) -> Asked | None:
        words = clause.words
        if self._questions(clause):
            return None
        found = _wish(words, self._last)
        if found is not None and self._negated != "no" and found.wish != "kept":
            return Asked("kept", found.thing)
        if found is None and self._open is not None and (clause.starts != "or" or self._open == "kept"):
            thing = _whole(words, 0, self._last)
            found = None if thing is None else Asked(self._open, thing)
        return found or _denied(words, self._last)

    @staticmethod
    def _questions(clause: Clause) -> bool:
        return clause.asks and clause.words[0] not in say.ASKING

    def _remember(self, words: Words) -> None:
        spoken = [thing for n, word in enumerate(words) if word in say.DETERMINERS and (n == 0 or words[n - 1] not in
                  say.DETERMINERS) and (thing := _thing(words, n, None)[0]) is not None]  # fmt: skip
        if spoken:
            self._last = spoken[0] if len(spoken) == 1 else None


def _wish(words: Words, last: Thing | None) -> Asked | None:
    """What a clause asks for, when nothing but courtesy stands before it."""
    at = _behind(words, 0, say.COURTESY)
    if at < len(words) and words[at] in say.ONLY:
        kept = _behind(words, at + 1, say.KEEPS | {"noch", "want", "need"})
        if (thing := _whole(words, kept, last)) is not None:
            return Asked("only", thing)
        at = _behind(words, at + 1, say.COURTESY)
    rest = words[at:]
    if (undone := _undone(words[_behind(words, 0, say.COURTESY - {"go"}) :], last)) is not None:
        return undone
    if not rest:
        return None
    readers = (_silenced, _only, _verb, _unwanted, _lacking, _swapped, _keeping, _predicate)
    return next((found for reader in readers if (found := reader(rest, last)) is not None), None)


def _is_bare(words: Words) -> bool:
    """`Delete: the music` names what is to go behind a mark."""
    rest = words[_behind(words, 0, say.COURTESY) :]
    return rest in say.PHRASES or (len(rest) == 1 and rest[0] in say.VERBS - say.FILM_VERBS)


def _verb(words: Words, last: Thing | None) -> Asked | None:
    if words[0] in say.SILENCES:
        found = _gone(words, 1, last)
        return None if found is None else replace(found, thing=replace(found.thing, in_film=True))
    for phrase in say.PHRASES:
        if words[: len(phrase)] == phrase:
            return _gone(words, len(phrase), last)
    if words[0] in say.PARTED:
        thing, end = _thing(words, _behind(words, 1, say.COURTESY), last)
        if thing is not None and words[end : end + 1] and words[end] in say.PARTICLES:
            return _with_tail("gone", thing, words, end + 1)
    return _gone(words, _behind(words, 1, say.COURTESY), last) if words[0] in say.VERBS else None


def _gone(words: Words, at: int, last: Thing | None) -> Asked | None:
    if words[at : at + 1] and words[at] in say.EVERYTHING:
        but = next((n for n in range(at, len(words)) if words[n] in say.EXCEPT), None)
        if but is not None:
            # `all images but the first` is not about the other steps
            thing = _whole(words, but + 1, last) if set(words[at:but]) <= say.EVERYTHING | say.OF_THE_PLAN else None
            return None if thing is None else Asked("only", thing)
        if words[at] != "all" and (end := _behind(words, at, say.EVERYTHING | {"else", "andere"})):
            return _with_tail("gone", Thing(("everything",), several=True), words, end)
    thing, end = _thing(words, at, last)
    return None if thing is None else _with_tail("gone", thing, words, end)


def _undone(words: Words, _last: Thing | None) -> Asked | None:
    """`undo the music`; `undo that` and `go back` may mean any step."""
    begun = next((len(one) for one in say.UNDOES if words[: len(one)] == one), 0)
    if not begun:
        return None
    at = _behind(words, begun, say.DETERMINERS | say.PRONOUNS)
    thing, end = _thing(words, begun, None)
    if at == len(words) or words[at] in say.VERSIONS or set(words[at:]) <= say.TAIL:
        return Asked("gone", Thing(("everything",), several=True, certainty="possible"))
    found = None if thing is None else _with_tail("gone", thing, words, end)
    return None if found is None else replace(found, thing=replace(found.thing, certainty="possible"))


def _silenced(words: Words, _last: Thing | None) -> Asked | None:
    """`make it silent`, `mute the video`: without the sounds that are in a film."""
    begun = int(words[0] in say.SILENCES | say.MAKES | say.KEEPS | {"turn"})
    at = _behind(words, begun, say.DETERMINERS | say.PRONOUNS | say.FILMS | say.EVERYTHING)
    quiet = at if words[0] in say.SILENCES else _behind(words, at, say.SILENT)
    if quiet == at and words[0] not in say.SILENCES:
        return None
    if (words[0] in say.SILENCES and at == begun) or not set(words[quiet:]) <= say.TAIL:
        return None
    return Asked("gone", Thing(("silence",), several=True, certainty="possible"))


def _unwanted(words: Words, last: Thing | None) -> Asked | None:
    """`don't need the voice`, `no longer want it`, `brauche die Stimme nicht`."""
    if words[0] in ("brauche", "brauchen", "benotige"):
        thing, end = _thing(words, 1, last)
        return _with_tail("gone", thing, words, end + 1) if thing and words[end : end + 1] == ("nicht",) else None
    at = _behind(words, 0, say.UNWANTED | {"really"})
    if not {"don't", "dont", "didn't", "never", "not", "longer"} & set(words[:at]):
        return None
    if words[at : at + 1] and words[at] in ("want", "wanted", "need", "needed", "require"):
        return _gone(words, at + 1, last)
    if words[at : at + 1] == ("like",):
        thing = _whole(words, at + 1, last)
        return None if thing is None else Asked("replaced", thing)
    if words[at : at + 1] and words[at] in say.PUTS_IN:
        found = _gone(words, at + 1, last)
        is_new = found is None or found.thing.words[0] in say.NEW or bool(say.AGAIN & set(words))
        return None if found is None or is_new else replace(found, thing=replace(found.thing, certainty="possible"))
    return _gone(words, at + 2, last) if words[at : at + 2] in (("ask", "for"), ("asked", "for")) else None


def _lacking(words: Words, last: Thing | None) -> Asked | None:
    """`without the voice`, `make it with no music`."""
    at = next((n for n, word in enumerate(words) if word in say.WITHOUT | say.NONE), None)
    if at is None:
        return None
    better = words[0] == "it" and words[at] in say.WITHOUT and bool(say.BETTER & set(words[:at]))
    begins = at == 0 or words[0] in say.MAKES | say.DETERMINERS | {"it", "prefer"}
    if not better and (say.STATES & set(words[:at]) or not begins):
        return None
    found = _gone(words, _behind(words, at + 1, frozenset({"more", "mehr", "any", "de"})), last)
    if found is None or not at:
        return found
    of_another = not set(words[:at]) <= say.MAKES | {"it", "all"}
    certainty: Certainty = "clear" if words[0] in say.MAKES else "possible"
    of_another = of_another and not better
    return replace(found, thing=replace(found.thing, certainty=certainty, in_film=of_another))


def _swapped(words: Words, last: Thing | None) -> Asked | None:
    """`replace the video with a picture`, `a picture instead of the video`, `use music instead`."""
    if words[0] in say.SWAPS | say.CHANGES:
        thing, end = _thing(words, 1, last)
        joint = say.FOR if words[0] in say.SWAPS else say.FOR | {"to", "into", "in"}
        return Asked("replaced", thing) if thing and words[end : end + 1] and words[end] in joint else None
    if words[0] in say.USES and words[-1] == "instead":
        return Asked("replaced", Thing(("everything",), several=True, certainty="possible"))
    at = next((n for n in range(len(words) - 1) if words[n : n + 2] == ("instead", "of")), None)
    if at is None or ({"the", "that", "this", "my"} & set(words[:at]) and words[0] not in ("use", "take")):
        return None
    if at and words[0] not in say.USES and (at > _NAMED_MAX or words[0] in say.STATES | say.STOPS):
        return None
    behind = words[at + 2 :]
    use = next((n for n, word in enumerate(behind) if n and word in say.USES - say.DETERMINERS), len(behind))
    thing = _whole(behind if at else behind[:use], 0, last)
    return None if thing is None else Asked("replaced", thing)


def _only(words: Words, last: Thing | None) -> Asked | None:
    """`keep only the image`, `nothing but the image`."""
    if words[0] in say.KEEPS | {"nothing", "nichts"} and words[1:2] and words[1] in say.ONLY | {"but", "ausser"}:
        thing = _whole(words, 2, last)
        return None if thing is None else Asked("only", thing)
    return None


def _keeping(words: Words, last: Thing | None) -> Asked | None:
    thing, _ = _thing(words, 1, last) if words[0] in say.KEEPS else (None, 0)
    return None if thing is None else Asked("kept", thing)


def _predicate(words: Words, last: Thing | None) -> Asked | None:
    """`the voice can go`, `the voice is not needed`, `die Stimme weg`."""
    thing, at = _thing(words, int(words[0] == "get"), last)
    if thing is None or at == len(words):
        return None
    if words[at] in ("has", "have", "needs", "need") and words[at + 1 : at + 2] == ("to",):
        at += 2
    elif words[at] in ("is", "are", "isn't", "aren't", "it's"):
        end = _behind(words, at, vocabulary("is are isn't aren't it's not no longer really"))
        denied = {"isn't", "aren't", "not", "longer"} & set(words[at:end])
        needless = words[end : end + 1] and words[end] in (
            ("needed", "wanted", "necessary", "required") if denied else ("unnecessary", "superfluous", "redundant")
        )
        return _with_tail("gone", thing, words, end + 1) if needless else None
    at = _behind(words, at, say.MODALS)
    if at == len(words) or words[at] not in say.GOES:
        return None
    return _with_tail("gone", thing, words, _behind(words, at + 1, frozenset({"werden"})))


def _denied(words: Words, last: Thing | None) -> Asked | None:
    """`don't remove the voice`, `without touching it`, `not the image`: named so that it stays."""
    at = next((n for n, word in enumerate(words) if word in say.NEGATORS), None)
    if at is None:
        return None
    verb = _behind(words, at + 1, say.COURTESY | {"of", "than"})
    if verb == len(words):
        return None
    thing = None
    if words[verb] in say.VERBS | say.PARTED | {"get"} or words[verb].endswith("ing"):
        behind = next((len(one) for one in say.PHRASES if words[verb : verb + len(one)] == one), 1)
        thing, _ = _thing(words, verb + behind, last)
    elif words[at] in ("not", "nicht") and verb == at + 1:
        thing = _whole(words, verb, None)
    elif words[at] == "nicht" and words[verb] in say.GOES:
        thing, _ = _thing(words, _behind(words, 0, say.COURTESY | say.PARTED), last)
    return None if thing is None else Asked("kept", thing)


def _thing(words: Words, at: int, last: Thing | None) -> tuple[Thing | None, int]:
    """The words up to what cannot belong to a name; a pronoun alone is what was spoken of last."""
    start = at
    at = _behind(words, at, say.DETERMINERS | {"it", "them", "es", "ihn"})
    pointing = set(words[start:at])
    # `the first image`, but not `the image first`
    end = at + 1 if words[at : at + 1] == ("first",) and pointing and _named(words, at + 1) else at
    while end - at < say.WORDS_MAX and _named(words, end):
        end += 1
    if end > at:
        # `both images`, but not `both the image and the music`
        both = bool(say.BOTH & pointing) and not ("both" in pointing and _is_one(words[at:end]))
        return Thing(words[at:end], both or bool((say.SEVERAL - say.BOTH) & pointing), both), end
    return (last if at > start and words[at - 1] in say.PRONOUNS else None), at


def _is_one(words: Words) -> bool:
    return not any(word.endswith("s") for word in words) and not any(map(numbers_in, words))


def _named(words: Words, at: int) -> bool:
    return at < len(words) and words[at] not in say.STOPS | say.DETERMINERS


def _whole(words: Words, at: int, last: Thing | None) -> Thing | None:
    """A name behind which nothing of weight stands."""
    thing, end = _thing(words, at, last)
    return thing if thing is not None and all(word in say.TAIL for word in words[end:]) else None


def _with_tail(wish: Wish, thing: Thing, words: Words, at: int) -> Asked | None:
    """None where what stands behind the thing's name makes it something else than the thing itself."""
    at = _behind(words, at, say.TAIL - say.REASONS)
    rest = words[at:]
    if not rest or rest == ("you",) or (rest[0] in say.REASONS and not _is_state(rest)):
        return Asked(wish, thing)
    if rest[0] == "of" and thing.words[-1] in ("one", "some", "any", "none"):
        return None
    if rest[0] in ("that", "which") and not say.SHOWS & set(rest[1:2]):
        return Asked(wish, replace(thing, certainty="possible"))
    if rest[0] in say.OF:
        place = _behind(rest, 1, say.DETERMINERS)
        if place < len(rest) and all(word in say.TAIL for word in rest[place + 1 :]):
            if rest[place] in say.PLACES:
                return Asked(wish, thing)
            if rest[place] in say.FILMS:
                return Asked(wish, replace(thing, certainty="possible", in_film=True))
    if rest[0] in say.DESCRIBES | {"that", "which"} and (described := tuple(w for w in rest[1:] if _describes(w))):
        return Asked(wish, replace(thing, certainty="possible", described=described))
    return None


def _describes(word: str) -> bool:
    return word not in say.STOPS | say.DETERMINERS | say.SHOWS


def _is_state(rest: Words) -> bool:
    """`so loud`, but not `so that …`, `so it …`."""
    people = frozenset({"there", "he", "she", "they"})
    return rest[0] == "so" and len(rest) > 1 and rest[1] not in say.REASONS | say.DETERMINERS | say.PRONOUNS | people


def _behind(words: Sequence[str], at: int, passed: frozenset[str]) -> int:
    while at < len(words) and words[at] in passed:
        at += 1
    return at
