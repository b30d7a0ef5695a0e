"""What a person means by `that image`, `the second video`, `the one from before` or `image_1`. Pure.

Files of the session and results of plans are things in the order in which they came. What is not meant for certain is
not resolved: a planner reads the words themselves, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from processors.agents.words import modifiers
from processors.agents.words.labels import spoken
from processors.agents.words.modifiers import Modifier
from processors.agents.words.places import COUNT, ORDERS, Place, count_of, places
from processors.agents.words.step_numbers import by_number, step_of, steps_of
from processors.agents.words.things import MEDIUM_OF, Mention, Thing

PHRASES_MAX: Final = 200
"""Nouns of one text that are asked about; what comes after them points at nothing."""
_NOUNS: Final = {
    "image": ("image", "picture", "photo", "photograph", "pic", "illustration", "drawing", "shot", "render", "portrait",
              "poster", "logo", "bild", "bilder", "foto", "imagen", "icon", "banner"),
    "video": ("video", "clip", "film", "filme", "animation", "movie", "footage", "trailer"),
    "speech": ("voiceover", "voice-over", "voice", "narration", "narrator", "speech", "stimme", "stimmen"),
    "music": ("music", "song", "soundtrack", "track", "melody", "tune", "jingle", "musik", "lied", "lieder"),
    "audio": ("audio", "sound", "recording", "aufnahme", "aufnahmen"),
    "3d": ("3d model", "3d-model", "mesh", "model", "3d-modell"),
    "text": ("text", "script", "copy", "story", "caption", "poem", "texte", "gedicht"),
    "lipsync": ("lipsync", "lip-sync", "talking head"),
    "file": ("file", "upload", "attachment", "datei", "dateien"),
}  # fmt: skip
_KIND_OF: Final = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns}
_MANY: Final = frozenset({"bilder", "filme", "stimmen", "lieder", "aufnahmen", "texte", "dateien"})
_NOUN: Final = "|".join(sorted((re.escape(noun) for noun in _KIND_OF), key=len, reverse=True))
_DETERMINER: Final = (
    r"that|this|the|my|our|your|these|those|both|all|das|der|die|den|dem|dieses|dieser|diese|diesen|diesem|mein|meine|"
    r"meinem|meinen|unser|unsere|alle|beide"
)
_MINE: Final = frozenset({"my", "our", "mein", "meine", "meinem", "meinen", "unser", "unsere"})
_OURS: Final = (
    r"(?P<mine>\s+(?:that\s+|which\s+)?(?:I|we)(?:'ve|\s+have)?\s+(?:just\s+)?(?:uploaded|sent|attached|added)"
    r"|,?\s+(?:das|die|den)\s+ich\s+(?:\w+\s+)?(?:hochgeladen|geschickt|angehängt)\s+habe)?"
    r"(?P<yours>\s+(?:that\s+|which\s+)?you(?:'ve|\s+have)?\s+(?:just\s+)?(?:made|generated|created|produced|drew|drawn))?"
)
_BEFORE: Final = (
    r"(?:\s+(?P<relative>before\s+(?:the\s+)?(?:last|latest|newest)(?:\s+one)?"
    r"|(?:just\s+)?before\s+(?:that|this|it)(?:\s+one)?)\b"
    r"|(?P<before>\s+(?:from\s+)?(?:before|earlier|above|last\s+time|previously)\b(?!\s+(?:the|that|this|it|we|you|I)\b)"
    r"|\s+(?:von\s+)?(?:vorhin|vorher|davor|früher|eben|zuvor)\b))?"
)
_PHRASE = re.compile(
    rf"\b(?P<det>{_DETERMINER})\s+(?:(?:of\s+)?the\s+)?(?:(?P<order>{ORDERS})\s+)?(?:(?P<count>{COUNT})\s+)?"
    rf"(?P<adjectives>(?:(?!(?:{_NOUN}|one|ones)s?\b)[\w'’-]+\s+){{0,3}}?)"
    rf"(?P<noun>{_NOUN}|ones?)(?P<plural>s)?\b(?![-.]\w){_OURS}{_BEFORE}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(rf"\b(?P<noun>{_NOUN})\s?(?:#|no\.|number\s|nr\.\s?|nummer\s)\s?(?P<number>\d{{1,3}})\b", re.I)
_ALL_OF_THEM = re.compile(
    r"\b(?:(?:all|both|each|every one) of (?:them|these|those)|them (?:all|both)|alle davon|beide davon"
    rf"|(?:the|all) (?P<count>{COUNT}) of them)\b",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s{2,}")
_PRONOUN = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_NOT_ADJECTIVES: Final = frozenset({
    "a", "an", "and", "or", "with", "of", "to", "into", "from", "for", "in", "on", "at", "by", "is", "as", "make",
    "add", "put", "turn", "then", "same", "whole", "new", "next", "following", "und", "oder", "ein", "eine", "mit",
    "neue", "neues", "nächste", "nächstes",
})  # fmt: skip
_SAY_NOTHING: Final = frozenset({"old", "nice", "uploaded", "attached", "generated", "very", "little"})
_PRODUCTS: Final = frozenset({"logo", "icon", "banner", "poster"})
"""Pictures of a purpose: not any picture is one."""
_ANY_OF_THEM: Final = frozenset({
    "image", "picture", "photo", "photograph", "pic", "bild", "foto", "imagen", "video", "clip", "film", "filme",
    "music", "musik", "audio", "sound", "text", "texte", "voice", "stimme", "file", "upload", "attachment", "datei",
})  # fmt: skip
_SOUNDS: Final = frozenset({"speech", "music"})
_THINGS = re.compile(rf"(?:{_NOUN})s?", re.IGNORECASE)
_FILE_NAME = re.compile(r"[^/\\]*\w\.[a-z][a-z0-9]{1,4}", re.IGNORECASE)
_ONE_OF = re.compile(rf"\b(?:one|any|either|none|neither|some|half|{ORDERS})\s+of\s*$", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|nicht|instead\s+of)\s*$", re.IGNORECASE)
_THE_ONE = re.compile(
    rf"[^.;!?\n]{{0,80}},\s+(?:I mean\s+)?(?:the|das|die|den)\s+(?!(?:{ORDERS})\s)(?:[\w-]+\s+){{0,2}}one\b",
    re.IGNORECASE,
)
_WHAT_IN = re.compile(r"\b(?:the|a|an|my)\s+(?P<what>[\w-]+)\s+(?:in|on|of|from)\s+$", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_ABOUT_MAX: Final = 300
"""Letters of what is said of a thing: what it shows is said first."""


def resolve(text: str, things: Sequence[Thing]) -> tuple[Mention, ...]:
    """In the order of the words. `things` are in the order in which they came, the newest last."""
    text = _SPACES.sub(" ", text)
    pointing = list(_told_apart(text, list(_Phrases(text, things).found())))
    taken = [range(at, at + len(mention.phrase)) for at, mention in pointing]
    named = [one for one in _named(text, things) if not any(one[0] in span for span in taken)]
    steps = [one for one in by_number(text, things) if not any(one[0] in span for span in taken)]
    found = sorted(
        [*_labels(text, things), *_numbered(text, things), *pointing, *named, *steps], key=lambda one: one[0]
    )
    mentions = [mention for _, mention in found if all(mention.refs)]
    if not mentions and len(things) == 1 and (pronoun := _PRONOUN.search(text)) is not None:
        mentions = [Mention(pronoun[0], (things[0].ref,))]
    return tuple(dict.fromkeys(mentions or _all_of_them(text, things)))


def _all_of_them(text: str, things: Sequence[Thing]) -> list[Mention]:
    """All things of the newest one's medium, where they are as many as is said."""
    match = _ALL_OF_THEM.search(text)
    alike = [one for one in things if not one.past and one.medium == things[-1].medium] if things else []
    if match is None or len(alike) < 2:
        return []
    count = 2 if "both" in match[0].lower() else count_of(match["count"])
    refs = tuple(one.ref for one in alike)
    return [Mention(match[0], refs)] if count in (None, len(alike)) and all(refs) else []


def _told_apart(text: str, found: Sequence[tuple[int, Mention]]) -> Iterator[tuple[int, Mention]]:
    """`the image, the one with the dog`: what is said last of it says which."""
    for at, mention in found:
        again = _THE_ONE.match(text, at + len(mention.phrase))
        if again is None or _DENIED.search(text, max(0, at - 20), at):
            yield at, mention


def _labels(text: str, things: Sequence[Thing]) -> Iterator[tuple[int, Mention]]:
    known = {thing.ref for thing in things}
    for found in spoken(text):
        if found.label in known:
            yield found.at, Mention(found.words, (found.label,))


def _numbered(text: str, things: Sequence[Thing]) -> Iterator[tuple[int, Mention]]:
    """`video #2` is the second of the videos, where no file has that label."""
    known = {thing.ref for thing in things}
    labels = {found.at for found in spoken(text) if found.label in known}
    for match in _NUMBERED.finditer(text):
        candidates, number = _of_noun(match["noun"].lower(), things), int(match["number"])
        if match.start() not in labels and 0 < number <= len(candidates):
            yield match.start(), Mention(match[0], (candidates[number - 1].ref,))


def _named(text: str, things: Sequence[Thing]) -> Iterator[tuple[int, Mention]]:
    """`logo.png`, where one file is called so."""
    names = Counter(thing.name.casefold() for thing in things if thing.upload and _FILE_NAME.fullmatch(thing.name))
    folded = text.casefold()
    for thing in things:
        if names[thing.name.casefold()] != 1 or thing.name.casefold() not in folded:
            continue
        match = re.search(rf"(?<![\w./\\-]){re.escape(thing.name)}(?![\w/\\-]|\.\w)", text, re.IGNORECASE)
        if match is not None:
            yield match.start(), Mention(match[0], (thing.ref,))


class _Phrases:
    """Nouns that point at something, with what stands before and behind them."""

    def __init__(self, text: str, things: Sequence[Thing]) -> None:
        self._text, self._things = text, things
        self._words: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def found(self) -> Iterator[tuple[int, Mention]]:
        numbered = {at + len(noun) for at, noun in self._nouns_with_numbers()}
        for match in islice(self._matches(), PHRASES_MAX):
            if match.end("noun") in numbered or _ONE_OF.search(self._text, max(0, match.start() - 20), match.start()):
                continue
            meant, end = self._meant(match)
            if meant and not self._other_in_it(match, meant):
                phrase = self._text[match.start() : max(end, match.end())].strip()
                yield match.start(), Mention(phrase, tuple(thing.ref for thing in meant))

    def _other_in_it(self, match: re.Match[str], meant: Sequence[Thing]) -> bool:
        """`the dog in that image` is not for certain about the image of the cat, where there is one of a dog."""
        before = _WHAT_IN.search(self._text, max(0, match.start() - 60), match.start())
        if before is None or match["order"]:
            return False
        what = _singular(before["what"].lower())
        said = [one for one in _of_noun(match["noun"].lower(), self._things) if self._says(one, what)]
        return bool(said) and not set(meant) <= set(said)

    def _matches(self) -> Iterator[re.Match[str]]:
        """`the colours of the video` points at a video."""
        at = 0
        while (match := _PHRASE.search(self._text, at)) is not None:
            whole = _NOT_ADJECTIVES.isdisjoint(match["adjectives"].lower().split())
            at = match.end() if whole else match.end("det")
            if whole:
                yield match

    def _nouns_with_numbers(self) -> Iterator[tuple[int, str]]:
        for match in _NUMBERED.finditer(self._text):
            yield match.start(), match["noun"]
        for one in spoken(self._text):
            yield one.at, one.words.rstrip("0123456789_- #.")

    def _meant(self, match: re.Match[str]) -> tuple[Sequence[Thing], int]:
        """What a phrase means, and where it ends."""
        adjectives = match["adjectives"].lower().split()
        place = places(match["order"] or "", relative=match["relative"] is not None)
        when = modifiers.read_when(self._text, match.end()) if match["mine"] or match["yours"] else None
        end = when.end if when is not None else match.end()
        if when is not None and when.place is not None:
            if place.at:
                return (), 0
            place = Place((when.place,))
        several, count = _how_many(match)
        candidates = self._before_the_noun(match, adjectives, place)
        modifier = modifiers.read(self._text, match.start(), end, _THINGS)
        if when is not None and when.place is None and len(candidates) > 1:
            return (), 0
        if modifier is None:
            return _picked(candidates, place, several, count), end
        fitting, length = self._fitting(match["noun"].lower(), modifier, candidates, several)
        if length == 0:
            return (_picked(candidates, place, several, count) if fitting else ()), end
        meant = _picked(fitting, place, several, count)
        if place.at and len(candidates) > 1:
            # `the second image of the dog`: of all of them, or of those of the dog
            of_all = _picked(candidates, place, several, count)
            meant = of_all if set(of_all) <= set(fitting) and meant in ((), of_all) else ()
        return meant, end + length

    def _before_the_noun(self, match: re.Match[str], adjectives: Sequence[str], place: Place) -> list[Thing]:
        noun, determiner = match["noun"].lower(), match["det"].lower()
        candidates = _of_noun(noun, self._things)
        if match["mine"] or {"uploaded", "attached"} & set(adjectives):
            candidates = [thing for thing in candidates if thing.upload]
        elif match["yours"]:
            candidates = [thing for thing in candidates if not thing.upload]
        elif determiner in _MINE:
            candidates = [thing for thing in candidates if thing.upload] or candidates
        candidates = _in_time(candidates, earlier=match["before"] is not None or place.earlier)
        if noun not in _ANY_OF_THEM and (so_called := [one for one in candidates if self._says(one, noun)]):
            candidates = so_called
        elif noun in _PRODUCTS:
            candidates = candidates if len(candidates) == 1 and candidates[0].upload else []
        described = [_singular(word) for word in _TOKEN.findall(" ".join(adjectives)) if word not in _SAY_NOTHING]
        described = [word for word in described if word != "s"]
        if described and noun in ("one", "ones"):
            candidates = list(self._things)
        if described:
            named = [one for one in candidates if any(word in self._known(one)[0] for word in described)]
            named = named or [one for one in candidates if all(self._says(one, word) for word in described)]
            candidates = named or (candidates if len(candidates) == 1 else [])
        return candidates

    def _fitting(
        self, noun: str, modifier: Modifier, candidates: list[Thing], several: bool
    ) -> tuple[list[Thing], int]:
        """Those that it fits, and how much of the words it takes; without a length all of them, or none, are meant as
        if it were not there."""
        match modifier.kind:
            case "step":
                step = step_of(modifier, self._things)
                same = [step] if step is not None and (noun in ("one", "ones") or step in candidates) else []
                return same, modifier.end
            case "steps":
                some = steps_of(modifier.numbers, self._things)
                such = several and (noun in ("one", "ones") or all(one in candidates for one in some))
                return (some if such else []), modifier.end
            case "called":
                return self._called(modifier, candidates)
            case "part" if len(modifier.words[0]) > 1 or not self._best(modifier, candidates)[0]:
                return self._with_another(noun, modifier, candidates), 0
            case "unclear":
                return [], modifier.end
        pool = list(self._things) if noun in ("one", "ones") else candidates
        fitting, length = self._best(modifier, pool)
        if fitting and (modifier.definite or modifier.sure or modifier.ends):
            # of two that it fits as well neither is meant for certain
            return fitting if several or len(fitting) == 1 else [], length
        told = all(one.about for one in candidates)
        loose = not fitting and told and not modifier.sure and not modifier.definite
        alone = len(candidates) == 1 and (candidates[0].upload or not modifier.sure or not told)
        return (candidates if loose or alone else []), 0

    def _with_another(self, noun: str, modifier: Modifier, candidates: list[Thing]) -> list[Thing]:
        """`the image of the video` is none of the images; `the music of the video` is the music."""
        if any(one.kind not in _SOUNDS for one in candidates) and (modifier.sure or _KIND_OF.get(noun) == "text"):
            return []
        return [] if _KIND_OF.get(noun) == "audio" and modifier.sure else candidates

    def _called(self, modifier: Modifier, candidates: list[Thing]) -> tuple[list[Thing], int]:
        """As many of the words as a name has."""
        words = modifier.words[0]
        for much in range(len(words), 0, -1):
            wanted = {_singular(word.lower()) for one, _ in words[:much] for word in _TOKEN.findall(one)}
            if named := [one for one in candidates if wanted <= self._known(one)[0]]:
                whole = [one for one in named if wanted == self._known(one)[0]]
                named = whole or named
                return named if len(named) == 1 else [], words[much - 1][1]
            if modifier.ends:
                break
        return [], 1

    def _best(self, modifier: Modifier, candidates: Sequence[Thing]) -> tuple[list[Thing], int]:
        """Those that most of the words are said of, in their names rather than elsewhere."""
        best, length = list(candidates), 0
        for group in modifier.words:
            words = [(_singular(word), end) for word, end in group]
            hits = {
                one: (
                    sum(self._says(one, word) for word, _ in words),
                    sum(word in self._known(one)[0] for word, _ in words),
                )
                for one in best
            }
            most = max(hits.values(), default=(0, 0))
            if most[0]:
                best = [one for one in best if hits[one] == most]
                length = max(end for word, end in words if any(self._says(one, word) for one in best))
            elif not length:
                break
        return (best, length) if length else ([], 0)

    def _says(self, thing: Thing, word: str) -> bool:
        name, about = self._known(thing)
        return word in name or word in about

    def _known(self, thing: Thing) -> tuple[frozenset[str], frozenset[str]]:
        """The words of its name, and those that are said of it."""
        if thing.ref not in self._words:
            self._words[thing.ref] = _tokens(thing.name), _tokens(thing.about[:_ABOUT_MAX])
        return self._words[thing.ref]


def _tokens(text: str) -> frozenset[str]:
    return frozenset(map(_singular, _TOKEN.findall(text.lower())))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _how_many(match: re.Match[str]) -> tuple[bool, int | None]:
    """Whether it speaks of several, and of how many."""
    noun, determiner = match["noun"].lower(), match["det"].lower()
    several = bool(match["plural"]) or noun == "ones" or noun in _MANY
    several = several or determiner in ("both", "all", "these", "those", "alle", "beide")
    count = count_of(match["count"]) if several else None  # `the 5 second video` is one
    return several, 2 if determiner in ("both", "beide") else count


def _in_time(candidates: Sequence[Thing], *, earlier: bool) -> list[Thing]:
    """From before is what did not come just now; where nothing did, what an earlier plan made."""
    past = [thing for thing in candidates if thing.past]
    if not earlier:
        return [thing for thing in candidates if not thing.past] or past
    return past if past and not any(thing.now for thing in candidates) else [one for one in candidates if not one.now]


def _picked(candidates: Sequence[Thing], place: Place, several: bool, count: int | None) -> Sequence[Thing]:
    """None where fewer are there than are spoken of."""
    if len(place.at) > 1 or (place.at and count is None):
        inside = all(-len(candidates) <= at < len(candidates) for at in place.at)
        return [candidates[at] for at in place.at] if inside else ()
    if count is not None:
        if count > len(candidates) or (place.at and place.at[0] not in (0, -1)):
            return ()
        return candidates[:count] if place.at == (0,) else candidates[-count:]
    return candidates if several else candidates[-1:]


def _of_noun(noun: str, things: Sequence[Thing]) -> list[Thing]:
    """`one` is of the newest thing's medium; a voice is a voiceover first, and any sound where there is none."""
    if noun in ("one", "ones"):
        return [thing for thing in things if thing.medium == things[-1].medium] if things else []
    kind = _KIND_OF[noun]
    if kind == "file":
        return [thing for thing in things if thing.upload]
    same = [thing for thing in things if thing.kind == kind]
    if kind in MEDIUM_OF and same:
        return same
    medium = MEDIUM_OF.get(kind, kind)
    return [thing for thing in things if thing.medium == medium]
