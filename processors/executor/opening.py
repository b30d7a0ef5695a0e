"""Opens the sealed texts of a ready step, so that its wiring can be pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from commands.ports import ERASED, Vault
from events.assets import AssetRef
from events.canvas.plan_events import StepReady
from processors.executor.material import Material, OpenedStep, Upstream


class Erased(Exception):
    """The person whose words these were is forgotten."""


async def opened(vault: Vault, ready: StepReady) -> OpenedStep:
    """The step in clear. Raises Erased."""
    return OpenedStep(
        agent_type=ready.agent_type,
        title=await vault.open(ready.title),
        description=await vault.open(ready.description),
        input=await _input(vault, ready),
        upstream=tuple([Upstream(one.step_id, await _materials(vault, one.outputs)) for one in ready.upstream]),
        uploads=tuple([(label, await _material(vault, asset)) for label, asset in ready.session_uploads]),
    )


async def _input(vault: Vault, ready: StepReady) -> dict[str, Any]:
    if ready.input is None:
        return {}
    text = await vault.open(ready.input)
    if text == ERASED:
        raise Erased
    value = orjson.loads(text)
    return value if isinstance(value, dict) else {}


async def _materials(vault: Vault, assets: Sequence[AssetRef]) -> tuple[Material, ...]:
    return tuple([await _material(vault, asset) for asset in assets])


async def _material(vault: Vault, asset: AssetRef) -> Material:
    return Material(asset, await vault.open(asset.text) if asset.text is not None else None)
