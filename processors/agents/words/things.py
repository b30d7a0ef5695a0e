"""What words may point at, and what they were found to mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEDIUM_OF: Final = {"speech": "audio", "music": "audio", "lipsync": "video"}


@dataclass(frozen=True, slots=True)
class Thing:
    """A file of the session (`ref` is its label) or a step of the present plan (`ref` is its id); without a `ref` one
    that is not known any more, and still counts."""

    ref: str
    kind: str
    """A medium for a file, the agent type for a step."""
    name: str = ""
    about: str = ""
    """What is said of it beside its name."""
    upload: bool = False
    now: bool = False
    """It came with this very message."""
    past: bool = False
    """It was made by a plan before the present one: meant only where that is said, or where there is no other."""

    @property
    def medium(self) -> str:
        return MEDIUM_OF.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Mention:
    phrase: str
    refs: tuple[str, ...]
