"""Tells an answer in which a model declines to do what it was asked from one that cannot be read."""

from __future__ import annotations

import re
from typing import Final

from processors.agents.folding import folded

_CHARS_MAX: Final = 1500
"""Who declines says so in few words."""
_HELP: Final = (
    r"(?:help|assist|comply|fulfil\w*|create|generate|do|make|produce|provide|plan|support|engage|continue|complete|"
    r"answer|participate|discuss|process)"
)
_DECLINES: Final = re.compile(
    rf"\b(?:i|we) (?:really )?(?:can(?:not|'t| not)|will not|won't) (?:\w+ )?{_HELP}\b|"
    rf"\b(?:i|we)(?:'m| am|'re| are) (?:sorry,? (?:but )?)?(?:not able|unable|not allowed|not permitted) to {_HELP}\b|"
    r"\b(?:i|we) (?:must|have to|need to) (?:decline|refuse)\b|\bi(?:'m| am) sorry,? (?:but )?(?:i|this|that|no)\b|"
    r"\bagainst (?:my|our|the) (?:\w+ )?(?:guideline|polic|rule)\w*|"
    r"\bviolates? (?:my|our|the) (?:\w+ )?(?:guideline|polic)|"
    r"\b(?:kann|darf|werde) (?:ich )?(?:\w+ ){0,6}nicht (?:helfen|unterstutzen|erstellen|erfullen|planen|machen)|"
    r"\bje ne peux pas\b|\bno puedo (?:ayudar|crear|hacer|generar)|"
    r"\bnon posso (?:aiutar|crear)|\bnao posso (?:ajudar|criar)"
)


def declines(answer: str) -> bool:
    """It is short, nothing but prose, and says so."""
    text = folded(answer[: _CHARS_MAX + 1]).strip()
    return 0 < len(text) <= _CHARS_MAX and "{" not in text and _DECLINES.search(text) is not None
