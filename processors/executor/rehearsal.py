"""Before anything runs: will each model get what it needs from what there will be? Wired with stand-ins; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from commands.canvas.commands import UNUSED, UNWIRABLE
from commands.ports import StepToWire
from events.assets import AssetRef
from events.catalog.events import ModelSpec
from events.ids import label_of
from processors.executor.material import Material, OpenedStep, Upstream
from processors.executor.wiring import Unwirable, unused, wire

_TYPES: Final = {
    "image": "image/png", "video": "video/mp4", "audio": "audio/wav", "music": "audio/wav", "3d": "model/gltf-binary",
    "text": "text/plain",
}  # fmt: skip
_LEFT_OVER: Final = "nothing of what comes out of it has a place in what this model takes"


def unwirable_plan(steps: Sequence[StepToWire], uploads: Mapping[str, str]) -> tuple[str, ...]:
    """Each missing field and each idle dependency of each step. See `commands.ports.Rehearse`."""
    made = {step.step_id: tuple(step.model.media_out) if step.model is not None else () for step in steps}
    found = []
    for step in steps:
        if step.model is not None:
            upstream = {one: made[one] for one in step.depends_on if one in made}
            opened = rehearsal(step.agent_type, step.title, step.description, step.input, upstream, uploads)
            label = label_of(step.step_id)
            found += [f"{label}:{flag}" for flag in unwirable(step.model, opened)]
    return tuple(found)


def rehearsal(
    agent_type: str,
    title: str,
    description: str,
    values: Mapping[str, Any],
    upstream: Mapping[str, Iterable[str]],
    uploads: Mapping[str, str],
) -> OpenedStep:
    """The step with a stand-in for each file: `upstream` are media by step, `uploads` the medium of each label."""
    before = tuple(
        Upstream(step, tuple(_file(f"{step}-{one}", one) for one in media)) for step, media in upstream.items()
    )
    return OpenedStep(
        agent_type, title, description, values, before, tuple((name, _file(name, one)) for name, one in uploads.items())
    )


def unwirable(model: ModelSpec, step: OpenedStep) -> tuple[str, ...]:
    """What will be missing, each as `unwirable:<field>: <why>`; what will be left over, as `unused:<step>: <why>`."""
    wired = wire(model, step)
    if not isinstance(wired, Unwirable):
        return tuple(f"{UNUSED}:{one.label}: {_LEFT_OVER}" for one in unused(wired, step))
    return tuple(f"{UNWIRABLE}:{problem.field}: {problem.detail}" for problem in wired.problems)


def _file(name: str, medium: str) -> Material:
    ref = AssetRef(
        asset_id=f"ast_{name}", sha256="0" * 64, bytes=1, media_type=_TYPES.get(medium, "application/octet-stream")
    )
    return Material(ref, f"Words of {name}." if medium == "text" else None)
