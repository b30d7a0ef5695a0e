"""What a plan may cost: the cheapest that does it, a balanced price, or the best there is; as the request says it."""

from __future__ import annotations

import re
from typing import Final, Literal

Policy = Literal["cheapest", "balanced", "best"]

_CHEAPEST: Final = (
    r"cheapest|as cheap(?:ly)? as|cheaply|(?:keep|make|do) it cheap|cheap models?|low[- ]cost|on a budget|"
    r"save (?:money|credits)|as little as possible|(?:so|möglichst) (?:günstig|billig)\w*|günstigste\w*|"
    r"le moins cher|lo más barato"
)
_BEST: Final = (
    r"(?:best|highest|top|premium|finest|maximum)(?: possible)?[- ](?:quality|models?|resolution)|"
    r"(?:price|cost|money) (?:is no object|does(?: not|n't) matter)|(?:whatever|no matter what) it costs|"
    r"(?:beste[rn]?|höchste[rn]?) Qualität|meilleure qualité|(?:mejor|máxima) calidad"
)
_SAID = re.compile(rf"\b(?:(?P<cheapest>{_CHEAPEST})|(?P<best>{_BEST}))", re.IGNORECASE)


def policy_of(request: str) -> Policy:
    """Of both, what is said last counts; where nothing is said, the price is balanced."""
    said: Policy = "balanced"
    for match in _SAID.finditer(request):
        said = "cheapest" if match["cheapest"] else "best"
    return said
