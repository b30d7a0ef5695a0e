"""Does a request go on with the plan? Not where it says so, nor where it stands alone and shares nothing with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.llm.offline.lexicon import DETERMINERS, PRONOUNS, STOPPERS, kind_of, some_of, verb_of
from adapters.llm.offline.reading import read

_ANEW = re.compile(
    r"\b(?:new (?:project|plan|topic|task|idea|story)|start(?:ing)? (?:over|fresh|anew)|from scratch|unrelated|"
    r"(?:^|[.,;!:]|\b(?:do|make|try|create|want|need|like|have|start|begin|now|for|to|generate|draw|about))\s*"
    r"something (?:else|new|(?:completely |entirely |totally )?different)|different (?:topic|project|thing)|"
    r"forget (?:about )?(?:(?:that|it|all|everything|this)\b(?! \w+ing\b)|the (?:plan|project|whole|rest|last|old))|"
    r"another project|separate project|change of (?:topic|subject)|"
    r"neues projekt|etwas (?:ganz )?anderes|von vorne|nouveau projet|otro proyecto)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\b(?:also|too|as well|instead|again|same|another|more|less|now|then|before|above|previous|earlier|last|other|"
    r"besides|additionally|still|actually|rather|auch|noch|statt)\b",
    re.IGNORECASE,
)
_NAMES = re.compile(r"\b(?:image|video|audio)_\d|\bsteps? (?:\d|one|two|three|four|five)\b", re.IGNORECASE)
"""A file, or a step."""
_WORD = re.compile(r"[^\W_]{4,}")
_OWN: Final = frozenset({"image", "video", "3d", "text", "music"})
"""Kinds that can stand on their own."""
_WORKS_ON: Final = frozenset({"animate", "summarize", "summarise", "translate", "describe", "score"})
_SEVERAL: Final = frozenset({"them", "these", "those", "both"})
_SAY_NOTHING: Final = some_of("please would could like want need second seconds minute minutes short long with")


def goes_on(request: str, plan: Mapping[str, Any], history: str) -> tuple[bool, str]:
    """Whether it does, and why it is thought so."""
    if _ANEW.search(request):
        return False, "it says that it begins something new"
    if _GOES_ON.search(request) or _NAMES.search(request):
        return True, "it refers to what is there"
    clauses = read(request).clauses
    first = clauses[0] if clauses else None
    if first is None or not first.act or first.act in ("add", "edit", "turn", "join", "use", "extract"):
        return True, "it does not stand on its own"
    products = [phrase for phrase in first.phrases if not phrase.pointing and not phrase.before]
    makes = products[0].kind if products else first.act
    pointed = any(place == 1 or first.tokens[place].lower() in _SEVERAL for place, _ in first.pronouns)
    if pointed or makes not in _OWN or first.verb in _WORKS_ON:
        return True, "it works on what is there"
    steps = plan.get("steps") or ()
    known = " ".join([str(plan.get("title", "")), history, *(str(step.get("title", "")) for step in steps)])
    subject = _subject(request)
    if not subject or subject & _subject(known):
        return True, "it is about the same"
    return False, "it stands on its own, and is about something else"


def _subject(text: str) -> frozenset[str]:
    """The words that say what it is about: no media, no verbs of making."""
    words = {word.lower() for word in _WORD.findall(text)}
    rest = words - _SAY_NOTHING - STOPPERS - DETERMINERS - PRONOUNS
    return frozenset(word for word in rest if kind_of(word) is None and verb_of(word) is None)
