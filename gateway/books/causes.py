"""What led to the lines of a ledger: joined from the other read models, one question a kind of document."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from commands.ports import ERASED
from gateway.reads.queries import Db, Document
from gateway.reads.views import without_nulls

PROMPT_MAX: Final = 120
PEOPLE: Final = ("key_", "usr_", "platform")
"""How the actors begin that are somebody; the others are processes of the house."""

Found = Mapping[str, Document]
"""Documents by id."""


@dataclass(frozen=True, slots=True)
class Around:
    """The documents around some entries."""

    jobs: Found
    steps: Found
    plans: Found
    messages: Found
    said: Found
    """The messages' events, by their places in their streams: who spoke."""

    def cause(self, entry: Document) -> dict[str, Any]:
        """Who and what led to an entry; of what a person said the first words, as far as they can still be read."""
        job = self.jobs.get(entry.get("job_id", ""), {})
        of_job = job.get("cause", {})
        plan = self.plans.get(job.get("plan_id", ""), {})
        message = self.messages.get(plan.get("message_id", ""), {})
        event = self.said.get(place_of(message), {}) if message else {}
        asked_by = event.get("actor") or (asked(job) or {}).get("actor")
        actor = entry["_event"]["actor"]
        return without_nulls(
            {
                "actor": actor if actor.startswith(PEOPLE) else asked_by or actor,
                "session_id": of_job.get("session_id"),
                "plan_id": job.get("plan_id"),
                "run_id": of_job.get("run_id"),
                "step_id": of_job.get("step_id"),
                "step_title": self.steps.get(of_job.get("step_id", ""), {}).get("title"),
                "job_id": entry.get("job_id"),
                "model": job.get("model"),
                "prompt": first_words(message["text"]) if message else None,
            }
        )


async def around(db: Db, org_id: str, entries: Sequence[Document]) -> Around:
    """A page's causes: five questions, however many lines it has."""
    job_ids = (entry.get("job_id") for entry in entries)
    jobs = await _by_id(db, "jobs", org_id, job_ids, "cause", "plan_id", "step_id", "model", "_trail.1")
    step_ids = (job.get("step_id") for job in jobs.values())
    plan_ids = (job.get("plan_id") for job in jobs.values())
    steps, plans = await asyncio.gather(
        _by_id(db, "steps", org_id, step_ids, "title"), _by_id(db, "plans", org_id, plan_ids, "message_id")
    )
    message_ids = (plan.get("message_id") for plan in plans.values())
    messages = await _by_id(db, "messages", org_id, message_ids, "session_id", "text", "_v")
    said = await _by_id(db, "session_events", org_id, map(place_of, messages.values()), "actor")
    return Around(jobs, steps, plans, messages, said)


def asked(job: Document) -> Document | None:
    """Of a job's events, that of its acceptance."""
    found: Document | None = job.get("_trail", {}).get("1")
    return found


def place_of(message: Document) -> str:
    """The id of a message's event among the session's."""
    return f"{message['session_id']}:{message['_v']}"


def first_words(text: str) -> str:
    """A line of it, cut between words."""
    if text == ERASED:
        return text
    line = " ".join(text.split())
    return line if len(line) <= PROMPT_MAX else line[:PROMPT_MAX].rsplit(" ", 1)[0] + "…"


async def _by_id(db: Db, collection: str, org_id: str, ids: Iterable[str | None], *members: str) -> dict[str, Document]:
    wanted = sorted({found for found in ids if found is not None})
    if not wanted:
        return {}
    found = db[collection].find({"_id": {"$in": wanted}, "org_id": org_id}, dict.fromkeys(members, 1))
    return {document["_id"]: document async for document in found}
