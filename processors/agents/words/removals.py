"""What an instruction asks to be without: the objects of its removing verbs, clause by clause. Pure.

Only a whole clause that asks for it counts: nothing before the verb but courtesy, and nothing behind the object that
makes it a part of something (`the background of the image`) or a state (`the voice too loud`). What is not understood
removes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from processors.agents.words.clauses import Clause, Words, clauses, vocabulary
from processors.agents.words.enumerations import gathered

Certainty = Literal["clear", "possible"]
"""`possible`: it counts only for a step that the answer, too, says was to go."""
Wish = Literal["gone", "kept", "only", "replaced"]

_COURTESY: Final = vocabulary("""
    please pls kindly also now simply maybe ok okay yes hey hi hello well so first next finally actually again i we you
    can could would will should may might must to want like i'd we'd i'll let's lets let us go ahead gonna wanna rather
    have bitte jetzt auch mal doch einfach noch ich wir du kannst konntest will mochte mochten wurde gerne gern ja
    nun vous te plait por favor puedes per favore got
""")
_VERBS: Final = vocabulary("""
    remove delete drop discard omit scrap skip ditch kill eliminate exclude erase lose forget cancel dump cut
    entferne entfern entfernen losche losch loschen streiche streich streichen verwerfe verwirf supprime supprimez
    enleve enlevez retire retirez efface effacez quita quite elimina elimine borra borre suprime saca togli togliete
    rimuovi rimuovete cancella
""")
_PHRASES: Final = (
    ("get", "rid", "of"), ("do", "away", "with"), ("leave", "out"), ("take", "out"), ("take", "away"), ("take", "off"),
    ("cut", "out"), ("throw", "out"), ("throw", "away"), ("strip", "out"), ("forget", "about"), ("verzichte", "auf"),
)  # fmt: skip
_PARTED: Final = vocabulary("take leave cut throw strip lass lasst nimm nehmt wirf mach")
"""With a particle behind the object."""
_PARTICLES: Final = vocabulary("out away off weg raus heraus")
_GONE: Final = vocabulary("""
    removed deleted dropped discarded omitted scrapped gone erased eliminated excluded weg raus entfernen entfernt
    loschen geloscht streichen gestrichen weglassen weggelassen rausnehmen
""")
_MODALS: Final = vocabulary(
    "can could should must shall may be soll sollte sollen muss mussen kann konnen darf bitte auch jetzt"
)
_GOES: Final = frozenset({"go", "disappear", "verschwinden", *_GONE})
_WITHOUT: Final = vocabulary("without minus ohne sans sin senza")
_NONE: Final = vocabulary("no kein keine keinen keiner keines")
_MAKES: Final = vocabulary(
    "make do generate create produce render give need show use try redo with have mach mache erstelle there be"
)
_STATES: Final = vocabulary(
    "is was are were isn't look looks feel feels seem seems sound sounds work works imagine how what why if "
    "even when not never cannot can't don't"
)
_NEGATORS: Final = vocabulary("""
    not don't dont never didn't doesn't won't can't cannot mustn't shouldn't wouldn't avoid stop nicht nie niemals ne
    pas jamais without instead rather non nunca
""")
_UNWANTED: Final = vocabulary("do did don't dont didn't never not no longer")
_KEEPS: Final = vocabulary(
    "keep keeping leave leaving retain preserve save spare behalte behalten lass lasst garde conserva"
)
_SWAPS: Final = vocabulary("replace swap exchange substitute ersetze tausche remplace reemplaza")
_FOR: Final = vocabulary("with for by durch gegen par por")
_USES: Final = vocabulary("use make create generate give want like need have add do show a an some")
_ONLY: Final = vocabulary("only just nur solo")
_BOTH: Final = vocabulary("both beide")
_SEVERAL: Final = _BOTH | vocabulary("these those all any every each alle diese")
_DETERMINERS: Final = _SEVERAL | vocabulary("""
    the that this my our your its his her their a an of whole entire der die das den dem des ein eine einen mein meine
    meinen dein deine dieser diesen dieses ganze ganzen le la les l un une mon ma el los las lo il gli mi tu
""")
_PRONOUNS: Final = vocabulary("it that this them these those es ihn")
_TAIL: Final = vocabulary("""
    please pls thanks thank you thx too also altogether entirely completely totally again now instead anymore any more
    then first for good as well though at all right away immediately here bitte danke auch wieder ganz jetzt mehr nun
    komplett por favor per favore
""")
_PLACES: Final = vocabulary("plan project workflow pipeline list canvas session projekt liste")
_FILMS: Final = vocabulary("video film clip movie animation videos clips")
_OF: Final = vocabulary("from in of aus von im vom")
_REASONS: Final = vocabulary("because since so i we you it it's that's weil da denn ich")
_EXCEPT: Final = vocabulary("but except besides ausser bis")
_EVERYTHING: Final = vocabulary("everything anything alles all rest")
_OF_THE_PLAN: Final = vocabulary("else other others andere anderen the of step steps schritte")
_STOPS: Final = (
    _GONE
    | _TAIL
    | _REASONS
    | vocabulary("""
    from in of on at by with for under over behind into onto to off out up down before after during between around
    below above near as than through until till except but besides aside apart is are was were be been should must can
    could would will shall may has have had needs need be do does did so and or without not which who where when while
    if she he they too very more less a an the aus von im am mit fur unter uber bei nach vor zu zum vom durch gegen ist
    sind war soll sollte sollen muss mussen kann wird werden nicht raus heraus that isn't aren't instead ausser auf
""")
)
_WORDS_MAX: Final = 6
_ASKING: Final = vocabulary("can could would will please kannst konntest puedes")


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
        self._open: Asked | None = None
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
        if found is None and (at := next((n for n, w in enumerate(clause.words) if w in _NEGATORS), None)) is not None:
            self._negated = "bare" if at == len(clause.words) - 1 else "yes"
        elif found is not None and self._negated == "bare":
            self._negated = "yes"
        self._denied |= self._negated != "no"
        self._open = found
        self._remember(clause.words)
        return found

    def _found(self, clause: Clause) -> Asked | None:
        words = clause.words
        if clause.asks and words[0] not in _ASKING:
            return None
        found = _wish(words, self._last)
        if found is not None and self._negated != "no" and found.wish != "kept":
            return Asked("kept", found.thing)
        if found is None and self._open is not None and (clause.starts != "or" or self._open.wish == "kept"):
            thing = _whole(words, 0, self._last)
            found = None if thing is None else Asked(self._open.wish, thing)
        return found or _denied(words, self._last)

    def _remember(self, words: Words) -> None:
        spoken = [thing for n, word in enumerate(words) if word in _DETERMINERS and (n == 0 or words[n - 1] not in
                  _DETERMINERS) and (thing := _thing(words, n, None)[0]) is not None]  # fmt: skip
        if spoken:
            self._last = spoken[0] if len(spoken) == 1 else None


def _wish(words: Words, last: Thing | None) -> Asked | None:
    """What a clause asks for, when nothing but courtesy stands before it."""
    at = _behind(words, 0, _COURTESY)
    if at < len(words) and words[at] in _ONLY:
        kept = _behind(words, at + 1, _KEEPS | {"noch"})
        if (thing := _whole(words, kept, last)) is not None:
            return Asked("only", thing)
        at = _behind(words, at + 1, _COURTESY)
    rest = words[at:]
    if not rest:
        return None
    readers = (_only, _verb, _unwanted, _lacking, _swapped, _keeping, _predicate)
    return next((found for reader in readers if (found := reader(rest, last)) is not None), None)


def _verb(words: Words, last: Thing | None) -> Asked | None:
    for phrase in _PHRASES:
        if words[: len(phrase)] == phrase:
            return _gone(words, len(phrase), last)
    if words[0] in _PARTED:
        thing, end = _thing(words, _behind(words, 1, _COURTESY), last)
        if thing is not None and words[end : end + 1] and words[end] in _PARTICLES:
            return _with_tail("gone", thing, words, end + 1)
    return _gone(words, _behind(words, 1, _COURTESY), last) if words[0] in _VERBS else None


def _gone(words: Words, at: int, last: Thing | None) -> Asked | None:
    if words[at : at + 1] and words[at] in _EVERYTHING:
        but = next((n for n in range(at, len(words)) if words[n] in _EXCEPT), None)
        if but is not None:
            # `all images but the first` is not about the other steps
            thing = _whole(words, but + 1, last) if set(words[at:but]) <= _EVERYTHING | _OF_THE_PLAN else None
            return None if thing is None else Asked("only", thing)
        if words[at] != "all" and (end := _behind(words, at, _EVERYTHING | {"else", "andere"})):
            return _with_tail("gone", Thing(("everything",), several=True), words, end)
    thing, end = _thing(words, at, last)
    return None if thing is None else _with_tail("gone", thing, words, end)


def _unwanted(words: Words, last: Thing | None) -> Asked | None:
    """`don't need the voice`, `no longer want it`, `brauche die Stimme nicht`."""
    if words[0] in ("brauche", "brauchen", "benotige"):
        thing, end = _thing(words, 1, last)
        return _with_tail("gone", thing, words, end + 1) if thing and words[end : end + 1] == ("nicht",) else None
    at = _behind(words, 0, _UNWANTED)
    if not {"don't", "dont", "didn't", "never", "not", "longer"} & set(words[:at]):
        return None
    if words[at : at + 1] and words[at] in ("want", "wanted", "need", "needed", "require"):
        return _gone(words, at + 1, last)
    return _gone(words, at + 2, last) if words[at : at + 2] in (("ask", "for"), ("asked", "for")) else None


def _lacking(words: Words, last: Thing | None) -> Asked | None:
    """`without the voice`, `make it with no music`."""
    at = next((n for n, word in enumerate(words) if word in _WITHOUT | _NONE), None)
    if at is None or _STATES & set(words[:at]) or (at and words[0] not in _MAKES | _DETERMINERS):
        return None
    found = _gone(words, _behind(words, at + 1, frozenset({"more", "mehr", "any", "de"})), last)
    if found is None or not at:
        return found
    of_another = not set(words[:at]) <= _MAKES | {"it", "all"}
    certainty: Certainty = "clear" if words[0] in _MAKES else "possible"
    return replace(found, thing=replace(found.thing, certainty=certainty, in_film=of_another))


def _swapped(words: Words, last: Thing | None) -> Asked | None:
    """`replace the video with a picture`, `a picture instead of the video`."""
    if words[0] in _SWAPS:
        thing, end = _thing(words, 1, last)
        return Asked("replaced", thing) if thing and words[end : end + 1] and words[end] in _FOR else None
    at = next((n for n in range(len(words) - 1) if words[n : n + 2] == ("instead", "of")), None)
    if at is None or (at and words[0] not in _USES) or {"the", "that", "this", "my"} & set(words[:at]):
        return None
    thing = _whole(words, at + 2, last)
    return None if thing is None else Asked("replaced", thing)


def _only(words: Words, last: Thing | None) -> Asked | None:
    """`keep only the image`, `nothing but the image`."""
    if words[0] in _KEEPS | {"nothing", "nichts"} and words[1:2] and words[1] in _ONLY | {"but", "ausser"}:
        thing = _whole(words, 2, last)
        return None if thing is None else Asked("only", thing)
    return None


def _keeping(words: Words, last: Thing | None) -> Asked | None:
    thing, _ = _thing(words, 1, last) if words[0] in _KEEPS else (None, 0)
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
    at = _behind(words, at, _MODALS)
    if at == len(words) or words[at] not in _GOES:
        return None
    return _with_tail("gone", thing, words, _behind(words, at + 1, frozenset({"werden"})))


def _denied(words: Words, last: Thing | None) -> Asked | None:
    """`don't remove the voice`, `without touching it`, `not the image`: named so that it stays."""
    at = next((n for n, word in enumerate(words) if word in _NEGATORS), None)
    if at is None:
        return None
    verb = _behind(words, at + 1, _COURTESY | {"of", "than"})
    if verb == len(words):
        return None
    thing = None
    if words[verb] in _VERBS | _PARTED | {"get"} or words[verb].endswith("ing"):
        behind = next((len(one) for one in _PHRASES if words[verb : verb + len(one)] == one), 1)
        thing, _ = _thing(words, verb + behind, last)
    elif words[at] in ("not", "nicht") and verb == at + 1:
        thing = _whole(words, verb, None)
    elif words[at] == "nicht" and words[verb] in _GOES:
        thing, _ = _thing(words, _behind(words, 0, _COURTESY | _PARTED), last)
    return None if thing is None else Asked("kept", thing)


def _thing(words: Words, at: int, last: Thing | None) -> tuple[Thing | None, int]:
    """The words up to what cannot belong to a name; a pronoun alone is what was spoken of last."""
    start = at
    at = _behind(words, at, _DETERMINERS | {"it", "them", "es", "ihn"})
    pointing = set(words[start:at])
    # `the first image`, but not `the image first`
    end = at + 1 if words[at : at + 1] == ("first",) and pointing and _named(words, at + 1) else at
    while end - at < _WORDS_MAX and _named(words, end):
        end += 1
    if end > at:
        return Thing(words[at:end], bool(_SEVERAL & pointing), bool(_BOTH & pointing)), end
    return (last if at > start and words[at - 1] in _PRONOUNS else None), at


def _named(words: Words, at: int) -> bool:
    return at < len(words) and words[at] not in _STOPS | _DETERMINERS


def _whole(words: Words, at: int, last: Thing | None) -> Thing | None:
    """A name behind which nothing of weight stands."""
    thing, end = _thing(words, at, last)
    return thing if thing is not None and all(word in _TAIL for word in words[end:]) else None


def _with_tail(wish: Wish, thing: Thing, words: Words, at: int) -> Asked | None:
    """None where what stands behind the thing's name makes it something else than the thing itself."""
    at = _behind(words, at, _TAIL - _REASONS)
    rest = words[at:]
    if not rest or rest == ("you",) or rest[0] in _REASONS:
        return Asked(wish, thing)
    if rest[0] in ("that", "which"):
        return Asked(wish, replace(thing, certainty="possible"))
    if rest[0] in _OF:
        place = _behind(rest, 1, _DETERMINERS)
        if place < len(rest) and all(word in _TAIL for word in rest[place + 1 :]):
            if rest[place] in _PLACES:
                return Asked(wish, thing)
            if rest[place] in _FILMS:
                return Asked(wish, replace(thing, certainty="possible", in_film=True))
    return None


def _behind(words: Sequence[str], at: int, passed: frozenset[str]) -> int:
    while at < len(words) and words[at] in passed:
        at += 1
    return at
