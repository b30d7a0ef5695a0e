"""Opens what a session's words are and puts together what the planner is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import takewhile

from commands.ports import Vault
from events.canvas.session_events import MessagePosted
from events.canvas.state import Plan, Session
from processors.agents.context import EARLIER_MAX, HISTORY_MAX, Briefing, Earlier, Said
from processors.agents.references import KnownUpload

UPLOADS_MAX = 32
"""The newest: as many as a step carries to its wiring."""
EARLIER_STEPS_MAX = 20


async def brief(vault: Vault, session: Session, message: MessagePosted, plans: Sequence[Plan]) -> Briefing:
    """Everything up to this message; what came later is not for it."""
    before = list(takewhile(lambda one: one.message_id != message.message_id, session.recent))[-HISTORY_MAX:]
    request, *texts = await asyncio.gather(vault.open(message.text), *(vault.open(one.text) for one in before))
    known = [upload for upload in session.uploads.values() if upload.upload_id not in message.upload_ids]
    attached = [session.uploads[upload_id] for upload_id in message.upload_ids if upload_id in session.uploads]
    uploads = tuple(
        KnownUpload(upload.label, upload.medium, upload.upload_id, upload.asset.asset_id)
        for upload in [*known, *attached][-UPLOADS_MAX:]
    )
    return Briefing(
        request=request,
        mode=message.mode,
        uploads=uploads,
        attached=tuple(upload.label for upload in attached),
        history=tuple(Said(one.role, text) for one, text in zip(before, texts, strict=True)),
        earlier=tuple(await asyncio.gather(*(_earlier(vault, plan) for plan in plans[-EARLIER_MAX:]))),
    )


async def _earlier(vault: Vault, plan: Plan) -> Earlier:
    steps = list(plan.steps.values())[:EARLIER_STEPS_MAX]
    title, *titles = await asyncio.gather(vault.open(plan.drafted.title), *(vault.open(step.title) for step in steps))
    run = plan.run.steps if plan.run is not None else {}
    states = [run[step.step_id].status if step.step_id in run else "planned" for step in steps]
    listed = zip(steps, titles, states, strict=True)
    return Earlier(title, plan.status, tuple((step.agent_type, name, state) for step, name, state in listed))
