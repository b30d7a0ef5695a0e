"""Before anything runs: will each model get what it needs from what there will be? Wired with stand-ins; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from commands.canvas.commands import UNWIRABLE
from events.assets import AssetRef
from events.catalog.events import ModelSpec
from processors.agents.plan import PlannedStep
from processors.agents.references import Known
from processors.executor.material import Material, OpenedStep, Upstream
from processors.executor.wiring import Unwirable, wire

_TYPES: Final = {
    "image": "image/png", "video": "video/mp4", "audio": "audio/wav", "3d": "model/gltf-binary", "text": "text/plain",
}  # fmt: skip
_WORDS: Final = "Words that the step before will have written."


def unwirable(model: ModelSpec, step: PlannedStep, values: Mapping[str, Any], known: Known) -> tuple[str, ...]:
    """What will be missing, each as `unwirable:<field>: <why>`; none where the step can become a job."""
    upstream = tuple(Upstream(one.step_id, tuple(_made(one.label, sorted(one.media)))) for one in known.steps)
    uploads = tuple((one.label, _file(one.label, one.medium)) for one in known.uploads)
    opened = OpenedStep(step.agent_type, step.title, step.description, values, upstream, uploads)
    wired = wire(model, opened)
    if not isinstance(wired, Unwirable):
        return ()
    return tuple(f"{UNWIRABLE}:{problem.field}: {problem.detail}" for problem in wired.problems)


def _made(label: str, media: Iterable[str]) -> Iterable[Material]:
    for medium in media:
        yield _file(f"{label}-{medium}", medium)


def _file(name: str, medium: str) -> Material:
    ref = AssetRef(
        asset_id=f"ast_{name}", sha256="0" * 64, bytes=1, media_type=_TYPES.get(medium, "application/octet-stream")
    )
    return Material(ref, _WORDS if medium == "text" else None)
