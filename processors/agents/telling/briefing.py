"""Opens what a session's words are and puts together what the planners are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

from commands.ports import Vault
from events.canvas.session_events import MessagePosted
from events.canvas.state import Plan, Session
from processors.agents.telling.context import EARLIER_MAX, Briefing, Earlier, Said, pointed_out
from processors.agents.telling.present import Present
from processors.agents.words.references import KnownUpload

HISTORY_MAX: Final = 40
"""Messages that are opened; what of them is told is a matter of their length."""
EARLIER_STEPS_MAX: Final = 20


async def brief(
    vault: Vault, session: Session, message: MessagePosted, plans: Sequence[Plan], present: Present | None
) -> Briefing:
    """Everything up to this message; what came later is not for it."""
    before = list(takewhile(lambda one: one.message_id != message.message_id, session.recent))[-HISTORY_MAX:]
    unanswered = _unanswered(session, before, present)
    before = before[: len(before) - len(unanswered)]
    *asked, request = await asyncio.gather(*(vault.open(one.text) for one in (*unanswered, message)))
    texts = await asyncio.gather(*(vault.open(one.text) for one in before))
    attached = {upload_id for one in (*unanswered, message) for upload_id in one.upload_ids}
    earlier = [plan for plan in plans if present is None or plan.plan_id != present.plan_id]
    briefing = Briefing(
        request="\n".join([*asked, request]),
        mode=message.mode,
        uploads=await _uploads(vault, session, attached),
        attached=tuple(session.uploads[one].label for one in session.uploads if one in attached),
        made=tuple(
            KnownUpload(label, made.medium, asset_id=made.asset.asset_id, plan_id=made.plan_id or "")
            for label, made in session.made.items()
        ),
        older=_older(session),
        history=tuple(Said(one.role, text) for one, text in zip(before, texts, strict=True)),
        earlier=tuple(await asyncio.gather(*(_earlier(vault, plan) for plan in earlier[-EARLIER_MAX:]))),
    )
    return pointed_out(briefing, present)


def anew(briefing: Briefing, present: Present | None) -> Briefing:
    """For a new plan: the one that the message does not go on with is one of the earlier ones."""
    if present is None:
        return briefing
    steps = tuple((one.step.agent_type, one.step.title, one.status) for one in present.steps)
    last = Earlier(present.title, present.status, steps[:EARLIER_STEPS_MAX])
    return replace(briefing, earlier=(*briefing.earlier, last))


def _unanswered(session: Session, before: Sequence[MessagePosted], present: Present | None) -> list[MessagePosted]:
    """What the person said just before and got no answer to: this message cut it short, so it is asked with it."""
    found: list[MessagePosted] = []
    answered = session.stopped if present is None else session.stopped | {present.message_id}
    for one in reversed(before):
        if one.role != "user" or one.message_id in answered:
            break
        found.append(one)
    return found[::-1]


async def _uploads(vault: Vault, session: Session, attached: set[str]) -> tuple[KnownUpload, ...]:
    """All that the session knows, the newest last, and last of all what came with the message."""
    listed = sorted(session.uploads.values(), key=lambda upload: upload.upload_id in attached)
    names = await asyncio.gather(*(vault.open(upload.file_name) for upload in listed))
    return tuple(
        KnownUpload(upload.label, upload.medium, upload.upload_id, upload.asset.asset_id, name)
        for upload, name in zip(listed, names, strict=True)
    )


def _older(session: Session) -> Mapping[str, int]:
    """How many uploads of each medium came before the oldest that the session still knows."""
    oldest: dict[str, int] = {}
    for upload in session.uploads.values():
        number = int(upload.label.rsplit("_", 1)[-1])
        oldest[upload.medium] = min(number, oldest.get(upload.medium, number))
    return {medium: number - 1 for medium, number in oldest.items() if number > 1}


async def _earlier(vault: Vault, plan: Plan) -> Earlier:
    steps = list(plan.steps.values())[:EARLIER_STEPS_MAX]
    title, *titles = await asyncio.gather(vault.open(plan.drafted.title), *(vault.open(step.title) for step in steps))
    run = plan.run.steps if plan.run is not None else {}
    states = [run[step.step_id].status if step.step_id in run else "planned" for step in steps]
    listed = zip(steps, titles, states, strict=True)
    return Earlier(title, plan.status, tuple((step.agent_type, name, state) for step, name, state in listed))
