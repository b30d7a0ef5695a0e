"""What the assistant says when a run is over: which files came out, and what did not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
_BECAME: Mapping[str, str] = {"failed": "failed", "blocked": "not started", "cancelled": "cancelled"}
_WHY: Mapping[str, str] = {
    "insufficient_credit": "not enough credits",
    "content_policy": "the provider refused the content",
    "input_validation": "an input does not fit the model",
    "rate_limit": "the provider is too busy",
    "outage": "the provider is down",
    "billing": "the provider refused payment",
    "timeout": "it took too long",
}
_NO_CREDIT = "Add credits and run it again: what is done is kept."


@dataclass(frozen=True, slots=True)
class Report:
    text: str
    assets: tuple[AssetRef, ...]


class Ended(NamedTuple):
    """A step that the run ended without, its title in clear. `category` is a failure's."""

    title: str
    became: str
    category: str | None = None


def report(status: RunStatus, title: str, outputs: Sequence[AssetRef], unfinished: Sequence[Ended]) -> Report:
    """`title` is in clear."""
    opening = _OPENINGS[status].format(title=title)
    said = [f"{opening}: {_counted(outputs)}." if outputs else f"{opening}."]
    for became, word in _BECAME.items():
        names = [_named(one) for one in unfinished if one.became == became]
        if names:
            said.append(f"{word.capitalize()}: {', '.join(names)}.")
    if any(one.category == "insufficient_credit" for one in unfinished):
        said.append(_NO_CREDIT)
    return Report(" ".join(said), tuple(outputs[:ASSETS_MAX]))


def _named(one: Ended) -> str:
    why = _WHY.get(one.category or "")
    return f"{one.title} ({why})" if why else one.title


def _counted(assets: Sequence[AssetRef]) -> str:
    counts = Counter(kind_of(asset.media_type) for asset in assets)
    return ", ".join(f"{n} {_MEDIA[kind]}{'s' if n > 1 else ''}" for kind, n in counts.items())
