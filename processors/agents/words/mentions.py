"""What a person means by `that image`, `the second video`, `the one from before` or `image_1`. Pure.

Files of the session and results of plans are things in the order in which they came. What is not meant for certain is
not resolved: a planner reads the words themselves, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from processors.agents.words.labels import spoken
from processors.agents.words.places import COUNT, ORDERS, Place, count_of, places

_NOUNS: Final = {
    "image": ("image", "picture", "photo", "photograph", "pic", "illustration", "drawing", "shot", "render", "portrait",
              "poster", "logo", "bild", "bilder", "foto", "imagen", "frame", "icon", "banner"),
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
_MEDIUM_OF: Final = {"speech": "audio", "music": "audio", "lipsync": "video"}
_NOUN: Final = "|".join(sorted((re.escape(noun) for noun in _KIND_OF), key=len, reverse=True))
_DETERMINER: Final = (
    r"that|this|the|my|our|your|these|those|both|all|das|der|die|den|dem|dieses|dieser|diese|diesen|diesem|mein|meine|"
    r"meinem|meinen|unser|unsere|alle|beide"
)
_MINE: Final = frozenset({"my", "our", "mein", "meine", "meinem", "meinen", "unser", "unsere"})
_OURS: Final = (
    r"(?P<mine>\s+(?:that\s+|which\s+)?(?:I|we)(?:'ve|\s+have)?\s+(?:just\s+)?(?:uploaded|sent|attached|added)"
    r"|,?\s+(?:das|die|den)\s+ich\s+(?:\w+\s+)?(?:hochgeladen|geschickt|angehängt)\s+habe)?"
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
    rf"(?P<noun>{_NOUN}|ones?)(?P<plural>s)?\b{_OURS}{_BEFORE}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(rf"\b(?P<noun>{_NOUN})\s?(?:#|no\.|number\s|nr\.\s?|nummer\s)\s?(?P<number>\d{{1,3}})\b", re.I)
_SPACES = re.compile(r"\s{2,}")
_PRONOUN = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_NOT_ADJECTIVES: Final = frozenset({
    "a", "an", "and", "or", "with", "of", "to", "into", "from", "for", "in", "on", "at", "by", "is", "as", "make",
    "add", "put", "turn", "then", "same", "whole", "new", "next", "following", "und", "oder", "ein", "eine", "mit",
    "neue", "neues", "nächste", "nächstes",
})  # fmt: skip
_SAY_NOTHING: Final = frozenset({"old", "nice", "uploaded", "attached", "generated", "very", "little"})


@dataclass(frozen=True, slots=True)
class Thing:
    """A file of the session (`ref` is its label) or a step of the present plan (`ref` is its id); without a `ref` one
    that is not known any more, and still counts."""

    ref: str
    kind: str
    """A medium for a file, the agent type for a step."""
    name: str = ""
    upload: bool = False
    now: bool = False
    """It came with this very message."""
    past: bool = False
    """It was made by a plan before the present one: meant only where that is said, or where there is no other."""

    @property
    def medium(self) -> str:
        return _MEDIUM_OF.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Mention:
    phrase: str
    refs: tuple[str, ...]


def resolve(text: str, things: Sequence[Thing]) -> tuple[Mention, ...]:
    """In the order of the words. `things` are in the order in which they came, the newest last."""
    text = _SPACES.sub(" ", text)
    found = sorted([*_labels(text, things), *_numbered(text, things), *_phrases(text, things)], key=lambda one: one[0])
    mentions = [mention for _, mention in found if all(mention.refs)]
    if not mentions and len(things) == 1 and (pronoun := _PRONOUN.search(text)) is not None:
        mentions = [Mention(pronoun[0], (things[0].ref,))]
    return tuple(dict.fromkeys(mentions))


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


def _phrases(text: str, things: Sequence[Thing]) -> Iterator[tuple[int, Mention]]:
    for match in _PHRASE.finditer(text):
        meant = _meant(match, things)
        if meant:
            yield match.start(), Mention(match[0].strip(), tuple(thing.ref for thing in meant))


def _meant(match: re.Match[str], things: Sequence[Thing]) -> Sequence[Thing]:
    noun, determiner = match["noun"].lower(), match["det"].lower()
    adjectives = [word.lower() for word in match["adjectives"].split()]
    if _NOT_ADJECTIVES & set(adjectives):
        return ()
    place = places(match["order"] or "", relative=match["relative"] is not None)
    candidates = _of_noun(noun, things)
    if match["mine"] or determiner in _MINE or {"uploaded", "attached"} & set(adjectives):
        candidates = [thing for thing in candidates if thing.upload] or candidates
    candidates = _in_time(candidates, earlier=match["before"] is not None or place.earlier)
    described = [word for word in adjectives if word not in _SAY_NOTHING]
    if described:
        named = [thing for thing in candidates if any(word in thing.name.lower() for word in described)]
        if not named and len(candidates) != 1:
            return ()
        candidates = named or candidates
    several = match["plural"] or noun == "ones" or noun in _MANY
    several = several or determiner in ("both", "all", "these", "those", "alle", "beide")
    count = count_of(match["count"]) if several else None  # `the 5 second video` is one
    return _picked(candidates, place, bool(several), 2 if determiner in ("both", "beide") else count)


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
    if kind in _MEDIUM_OF and same:
        return same
    medium = _MEDIUM_OF.get(kind, kind)
    return [thing for thing in things if thing.medium == medium]
