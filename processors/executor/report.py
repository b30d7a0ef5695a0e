"""What the assistant says when a run is over: which files came out, and what did not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from events.assets import AssetRef
from events.canvas.plan_state import Plan, Run, StepStatus
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
_WHY: Mapping[StepStatus, str] = {"failed": "failed", "blocked": "not started", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Report:
    text: str
    assets: tuple[AssetRef, ...]


def report(plan: Plan, run: Run, title: str, names: Mapping[str, str]) -> Report:
    """`names` are the steps' titles in clear. The files stand in the order of the plan."""
    assets = tuple(asset for step in plan.steps if step in run.steps for asset in run.steps[step].outputs)
    opening = _OPENINGS[run.status].format(title=title)
    said = [f"{opening}: {_counted(assets)}." if assets else f"{opening}."]
    for status, word in _WHY.items():
        of_status = [names[step] for step in plan.steps if step in run.steps and run.steps[step].status == status]
        if of_status:
            said.append(f"{word.capitalize()}: {', '.join(of_status)}.")
    return Report(" ".join(said), assets[:ASSETS_MAX])


def _counted(assets: tuple[AssetRef, ...]) -> str:
    counts = Counter(kind_of(asset.media_type) for asset in assets)
    return ", ".join(f"{n} {_MEDIA[kind]}{'s' if n > 1 else ''}" for kind, n in counts.items())
