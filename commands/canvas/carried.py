"""How much of what came out an event carries along; what is more stands in the plan's stream alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from events.assets import AssetRef
from events.sealed import Sealed

CARRIED_MAX: Final = 32 * 1024
"""Bytes; half of what an event may have."""
FILE_BYTES: Final = 256
"""About what a file takes in an event, apart from its text; a sealed text takes as much beside its ciphertext."""


def bytes_of(files: Iterable[AssetRef]) -> int:
    """About what these files take in an event."""
    return sum(FILE_BYTES + (len(one.text.box.ct) if one.text is not None else 0) for one in files)


def bytes_of_texts(texts: Iterable[Sealed]) -> int:
    """About what these texts take in an event."""
    return sum(FILE_BYTES + len(one.box.ct) for one in texts)


def bytes_of_names(names: Iterable[str]) -> int:
    """What these take in an event, each in quotes and behind a comma or colon."""
    return sum(len(name) + 3 for name in names)


def carried(groups: Iterable[Iterable[AssetRef]]) -> bool:
    """Whether an event can carry all these files; looks at no more of them than it takes to know."""
    left = CARRIED_MAX
    for files in groups:
        left -= bytes_of(files)
        if left < 0:
            return False
    return True
