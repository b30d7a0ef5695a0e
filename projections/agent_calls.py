"""Read model `agent_calls`: every model call of an agent, with its prompt, tokens, time and error; no words.

Those of a session are there from their beginning; those for a job, of the writer and the error classifier, once they
have ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.canvas.session_events import AgentCallRecorded, StageBegun
from events.envelope import Recorded
from events.jobs.events import JobAgentCallRecorded
from projections.documents import at, present
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "agent_calls"
INDEXES = (("org_id", "begun_at"), ("org_id", "agent", "begun_at"), ("begun_at",))


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - nothing is opened here
    org, version = event.envelope.org_id, event.version
    match event.data:
        case StageBegun() as begun:
            beside = None if begun.beside is None else begun.beside.model_dump(exclude_none=True)
            prompt = present(
                variant=begun.variant, version=begun.prompt_version, owner=begun.prompt_owner, beside=beside
            )
            document = present(
                call_id=begun.call_id,
                org_id=org,
                session_id=begun.session_id,
                agent=begun.agent,
                cause=event.envelope.causation_id,
                begun_at=at(event),
                attempts=begun.attempt,
                **prompt,
            )
            yield Insert(COLLECTION, begun.call_id, org, version, document)
            yield Update(COLLECTION, begun.call_id, org, version, set={"attempts": begun.attempt, **prompt})
        case AgentCallRecorded() as done:
            yield Update(COLLECTION, done.call_id, org, version, set=_figures(done, at(event)))
        case JobAgentCallRecorded() as done:
            call_id = f"{done.job_id}.{done.lease}.{done.agent}"
            document = present(
                call_id=call_id,
                org_id=org,
                session_id=done.cause.session_id,
                job_id=done.job_id,
                agent=done.agent,
                cause=done.job_id,
                begun_at=at(event),
                attempts=1,
                variant=done.variant,
                version=done.prompt_version,
                owner=done.prompt_owner,
            )
            yield Insert(COLLECTION, call_id, org, version, {**document, **_figures(done, at(event))})


def _figures(done: AgentCallRecorded | JobAgentCallRecorded, ended_at: str) -> dict[str, Any]:
    return present(
        model=done.model,
        tokens_in=done.tokens_in,
        tokens_out=done.tokens_out,
        ms=done.ms,
        cost=done.cost,
        fallback=done.fallback,
        error=done.error,
        ended_at=ended_at,
    )
