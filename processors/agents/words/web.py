"""Web addresses that a person names to have something made from what is there. Pure."""

from __future__ import annotations

import re
from typing import Final

_FILES: Final = (
    "png|jpe?g|gif|webp|svg|bmp|tiff?|heic|mp4|mov|webm|mkv|avi|mp3|wav|ogg|flac|m4a|glb|gltf|obj|pdf|txt|md|docx?"
)
_REST: Final = r"[^\s<>\"'`“”«»)\]}]"
_ADDRESS = re.compile(
    rf"\b(?:https?|ftp)://{_REST}+|\bwww\.{_REST}+"
    rf"|(?<![\w@./-])(?:[a-z0-9-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}/{_REST}*?\.(?:{_FILES})\b",
    re.IGNORECASE,
)
_IS_FILE = re.compile(rf"\.(?:{_FILES})(?:[?#].*)?$", re.IGNORECASE)
_TO_BE_SHOWN = re.compile(
    r"(?:\b(?:text|words?|slogan|caption|title|headline|saying|says?|reads?|qr[ -]?code|visit|footer)\b[^.!?\n]{0,30}|"
    r"[\"“„«'])$",
    re.IGNORECASE,
)
_AROUND: Final = ".,;:!?"
_BEFORE: Final = 60


def addresses(text: str) -> tuple[str, ...]:
    """Each once, in the order of the words; not one that shall only be shown or spoken, unless it is a file's."""
    found = []
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(_AROUND)
        shown = _TO_BE_SHOWN.search(text, max(0, match.start() - _BEFORE), match.start())
        if not shown or _IS_FILE.search(address):
            found.append(address)
    return tuple(dict.fromkeys(found))
