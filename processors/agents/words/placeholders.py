"""References as programs write them: `{{image_1}}`, `${steps.s1.outputs[0].url}`, `<s1>`, `@image_1`. Pure.

Only what stands around a name is taken away, and the whole text has to be one reference: whose name it is, and whether
it is anybody's, others decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_QUOTES: Final = "\"'`“”„‟‘’‚«»‹›"
_AROUND = re.compile(rf"^[\s{_QUOTES}<{{\[(@$#%]+|[\s{_QUOTES}>}})%]+$")
_LEFT_OPEN = re.compile(r"^([^\[]*)\]$")
_CONTAINERS: Final = "steps?|nodes?|uploads?|files?|assets?|inputs?|outputs?|results?|refs?|references?|vars?"
_BEFORE = re.compile(
    rf"^(?:(?:the\s+)?(?:outputs?|results?|files?)\s+(?:of|from)\s+|(?:{_CONTAINERS})\s*[.:/\s\[]\s*)(?=\S)",
    re.IGNORECASE,
)
_MEMBERS: Final = (
    "outputs?|results?|files?|assets?|data|value|url|uri|path|src|content|text|words|images?|pictures?|videos?|audios?|"
    "model"
)
_AFTER = re.compile(
    rf"(?:[.\[]\s*[{_QUOTES}]?(?:{_MEMBERS})[{_QUOTES}]?\]?(?:\.\d{{1,2}})?|\[\d{{1,2}}\])$", re.IGNORECASE
)
_LAYERS_MAX: Final = 8
"""Of what may stand around a name."""


def bare(text: str) -> Iterator[str]:
    """The text itself, then what is left of it as one layer after the other is taken away."""
    yield text
    for _ in range(_LAYERS_MAX):
        shorter = _BEFORE.sub("", _AFTER.sub("", _LEFT_OPEN.sub(r"\1", _AROUND.sub("", text))))
        if not shorter or shorter == text:
            return
        text = shorter
        yield text
