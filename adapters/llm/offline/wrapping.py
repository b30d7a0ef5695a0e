"""What stands around a request's own words: quotations, what is to be spoken, tools, and what is not wanted."""

from __future__ import annotations

import re
from typing import Final

from adapters.llm.offline.lexicon import DETERMINERS, PRONOUNS, kind_of, verb_of

UPLOAD: Final = re.compile(r"\b((?:made_)?(?:image|video|audio|3d|text|other))_(\d{1,4})\b", re.IGNORECASE)
_QUOTES = re.compile(r"[\"“„«]([^\"“”„«»]{1,2000})[\"”“»]|(?<!\w)['‘]([^'‘’]{2,2000})['’](?!\w)")
_SAYS = re.compile(
    r"\b(?:say|says|saying|said|read|reads|reading|speak|speaks|announce|announcing|narrate|the following)\b"
    r"[^:⟦\n]{0,40}:\s*(?P<said>[^⟦\s].*)$",
    re.IGNORECASE | re.DOTALL,
)
_TOOL = re.compile(
    r"(?:please\s+)?(?:use|using|with|by|take|try)\s+(?P<name>[^\s,:]+(?:\s[^\s,:]+){0,3}?)(?:\s*[:,]\s*|\s+(?P<to>to)\s+)",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"(?:^|(?<=[.;,\n])\s*)(?:(?:please|add|make|create|generate|with|a|the)\s+){0,3}(?:text[\s-]to[\s-]speech|tts|speech"
    r"|voice[\s-]?over|narration)(?:\s+(?:with|by|using|from)\s+[\w'-]{1,30})?\s*:[ \t]*(?P<said>[^⟦\s][^\n⟦]*)",
    re.IGNORECASE,
)
"""`voiceover: Welcome to our shop`."""
_ONLY = re.compile(r",\s*(?:but\s+)?only\s+(?=an?\s)", re.IGNORECASE)
_NOT_ONLY = re.compile(r"\bnot (?:only|just)\s+([^.;:!?\n]{1,80}?),?\s+but(?:\s+also)?\s+", re.IGNORECASE)
_NOT_BUT = re.compile(
    r"\b(?:not|no)\s+(?:(?:an?|the|any|my)\s+)?[^,.;:!?\n]{1,60}?,?\s+but\s+(?:rather\s+|instead\s+)?", re.IGNORECASE
)


def without_denials(text: str) -> str:
    """`not a picture but a video` as a video."""
    return _NOT_BUT.sub("", _NOT_ONLY.sub(r"\1 and ", _ONLY.sub(", ", text)))


def without_tool(text: str) -> str:
    """`use Kling to animate …`, `with flux: …`: with what it is to be done is no matter of a plan."""
    match = _TOOL.match(text)
    if match is None:
        return text
    name, rest = match["name"].split(), text[match.end() :]
    thing = any(kind_of(w) or w.lower() in DETERMINERS | PRONOUNS or UPLOAD.fullmatch(w) for w in name)
    return text if thing or (match["to"] and verb_of(rest.split(" ", maxsplit=1)[0]) is None) else rest


def without_quotes(text: str) -> tuple[str, list[str]]:
    """With a mark in the place of each, and what they hold."""
    quotes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        quotes.append((match[1] or match[2]).strip())
        return f" ⟦{len(quotes) - 1}⟧ "

    text = _QUOTES.sub(keep, text)
    if (said := _SPOKEN.search(text)) is not None:
        quotes.append(said["said"].strip(" ."))
        text = f"{text[: said.start('said')].rstrip(' :')} ⟦{len(quotes) - 1}⟧ {text[said.end() :]}"
    elif (said := _SAYS.search(text)) is not None:
        quotes.append(said["said"].strip(" ."))
        text = f"{text[: said.start('said')].rstrip(' :')} ⟦{len(quotes) - 1}⟧"
    return text, quotes
