"""Orders that let steps run: sent with the credit that they can draw on; a run that nothing pays is refused."""

from __future__ import annotations

import asyncio
import logging

from pymongo.errors import PyMongoError

from commands.ask import Answer
from commands.canvas.commands import PaidCommand
from commands.refusals import InsufficientCredit
from events.log.position import part
from events.log.routing import partition_of
from events.topics import EVENTS_CREDITS
from gateway.answering.answers import ask
from gateway.http.identity import Identity
from gateway.http.problems import Problem
from gateway.live.credits_feed import balance_of
from gateway.platform import Platform

log = logging.getLogger(__name__)


async def ask_with_credit(platform: Platform, command: PaidCommand, identity: Identity, partitions: int) -> Answer:
    """Raises a Problem. A balance that was read too early refuses nobody: it is read again before a no is given."""
    seen = await spendable(platform, command.org_id, command.plan_id)
    try:
        return await ask(platform, command.model_copy(update={"credit": seen}), identity)
    except Problem as problem:
        if problem.slug != InsufficientCredit.slug:
            raise
        books = part(EVENTS_CREDITS, partition_of(command.org_id, partitions))
        await platform.reading.reach({books: platform.hub.last.get(books, 0)})
        now = await spendable(platform, command.org_id, command.plan_id)
        if now == seen:
            raise
    return await ask(platform, command.model_copy(update={"credit": now}), identity)


async def spendable(platform: Platform, org_id: str, plan_id: str) -> int | None:
    """What jobs of the plan draw on: its project's allocation, where that has one. None where nobody can tell now."""
    try:
        plan, balance = await asyncio.gather(
            platform.db["plans"].find_one({"_id": plan_id, "org_id": org_id}, {"project_id": 1}),
            balance_of(platform.db, org_id),
        )
    except PyMongoError as error:
        log.warning("nobody can tell now what %s has: %r", org_id, error)
        return None
    if plan is None:
        return None
    allocated = balance["allocations"].get(plan.get("project_id"))
    return int(balance["available"] if allocated is None else allocated)
