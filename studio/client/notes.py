"""What is not quite as it was asked for in a plan, as lines for a person, each with the step that it is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from studio.client.words import printable

Note = Mapping[str, Any]


def told(notes: Iterable[Note], titles: Mapping[str, str]) -> list[str]:
    """Each once. `titles` are those of the plan's steps, by the labels that notes name them by."""
    return list(dict.fromkeys(_line(note, titles) for note in notes))


def _line(note: Note, titles: Mapping[str, str]) -> str:
    step, other = note.get("step"), note.get("other")
    place = "" if step is None else f"“{titles[step]}”: " if step in titles else f"{step}: "
    words = f"{place}{note['text']}" + (f" “{titles.get(other, other)}”" if other else "")
    return printable(" ".join(words.split()))
