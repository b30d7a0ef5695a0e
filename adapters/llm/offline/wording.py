"""Puts one thing's words in another's place, wherever a plan speaks of it: titles, descriptions, words to be spoken."""

from __future__ import annotations

import re
from typing import Any, Final

from adapters.llm.offline import words
from adapters.llm.offline.lexicon import DETERMINERS, STOPPERS, kind_of
from adapters.llm.offline.reading import read
from adapters.llm.offline.work import Step, Work
from processors.executor.slots import PROMPTS

ARTICLES: Final = r"(?:an?|the|my|our|your|this|that|these|those|some)"
_ARTICLE = re.compile(rf"^{ARTICLES}\s+", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*\(\d+ of \d+\)$")
_LETTER: Final = r"[^\W_]"


def bare(thing: str) -> str:
    """Without its article."""
    return _ARTICLE.sub("", thing.strip(" ,.!?"))


def speaks_of(step: Step, thing: str) -> bool:
    pattern = _pattern(thing)
    return any(pattern.search(text) for text in _texts(step))


def put_in_place(work: Work, step: Step, old: str, new: str) -> None:
    """Where the step speaks of it. Its prompt is made anew from its description, unless it says something else."""
    if not speaks_of(step, old):
        return
    values = {key: value for key, value in work.fields(step).items() if isinstance(value, str)}
    description = str(step.get("description", ""))
    kept = {
        key: renamed(value, old, new)
        for key, value in values.items()
        if not (key in PROMPTS and value == description) and _pattern(old).search(value)
    }
    step["title"] = renamed(str(step.get("title", "")), old, new)
    step["description"] = renamed(description, old, new)
    work.fill(step, kept)


def renamed(text: str, old: str, new: str) -> str:
    """`a mug` becomes `a bottle`, `the mug` the bottle, and `mug` without an article a bottle without one."""
    core, plain = bare(new), _ARTICLE.match(new.strip()) is None

    def put(match: re.Match[str]) -> str:
        article, noun = match["article"], core
        if match["plural"] and _is_many(old) and not plain and not core.endswith("s"):
            return new.strip()
        if match["plural"] and not match["plural"].isspace() and not core.endswith("s"):
            noun = f"{core}s"
        if article and article.lower() in ("a", "an"):
            article = "" if plain and _has_none(core) else ("an" if noun[:1].lower() in "aeiou" else "a")
        said = f"{article} {noun}" if article else noun
        return said[:1].upper() + said[1:] if match[0][:1].isupper() else said

    return _pattern(old).sub(put, text)


def subject_of(step: Step) -> str:
    """What it shows or speaks of, as its description says it; empty where that is not told."""
    description = _NUMBERED.sub("", str(step.get("description", "")))
    before, colon, after = description.rpartition(": ")
    if colon and after and before:
        return after.strip()
    for clause in read(f"a {description}").clauses[:1]:
        phrase = next((one for one in clause.phrases if not one.before), None)
        return words.subject(clause, phrase) if phrase is not None else ""
    return ""


def head_of(subject: str) -> str:
    """`red mug` of `a red mug on a table`."""
    tokens = bare(subject).split()
    end = next((n for n, word in enumerate(tokens) if n and word.strip(",").lower() in STOPPERS), len(tokens))
    return " ".join(tokens[:end]).strip(" ,")


def renamed_noun(text: str, kind: str, noun_phrase: str) -> str | None:
    """`Picture of a mug` as a drawing: the noun of this kind, and what describes it, is another; None without one."""
    core = bare(noun_phrase)
    for match in re.finditer(rf"{_LETTER}+", text):
        if kind_of(match[0]) == kind and match[0].lower() not in DETERMINERS:
            said = core[:1].upper() + core[1:] if match[0][:1].isupper() else core
            return text[: match.start()] + said + text[match.end() :]
    return None


def _texts(step: Step) -> list[str]:
    values: dict[str, Any] = step.get("input") or {}
    said = [value for value in values.values() if isinstance(value, str)]
    return [str(step.get("title", "")), str(step.get("description", "")), *said]


def _pattern(thing: str) -> re.Pattern[str]:
    """The thing in singular or plural, with or without an article."""
    core = bare(thing)
    many = core[:-1] if _is_many(thing) else core
    ending = r"(?P<plural>s)" if many != core else r"(?P<plural>s?)"
    return re.compile(rf"(?<!\w)(?:(?P<article>{ARTICLES})\s+)?{re.escape(many)}{ending}(?!\w)", re.IGNORECASE)


def _is_many(thing: str) -> bool:
    core = bare(thing)
    return len(core) > 3 and core.endswith("s") and not core.endswith("ss")


def _has_none(core: str) -> bool:
    """`bottles` and `two bottles` take no article; `bottle` does, though none was said."""
    return core.endswith("s") or core[:1].isdigit()
