"""Opens the sealed texts of a ready step and finds the files that it names, so that its wiring can be pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import orjson

from commands.ports import ERASED, Vault
from events.assets import AssetRef
from events.canvas.plan_events import StepReady
from events.canvas.session_events import FileUploaded
from events.canvas.session_state import NoSession, Session, SessionState, evolve_session
from events.envelope import Recorded
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


def files_named(stored: Sequence[Recorded], labels: Collection[str]) -> tuple[tuple[str, AssetRef], ...]:
    """(label, asset) of these files, uploaded or made, in a session's stream: a fold keeps only the newest of both."""
    state: SessionState = NoSession()
    found: dict[str, AssetRef] = {}
    for recorded in stored:
        state = evolve_session(state, recorded.data, recorded.envelope.time)
        if isinstance(recorded.data, FileUploaded) and recorded.data.label in labels:
            found[recorded.data.label] = recorded.data.asset
        elif isinstance(state, Session):
            found |= {label: state.made[label].asset for label in labels if label in state.made}
    return tuple(found.items())


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
