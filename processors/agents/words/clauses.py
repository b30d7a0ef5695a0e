"""An instruction's own words, clause by clause; what it quotes, or wants to be spoken, is no wish. Pure.

Words are folded: small letters without accents. A quotation is one word that begins with `"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from processors.agents.folding import folded

Words = tuple[str, ...]

_SPEECH = re.compile(
    r"\b(?:says?|saying|speaks?|reads?|sings?|writes?|words|text|script|lyrics|voice ?over|narrator|narration|caption|"
    r"slogan|headline|title|sagt?|spricht|sprich|singt|schreibt?|liest|texte|dice|dit)\b[^:\n]{0,80}:",
)
"""What stands behind it, to the end, is to be spoken or shown."""
_TOKEN = re.compile(
    r"\"[^\"]*\"|(?<!\w)'[^'\n]{2,}'(?!\w)|\d+(?:[.,:]\d+)+|\w+(?:['-]\w+)*|[.!?;:,()\n]|--+| - |[—–]",
)
_QUOTATION = re.compile(r"\"[^\"]*\"|(?<!\w)'[^'\n]{2,}'(?!\w)")
_ENDS: Final = frozenset(".!?;\n")
_PARTS: Final = frozenset({",", ":", "(", ")", "—", "–", " - ", "--"})
_BUT: Final = frozenset({"but", "however", "yet", "aber", "sondern", "jedoch", "mais", "pero"})
AND: Final = frozenset({"and", "then", "plus", "&", "und", "sowie", "dann", "et", "puis", "y", "luego", "e", "poi"})
OR: Final = frozenset({"or", "nor", "oder", "noch", "ou", "ni", "o"})
_ALL_BUT: Final = frozenset({
    "everything", "all", "anything", "nothing", "none", "alles", "nichts", "tout", "todo",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    words: Words
    starts: str
    """What parts it from the clause before it: `sentence`, `part` (a comma), `but`, `and` or `or`."""
    asks: bool = False
    """Its sentence is a question."""


def vocabulary(text: str) -> frozenset[str]:
    return frozenset(text.split())


def own_words(text: str) -> str:
    """Folded, without what is to be spoken or shown."""
    plain = folded(text)
    speech = _SPEECH.search(plain)
    return plain if speech is None else f'{plain[: speech.end() - 1]} ""'


def unquoted(text: str) -> str:
    """The same, with nothing left of quotations."""
    return _QUOTATION.sub('""', own_words(text))


def clauses(text: str) -> Iterator[Clause]:
    """In order; none is empty."""
    for sentence, asks in _sentences(_TOKEN.findall(own_words(text))):
        starts, words = "sentence", list[str]()
        for word in sentence:
            if (kind := _border(word, words)) is None:
                words.append(word)
                continue
            if words:
                yield Clause(tuple(words), starts, asks)
                words, starts = [], kind
            elif starts != "sentence":
                starts = kind if kind in ("or", "but") else starts
        if words:
            yield Clause(tuple(words), starts, asks)


def _border(word: str, before: Sequence[str]) -> str | None:
    if word == "but" and _ALL_BUT & set(before[-2:]):
        return None
    if word in OR:
        return "or"
    if word in _BUT:
        return "but"
    if word in _PARTS:
        return "part"
    return "and" if word in AND else None


def _sentences(tokens: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
    words: list[str] = []
    for token in tokens:
        if token in _ENDS:
            yield words, token == "?"
            words = []
        else:
            words.append(_unquoted(token))
    yield words, False


def _unquoted(token: str) -> str:
    return f'"{token[1:-1]}' if token[0] in "\"'" else token
