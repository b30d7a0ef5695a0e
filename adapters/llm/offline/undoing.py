"""Words that ask for an earlier state of the plan, which no edit brings back: what the page has for that is named."""

from __future__ import annotations

import re
from typing import Final

HOW: Final = (
    "An edit cannot take back what an earlier one changed. On the page, “Undo the edit” in the list of runs takes back "
    "one that has not run yet, and “Go back to it” brings back an earlier run with its results; neither costs anything."
)
_VERSION: Final = (
    r"(?:(?:very )?(?:first|last|previous|earlier|old|older|original|other)\s+)?"
    r"(?:one|version|state|plan|edit|change|changes|edits|run|result|results|step back|way (?:it|that) was|before)"
)
_UNDO = re.compile(
    r"^(?:(?:please|can you|could you|no|oh|ok|okay|let's|i want to|i'd like to|just|actually|now)\b[\s,]*)*(?:"
    r"(?:undo|revert|roll\s?back|take back|reset)(?:\s+(?:it|that|this|them|everything|all|all of it|what you did|"
    rf"(?:(?:to|the|my|your|that|this|all)\s+)*{_VERSION}))?"
    r"|(?:take|roll|turn|change|put|bring|get) (?:it|that|this|everything) back"
    r"(?:\s+(?:again|to (?:how|what|the way) .*))?"
    r"|(?:go|step|switch|change)(?: it)? back(?:\s+(?:again|one|a step"
    rf"|to\s+(?:the\s+|my\s+|how it was|what it was)?(?:{_VERSION})?))?"
    rf"|(?:restore|bring back|give me back|use)\s+(?:the\s+|my\s+)(?:first|last|previous|earlier|old|original)\s+"
    r"(?:version|state|plan|run)"
    r"|(?:mach|mache) (?:das|es) (?:wieder )?rückgängig|(?:das )?rückgängig(?: machen)?"
    r"|(?:geh )?zurück(?: zur? (?:vorherigen|letzten|alten|ersten) (?:version|fassung))?"
    r")(?:,?\s+(?:please|again|bitte|now))*[\s.!?]*$",
    re.IGNORECASE,
)

_UNDO_THING = re.compile(
    r"^(?:(?:please|can you|could you|just|now)\b[\s,]*)*(?:undo|revert|roll\s?back|take back)\s+"
    r"(?:(?:adding|the addition of|the change (?:of|to))\s+)?(?P<what>(?:the|that|my|this|all)\s.+?)"
    r"(?:\s+(?:please|again|now))*[\s.!?]*$",
    re.IGNORECASE,
)


def asks_to_undo(part: str) -> bool:
    """The whole part asks for nothing else."""
    return _UNDO.match(part.strip()) is not None


def undone(part: str) -> str | None:
    """What a part asks to take back by name: `the music`."""
    match = _UNDO_THING.match(part.strip())
    return match["what"].strip() if match is not None else None
