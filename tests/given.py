"""Values that many tests speak of: an organisation, a session, sealed words, an asset."""

from __future__ import annotations

import base64
from typing import Any

from commands.canvas.commands import DraftPlan, DraftStep, ModelChoice, PostMessage, SelectModels, StartSession
from commands.orgs.commands import AddCredits, DispatchJob, OpenOrg, SubmitJob
from events.assets import AssetRef
from events.sealed import Sealed, SealedBox

ORG = "org_A"
SESSION = "ses_X"
PLAN = "pln_X.1"
RUN = "run_X.1.1"
JOB = "job_1"


def sealed(text: str = "words") -> Sealed:
    """Not really sealed: deciders only pass it through."""
    return Sealed(box=SealedBox(kid="kid_1", nonce="AAAA", ct=base64.b64encode(text.encode()).decode()))


def asset(media_type: str = "image/png", n: int = 1) -> AssetRef:
    return AssetRef(asset_id=f"ast_{n}", sha256=f"{n:064x}", bytes=10 * n, media_type=media_type)


def opened(granted: int = 1_000) -> tuple[OpenOrg, AddCredits]:
    grant = AddCredits(org_id=ORG, entry_id="ent_0", kind="grant", amount=granted)
    return OpenOrg(org_id=ORG, title="Acme"), grant


def submit(job_id: str = JOB, reserve: int = 400, **fields: Any) -> SubmitJob:
    return SubmitJob(
        org_id=ORG, job_id=job_id, model="m", provider="fleet", input=sealed("{}"), reserve=reserve, **fields
    )


def dispatch(job_id: str = JOB, lease: int = 1) -> DispatchJob:
    return DispatchJob(org_id=ORG, job_id=job_id, lease=lease, provider="fleet", model="m", worker="w1")


def message(approval: str = "auto") -> tuple[StartSession, PostMessage]:
    post = PostMessage.model_validate(
        {"org_id": ORG, "session_id": SESSION, "message_id": "msg_1", "text": sealed(), "approval": approval}
    )
    return StartSession(org_id=ORG, session_id=SESSION), post


def draft(graph: dict[str, tuple[str, ...]]) -> DraftPlan:
    """A plan of image steps: label → labels it depends on."""
    steps = tuple(
        DraftStep(label=label, title=sealed(label), description=sealed(label), agent_type="image", depends_on=deps)
        for label, deps in graph.items()
    )
    return DraftPlan(org_id=ORG, session_id=SESSION, message_id="msg_1", title=sealed("plan"), steps=steps)


def step(label: str) -> str:
    return f"stp_X.1.{label}"


def select(labels: tuple[str, ...]) -> SelectModels:
    choices = tuple(
        ModelChoice(step_id=step(label), model="m", input=sealed("{}"), estimate=10, reason="only one")
        for label in labels
    )
    return SelectModels(org_id=ORG, session_id=SESSION, plan_id=PLAN, choices=choices)
