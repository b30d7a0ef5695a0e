"""Before anything runs: will a step's model get what it needs from the steps before and from the uploads? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.catalog.events import ModelSpec
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known
from processors.executor import rehearsal


def unwirable(model: ModelSpec, step: PlannedStep, values: Mapping[str, Any], known: Known) -> tuple[str, ...]:
    """What will be missing, each as `unwirable:<field>: <why>`; none where the step can become a job."""
    upstream = {one.step_id: sorted(one.media) for one in known.steps}
    uploads = {one.label: one.medium for one in known.uploads}
    opened = rehearsal.rehearsal(step.agent_type, step.title, step.description, values, upstream, uploads)
    return rehearsal.unwirable(model, opened)
