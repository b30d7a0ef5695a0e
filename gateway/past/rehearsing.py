"""What cannot be wired once a person has edited a step, or gone back: said with that, before anything runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from commands.ports import Medium, StepToWire
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec
from gateway.platform import Platform
from gateway.reads import queries

FLAGS_MAX: Final = 50
Document = Mapping[str, Any]
_MADE: Final = re.compile(r"(?:upload:)?(made_(image|video|audio|3d|text|other)_\d{1,4})")


async def flags_with(
    platform: Platform, edited: Document, model: ModelSpec, values: Mapping[str, Any]
) -> tuple[str, ...]:
    """Of the whole plan: another model gives other media to the steps after it, too."""
    org_id = edited["org_id"]
    of_plan = {"plan_id": edited["plan_id"], "org_id": org_id}
    documents, plan = await asyncio.gather(
        queries.many(platform.db, "steps", of_plan), queries.one(platform.db, "plans", org_id, edited["plan_id"])
    )
    other = {**edited, "model": model.id, "input": values}
    return await flags_of(platform, plan, [other if one["_id"] == edited["_id"] else one for one in documents])


async def flags_of(platform: Platform, plan: Document, documents: Sequence[Document]) -> tuple[str, ...]:
    """Of the steps that the plan has; a document outlives its step."""
    session = await queries.one(platform.db, "sessions", plan["org_id"], plan["session_id"])
    present = set(plan["step_ids"])
    steps = [
        _to_wire(document, _model(platform, document.get("model")))
        for document in documents
        if document["_id"] in present
    ]
    uploads = {one["label"]: one["medium"] for one in session.get("uploads", ())}
    return platform.rehearse(steps, {**made_files(steps), **uploads})[:FLAGS_MAX]


def made_files(steps: Sequence[StepToWire]) -> dict[str, Medium]:
    """Label → medium of what was made in the session and is named in an input. Whether it is there is seen at the run:
    a run's results are kept with its messages."""
    texts = (one for step in steps for value in step.input.values() for one in _as_list(value))
    found = (_MADE.fullmatch(one) for one in texts if isinstance(one, str))
    return {match[1]: cast(Medium, match[2]) for match in found if match is not None}


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _to_wire(document: Document, model: ModelSpec | None) -> StepToWire:
    values = document.get("input")
    return StepToWire(
        step_id=document["_id"],
        agent_type=document["agent_type"],
        title=document.get("title", ""),
        description=document.get("description", ""),
        model=model,
        input=values if isinstance(values, Mapping) else {},
        depends_on=tuple(document["depends_on"]),
    )


def _model(platform: Platform, model_id: str | None) -> ModelSpec | None:
    found = platform.catalog.get(f"model:{model_id}")
    return found.model if isinstance(found, CurrentModel) else None
