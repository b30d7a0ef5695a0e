"""References to stored bytes: what events hold of a picture, a video, a sound or a text."""

from __future__ import annotations

from pydantic import Field

from events.model import Frozen
from events.sealed import Sealed


class AssetRef(Frozen):
    """Bytes at `{org}/{sha256}`; never a URL. A text result has its text inline, sealed, up to 4 KiB."""

    asset_id: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    media_type: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    text: Sealed | None = None
    engine: str | None = None
    """Set where a local stand-in engine made it, for example `local-cpu/picture`."""
