"""What a person means by `that image`, `the second video`, `the one from before` or `image_1`. Pure.

Files of the session and results of the present plan are things in the order in which they came. What is not meant for
certain is not resolved: a planner reads the words themselves, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from processors.agents.labels import spoken

_NOUNS: Final = {
    "image": ("image", "picture", "photo", "photograph", "pic", "illustration", "drawing", "shot", "render", "portrait",
              "poster", "logo", "bild", "foto", "imagen", "frame", "icon", "banner"),
    "video": ("video", "clip", "film", "animation", "movie", "footage", "trailer"),
    "speech": ("voiceover", "voice-over", "voice", "narration", "narrator", "speech"),
    "music": ("music", "song", "soundtrack", "track", "melody", "tune", "jingle"),
    "audio": ("audio", "sound", "recording"),
    "3d": ("3d model", "3d-model", "mesh", "model"),
    "text": ("text", "script", "copy", "story", "caption", "poem"),
    "lipsync": ("lipsync", "lip-sync", "talking head"),
    "file": ("file", "upload", "attachment"),
}  # fmt: skip
_KIND_OF: Final = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns}
_MEDIUM_OF: Final = {"speech": "audio", "music": "audio", "lipsync": "video"}
_ORDINALS: Final = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "sixth": 5, "6th": 5, "last": -1, "latest": -1, "newest": -1, "final": -1, "most recent": -1, "previous": -1,
    "earlier": -1, "original": 0, "oldest": 0, "other": -2, "penultimate": -2,
}  # fmt: skip
_NOUN: Final = "|".join(sorted((re.escape(noun) for noun in _KIND_OF), key=len, reverse=True))
_ORDER: Final = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_OURS: Final = (
    r"(?P<mine>\s+(?:that\s+|which\s+)?(?:I|we)(?:'ve|\s+have)?\s+(?:just\s+)?(?:uploaded|sent|attached|added))?"
)
_PHRASE = re.compile(
    rf"\b(?P<det>that|this|the|my|our|your|these|those|both|all)\s+(?:(?:of\s+)?the\s+)?(?:(?P<order>{_ORDER})\s+)?"
    rf"(?P<adjectives>(?:(?!(?:{_NOUN}|one|ones)s?\b)[\w'’-]+\s+){{0,3}}?)"
    rf"(?P<noun>{_NOUN}|ones?)(?P<plural>s)?\b{_OURS}(?P<before>\s+(?:from\s+)?(?:before|earlier|above|last time))?",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_NOT_ADJECTIVES: Final = frozenset({
    "a", "an", "and", "or", "with", "of", "to", "into", "from", "for", "in", "on", "at", "by", "is", "as", "make",
    "add", "put", "turn", "then", "same", "whole", "new", "next", "following",
})  # fmt: skip
_SAY_NOTHING: Final = frozenset({"old", "nice", "uploaded", "attached", "generated", "very", "little"})


@dataclass(frozen=True, slots=True)
class Thing:
    """A file of the session (`ref` is its label) or a step of the present plan (`ref` is its id)."""

    ref: str
    kind: str
    """A medium for a file, the agent type for a step."""
    name: str = ""
    upload: bool = False

    @property
    def medium(self) -> str:
        return _MEDIUM_OF.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Mention:
    phrase: str
    refs: tuple[str, ...]


def resolve(text: str, things: Sequence[Thing]) -> tuple[Mention, ...]:
    """In the order of the words. `things` are in the order in which they came, the newest last."""
    found = sorted([*_labels(text, things), *_phrases(text, things)], key=lambda one: one[0])
    mentions = [mention for _, mention in found]
    if not mentions and len(things) == 1 and (pronoun := _PRONOUN.search(text)) is not None:
        mentions = [Mention(pronoun[0], (things[0].ref,))]
    return tuple(dict.fromkeys(mentions))


def _labels(text: str, things: Sequence[Thing]) -> Iterator[tuple[int, Mention]]:
    known = {thing.ref for thing in things}
    for found in spoken(text):
        if found.label in known:
            yield found.at, Mention(found.words, (found.label,))


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
    candidates = _of_noun(noun, things)
    if match["mine"] or determiner in ("my", "our") or "uploaded" in adjectives or "attached" in adjectives:
        candidates = [thing for thing in candidates if thing.upload] or candidates
    described = [word for word in adjectives if word not in _SAY_NOTHING]
    if described:
        named = [thing for thing in candidates if any(word in thing.name.lower() for word in described)]
        if not named and len(candidates) != 1:
            return ()
        candidates = named or candidates
    if match["plural"] or noun == "ones" or determiner in ("both", "all", "these", "those"):
        return candidates[-2:] if determiner == "both" else candidates
    place = _ORDINALS[match["order"].lower()] if match["order"] else -1
    return [candidates[place]] if -len(candidates) <= place < len(candidates) else ()


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
