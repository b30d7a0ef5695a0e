"""Names in a person's words that are meant as models', and that the catalog has not; texts without such names. Pure.

A name is sure to be a model's where it is said that it is one, or where it is a well-known one; with a number, behind
`with`, it may be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from processors.agents.catalog import Catalog
from processors.agents.fitting.model_names import meant
from processors.agents.plan import PlannedStep
from processors.executor.slots import PROMPTS

_TOKEN: Final = r"[A-Z0-9][\w.+-]*"
_NAME: Final = rf"(?-i:{_TOKEN}(?:[ ]{_TOKEN}){{0,3}})"
_WELL_KNOWN: Final = (
    r"(?:midjourney|dall[- ]?e|imagen|veo|sora|stable diffusion|sdxl|ideogram|gpt-?4o|gpt-image|kling|hailuo|minimax|"
    r"seedance|seedream|hunyuan|suno|udio|elevenlabs|eleven labs|playht|heygen|synthesia|nano banana)"
)
_EVERYDAY: Final = r"(?:flux|firefly|leonardo|pika|gemini|grok|runway|luma|wan|recraft|krea|tripo|meshy)"
"""Names that also mean something else: only with a version."""
_VERSION: Final = (
    r"(?:[ -]?(?:v?\d+(?:\.\d+)*[a-z]?|pro|max|ultra|turbo|xl|dev|schnell|fast|mini|lite|hd|large|medium)(?![\w.]*\w))"
)
_END: Final = r"(?=\s*(?:$|[.,;:!?)\n]|\b(?:to|for|and|please|if|but|then|as|in|on|model)\b))"
_MADE: Final = r"(?:made|generated|created|rendered|drawn|done|produced|composed|voiced|painted)"
_BY: Final = r"(?:with|using|by|via|in|through|from)"
_SURE = re.compile(
    rf"\b(?:(?:{_MADE}\s+)?{_BY}|use|try|take)\s+(?:the\s+)?(?:"
    rf"(?:ai\s+)?model\s+[\"“']?(?P<called>[\w.+-]+(?:[ ]{_TOKEN}){{0,3}})[\"”']?|"
    rf"(?P<named>{_NAME})\s+(?:ai\s+)?model\b|"
    rf"(?P<known>{_WELL_KNOWN}{_VERSION}*|{_EVERYDAY}{_VERSION}+)(?![\w-]))",
    re.IGNORECASE,
)
_MAYBE = re.compile(rf"\b(?P<by>(?:{_MADE}\s+)?{_BY}|use|try|take)\s+(?P<name>{_NAME}){_END}", re.IGNORECASE)
_VERSIONED = re.compile(r"\d|[a-z]-[A-Z]|-[A-Z]{2}")
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|(?<!\w)'[^'\n]{2,}'(?!\w)")
_DENIED = re.compile(
    r"\b(?:not|don't|dont|never|no|without|avoid|nicht|kein\w*|instead of)\b[^.,;:!?\n]{0,20}$", re.IGNORECASE
)
_LABEL = re.compile(r"(?:made_)?(?:image|video|audio|3d|text|other)[_ ]\d+", re.IGNORECASE)
NAMES_MAX: Final = 5
TEXT_MAX: Final = 40_000


@dataclass(frozen=True, slots=True)
class Unknown:
    name: str
    sure: bool
    """It is meant as a model's name."""


def unknown_models(said: str, catalog: Catalog) -> tuple[Unknown, ...]:
    """Those that no usable model has, as they were written; the first of them."""
    found: dict[str, Unknown] = {}
    for one in _named(said):
        if len(found) < NAMES_MAX and meant(one.name, catalog.models.values()) is None:
            known = found.setdefault(one.name.casefold(), one)
            found[one.name.casefold()] = one if one.sure else known
    return tuple(found.values())


def spoken_names(said: str, wanted: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """All names that are meant as models', those that are `wanted` and those that are none here."""
    return (*wanted, *(one.name for one in unknown_models(said, catalog) if one.sure))


def without_names(step: PlannedStep, names: Iterable[str]) -> PlannedStep:
    """A step whose words do not speak of models: what is drawn is no `mug with flux`."""
    title, description, prompts = step.title, step.description, dict(step.input)
    for name in names:
        pattern = _phrase(name)
        title, description = _cut(pattern, title), _cut(pattern, description)
        prompts = {
            key: _cut(pattern, value) if key in PROMPTS and isinstance(value, str) else value
            for key, value in prompts.items()
        }
    if (title, description, prompts) == (step.title, step.description, dict(step.input)):
        return step
    return replace(step, title=title, description=description, input=prompts)


def _named(said: str) -> Iterator[Unknown]:
    plain = _QUOTED.sub(lambda match: " " * len(match[0]), said[:TEXT_MAX])
    for match in _SURE.finditer(plain):
        name = match["called"] or match["named"] or match["known"]
        if not _is_denied(plain, match.start()):
            yield Unknown(name.strip(" .,-"), sure=True)
    for match in _MAYBE.finditer(plain):
        name = match["name"].strip(" .,-")
        if not _VERSIONED.search(name) or _LABEL.fullmatch(name) or name.isdigit() or _is_measure(name):
            continue
        if not _is_denied(plain, match.start()):
            yield Unknown(name, sure=match["by"].split()[0].lower() not in ("with", "in", "from", "by", "through"))


def _is_denied(text: str, at: int) -> bool:
    return _DENIED.search(text, max(0, at - 40), at) is not None


def _is_measure(name: str) -> bool:
    """`4K`, `16:9`, `3D`, `1080p`, `2 Minutes`."""
    return re.fullmatch(r"\d[\d.:x]*[A-Za-z]{0,2}(?:\s[A-Za-z]+)?", name) is not None


def _phrase(name: str) -> re.Pattern[str]:
    """The name with what leads up to it, however its parts are written."""
    parts = [re.escape(part) for part in re.findall(r"[^\W\d_]+|\d+", name)]
    written = r"[^\w\s]{0,2}[_ ]?".join(parts) + r"(?:\s+(?:ai\s+)?models?)?(?:\s+only)?"
    by = rf"(?:(?:{_BY}|use|mit|von)(?:\s+only)?|only)"
    leads = rf"(?:(?:{_MADE}\s+)?(?:actually\s+)?{by}\s+)(?:the\s+|dem\s+)?(?:(?:ai\s+)?model\s+)?"
    return re.compile(rf"\(\s*{leads}{written}\s*\)|,?\s*\b{leads}{written}(?!\w)", re.IGNORECASE)


def _cut(pattern: re.Pattern[str], text: str) -> str:
    """The same text where nothing else would be left of it."""
    left = " ".join(pattern.sub(" ", text).split()).strip(" ,:;")
    left = re.sub(r"\s+([,.;:!?])", r"\1", left)
    return left[:1].upper() + left[1:] if len(left) > 2 and left != text else text
