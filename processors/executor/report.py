"""What the assistant says when a run is over: which files came out, and what did not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from events.assets import AssetRef
from events.canvas.plan_events import RunStatus
from processors.executor.material import kind_of

ASSETS_MAX = 64
_MEDIA = {"image": "image", "video": "video", "audio": "audio file", "3d": "3D model", "text": "text", "other": "file"}
_OPENINGS = {
    "succeeded": "“{title}” is done",
    "partial": "“{title}” is done in part",
    "failed": "“{title}” did not work out",
    "cancelled": "“{title}” was cancelled",
    "running": "“{title}” is under way",
}
_WHY: Mapping[str, str] = {"failed": "failed", "blocked": "not started", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Report:
    text: str
    assets: tuple[AssetRef, ...]


def report(status: RunStatus, title: str, outputs: Sequence[AssetRef], unfinished: Sequence[tuple[str, str]]) -> Report:
    """`title` and the titles of `unfinished` steps, with what became of each, are in clear."""
    opening = _OPENINGS[status].format(title=title)
    said = [f"{opening}: {_counted(outputs)}." if outputs else f"{opening}."]
    for became, word in _WHY.items():
        names = [name for name, how in unfinished if how == became]
        if names:
            said.append(f"{word.capitalize()}: {', '.join(names)}.")
    return Report(" ".join(said), tuple(outputs[:ASSETS_MAX]))


def _counted(assets: Sequence[AssetRef]) -> str:
    counts = Counter(kind_of(asset.media_type) for asset in assets)
    return ", ".join(f"{n} {_MEDIA[kind]}{'s' if n > 1 else ''}" for kind, n in counts.items())
