"""Which of a model's voices is meant by `male` or `a deep woman's voice`: by the catalog's own words for them. Pure.

A field of voices has their names in an `enum`, or in `x-voices` by what they are like: `male`, `female`, `deep`. What
is neither is a provider's own id, as long as it does not read like words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from processors.agents.fitting.field_names import means_voice
from processors.agents.folding import folded
from processors.agents.words.clauses import vocabulary

VOICES: Final = "x-voices"
_IDS = re.compile(r"[_\d]|[a-z][A-Z]")
"""What no words have."""
_WORD = re.compile(r"[^\W_]+")
_WORDS_ALONE = re.compile(r"[a-z' -]+")
_MALE: Final = vocabulary("male man men guy boy gentleman masculine mannlich mannliche")
_FEMALE: Final = vocabulary("female woman women girl lady feminine weiblich weibliche")
_GENDERS: Final = {**dict.fromkeys(_MALE, "male"), **dict.fromkeys(_FEMALE, "female")}
_POSSESSIVE = re.compile(r"['’]s\b")


def is_voice(name: str, rule: Mapping[str, Any]) -> bool:
    return VOICES in rule or means_voice(name)


def voice_of(value: Any, rule: Mapping[str, Any]) -> Any:
    """The voice as the field wants it; None where the words mean none of its voices."""
    if not isinstance(value, str) or not value.strip():
        return None
    named: Mapping[str, Any] = rule.get(VOICES) or {}
    listed = {str(one).lower(): one for one in rule.get("enum") or ()}
    whole = value.strip().lower()
    if (exact := listed.get(whole, named.get(whole))) is not None:
        return exact
    if _IDS.search(value) is not None and _may_be_an_id(value, rule):
        return value.strip()
    said = _WORD.findall(_POSSESSIVE.sub("", folded(whole)))
    gender = next((_GENDERS[word] for word in said if word in _GENDERS), None)
    manners = [word for word in said if word not in _GENDERS]
    wanted = [*(f"{manner} {gender}" for manner in manners if gender), *([gender] if gender else []), *manners]
    known = {**listed, **named}
    found = next((known[one] for one in wanted if one in known), None)
    return found if found is not None or not _may_be_an_id(value, rule) else value.strip()


def _may_be_an_id(value: str, rule: Mapping[str, Any]) -> bool:
    """Of a field without names for its voices nothing can be told."""
    if rule.get("enum"):
        return False
    pattern = rule.get("pattern")
    fits = pattern is None or re.search(str(pattern), value.strip()) is not None
    return fits and (VOICES not in rule or _WORDS_ALONE.fullmatch(value.strip()) is None)
