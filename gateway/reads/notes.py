"""What a person is to know of a plan before it runs, in plain words: what was changed, is missing or doubtful. Pure.

A note is `{text}`, or `{text, step}` where it is about a step of the plan, named by its label; with `other` where its
words end with another step. Words may begin like a label: where the plan has no such step, it is not about one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from commands.canvas.commands import UNUSED, UNWIRABLE

Note = dict[str, Any]

_ISSUE = re.compile(r"(?P<step>[\w-]{1,64}): (?P<text>.+)", re.DOTALL)
_FLAG = re.compile(r"(?P<step>[^:]+):(?P<kind>[^:]+)(?::(?P<what>[^:]+))?(?:: (?P<why>.+))?", re.DOTALL)
_UNIT = re.compile(r"_(?:s|ms)\Z")
_WORDS: Final = {
    "nearest": "its {what} is not quite as asked: it is the nearest that its model can do",
    "model-unknown": "the model that the plan names for it is not here, so another was chosen",
    "choice-unread": "the choice of its model could not be read, so the first that fits was taken",
    "model-garbled": "no model has quite the name that was given; the nearest was taken",
    "model-unfit": "the model named for it does something else or lacks a file, so another was chosen",
    "model-unwanted": "only models that you did not want can do it",
    "foreign-file": "what was named as its {what} is no file of this session",
    "wrong-medium": "what was named as its {what} is another kind of file",
    "near-name": "its {what} is the file whose name came nearest",
    "voice-unknown": "the model has no such voice, so its usual one speaks",
    "newest-upload": "no {what} was named, so it takes the newest file that fits",
}
"""By the kind of flag; those that lose nothing are not told."""


def of_issues(issues: Iterable[str]) -> list[Note]:
    """A step's label stands in front of what is about it."""
    return [match.groupdict() if (match := _ISSUE.fullmatch(issue)) else {"text": issue} for issue in issues]


def of_flags(flags: Iterable[str]) -> list[Note]:
    """Each once."""
    found: list[Note] = []
    for flag in flags:
        found.extend(note for note in _of_flag(flag) if note not in found)
    return found


def _of_flag(flag: str) -> Iterator[Note]:
    match = _FLAG.fullmatch(flag)
    if match is None:
        return
    step, kind, what, why = match.group("step", "kind", "what", "why")
    if kind == UNUSED:
        yield {"step": step, "text": "it has no use for", "other": what}
    elif kind == UNWIRABLE:
        yield {"step": step, "text": f"it will not run: {_named(what)} {why}"}
    elif kind in _WORDS:
        yield {"step": step, "text": _WORDS[kind].format(what=_named(what))}


def _named(field: str | None) -> str:
    """A field's name as words."""
    return _UNIT.sub("", field or "").replace("_", " ")
