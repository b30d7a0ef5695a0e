"""One line of the books explained: everything that led to it, from a person's words on, with what led to each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from events.canvas.plan_events import PlanApproved, PlanDrafted, RunStarted, StepReady
from events.canvas.session_events import AgentCallRecorded
from events.ids import BadId, plan_of
from events.jobs.events import WebhookDelivered, WebhookGivenUp, WebhookResendRequested
from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, EVENTS_JOBS
from gateway.books import ledger
from gateway.books.causes import first_words, place_of
from gateway.reads import queries
from gateway.reads.queries import Db, Document
from projections.session_events import recorded

Stop = dict[str, Any]
CALLS_MAX: Final = 100
WEBHOOK_OF: Final = "webhook:"
"""How the actors begin that are a provider's calls."""
WEBHOOK: Final = {
    WebhookDelivered.name: "Your server was told of the end, and took it",
    WebhookGivenUp.name: "Your server was told of the end, and did not take it",
    WebhookResendRequested.name: "Your server is to be told once more, as was asked",
}
JOBS_MAX: Final = 2000
"""Of a plan, in which those before a job's are looked for."""


@dataclass(frozen=True, slots=True)
class Story:
    """The documents around one entry."""

    entry: Document
    siblings: Sequence[Document]
    job: Document | None
    origin: Sequence[Stop]
    """From the words to the step that was ready; empty for a job of its own and for what is no job's."""

    @property
    def chain(self) -> list[Stop]:
        """Oldest first, up to the entry itself; what stands before it in the job's lines is part of the way.

        Behind a line of the job's end stands what its customer was told of it, where one wanted to be told.
        """
        way = [*self.origin, *(_of_job(self.job) if self.job is not None else ())]
        accepted = next((place for place, stop in enumerate(way, 1) if stop["id"] == self.entry.get("job_id")), 0)
        lines = [_entry(one) for one in self.siblings if one["seq"] <= self.entry["seq"]]
        if self.job is None or len(lines) == 1:
            return [*way[:accepted], *lines]
        return [*way[:accepted], lines[0], *way[accepted:], *lines[1:], *_told_of(self.job)]


async def story_of(db: Db, org_id: str, entry_id: str) -> Story:
    """Raises a Problem for an entry that is not this organisation's."""
    entry = await queries.one(db, ledger.COLLECTION, org_id, entry_id)
    job_id = entry.get("job_id")
    if job_id is None:
        return Story(entry, [entry], None, ())
    siblings, job = await asyncio.gather(
        queries.many(db, ledger.COLLECTION, {"job_id": job_id, "org_id": org_id}, "seq"),
        db["jobs"].find_one({"_id": job_id, "org_id": org_id}),
    )
    return Story(entry, siblings, job, await _origin(db, job) if job is not None else ())


async def _origin(db: Db, job: Document) -> list[Stop]:
    """The conversation, the plan and the steps before the job's own, as far as the job is a step's."""
    run_id, org_id = job.get("cause", {}).get("run_id"), job["org_id"]
    try:
        plan_id = plan_of(run_id or "")
    except BadId:
        return []
    plan = await db["plans"].find_one({"_id": plan_id, "org_id": org_id})
    if plan is None:
        return []
    message, asked = await asyncio.gather(
        db["messages"].find_one({"_id": plan["message_id"], "org_id": org_id}), _asked(db, plan_id)
    )
    line = await _line_to(db, job, plan_id, asked)
    began = asked.get(causation(line[0]))
    return [
        *(await _conversation(db, message) if message is not None else ()),
        *await _planned(db, plan, run_id, began),
        *await _steps(db, line, asked),
    ]


async def _conversation(db: Db, message: Document) -> list[Stop]:
    """What was said, and what agents made of it."""
    said = await db["session_events"].find_one({"_id": place_of(message)})
    if said is None:
        return []
    wanted = {
        "subject": message["session_id"],
        "_v": {"$gt": message["_v"]},
        "type": AgentCallRecorded.ce_type(),
        "causation_id": said["event_id"],
    }
    calls = await db["session_events"].find(wanted).sort("_v", 1).limit(CALLS_MAX).to_list(CALLS_MAX)
    words = _stop("message", message["message_id"], first_words(message["text"]), said)
    return [words, *(stop for one in calls for stop in _call(one))]


def _call(document: Document) -> Iterator[Stop]:
    call = recorded(document).data
    if not isinstance(call, AgentCallRecorded):
        return
    tokens = f"{call.tokens_in + call.tokens_out:,} tokens"
    title = f"{call.agent.replace('_', ' ').capitalize()}, {call.model}, {tokens}"
    yield _stop("agent_call", f"{call.call_id}.{call.attempt}", title, document)


async def _planned(db: Db, plan: Document, run_id: str, began: Document | None) -> list[Stop]:
    """The plan, the word that let it run, and that of this run where it is another one."""
    types = [kind.ce_type() for kind in (PlanDrafted, PlanApproved, RunStarted)]
    wanted = {"subject": plan["_id"], "type": {"$in": types}}
    stops: list[Stop] = []
    approved = ""
    async for document in db["session_events"].find(wanted).sort("_v", 1):
        match recorded(document).data:
            case PlanDrafted():
                stops.append(_stop("plan", plan["_id"], plan["title"], document))
            case PlanApproved(approved_by=who) if began is None or document["_v"] < began["_v"]:
                title = "In advance: it runs without asking" if who == "auto" else f"Approved by {who}"
                stops.append(_stop("approval", f"{plan['_id']} approved", title, document))
                approved = document["command_id"]
            case RunStarted(run_id=started) if started == run_id and document["command_id"] != approved:
                stops.append(_stop("approval", run_id, f"Run again by {document['actor']}", document))
    return stops


async def _asked(db: Db, plan_id: str) -> dict[str, Document]:
    """The events that asked for the plan's jobs, by their ids."""
    wanted = {"subject": plan_id, "type": StepReady.ce_type()}
    return {one["event_id"]: one async for one in db["session_events"].find(wanted, {"data": 0})}


async def _line_to(db: Db, job: Document, plan_id: str, asked: Mapping[str, Document]) -> list[Document]:
    """The job and those before it: a step is ready because the last of the jobs that it waited for has ended."""
    wanted = {"plan_id": plan_id, "org_id": job["org_id"]}
    trails = await db["jobs"].find(wanted, {"_trail": 1}).limit(JOBS_MAX).to_list(JOBS_MAX)
    ends = {passed["id"]: one for one in trails for passed in one.get("_trail", {}).values()}
    line: list[Document] = [job]
    while (ready := asked.get(causation(line[0]))) is not None:
        before = ends.get(ready["causation_id"])
        if before is None or before["_id"] in {one["_id"] for one in line}:
            break
        line.insert(0, before)
    whole = {one["_id"]: one async for one in db["jobs"].find({"_id": {"$in": [one["_id"] for one in line]}})}
    return [whole[one["_id"]] for one in line]


async def _steps(db: Db, line: Sequence[Document], asked: Mapping[str, Document]) -> list[Stop]:
    """Each step with its job and files; of the last one only that it was ready."""
    ids = [job["step_id"] for job in line]
    named = db["steps"].find({"_id": {"$in": ids}, "org_id": line[-1]["org_id"]}, {"title": 1})
    titles = {one["_id"]: one["title"] async for one in named}
    stops: list[Stop] = []
    for job in line:
        ready, step_id = asked.get(causation(job)), job["step_id"]
        if ready is not None:
            stops.append(_stop("step", step_id, titles.get(step_id) or step_id, ready))
        if job is not line[-1]:
            stops += _of_job(job)
    return stops


def causation(job: Document) -> str:
    """Which event led to the job."""
    return next((str(passed["causation_id"]) for passed in _passed(job, "accepted")), "")


def _of_job(job: Document) -> Iterator[Stop]:
    yield from _accepted(job)
    yield from _attempts(job)
    yield from _files(job)


def _accepted(job: Document) -> Iterator[Stop]:
    for passed in _passed(job, "accepted"):
        yield _passing("job", job["job_id"], job["model"], passed)


def _attempts(job: Document) -> Iterator[Stop]:
    """Every attempt, each followed by what the provider calls it."""
    sent = {passed["lease"]: passed for passed in _passed(job, "dispatched")}
    running = {passed["lease"]: passed for passed in _passed(job, "running")}
    for attempt in job["attempts"]:
        lease = attempt["lease"]
        if lease in sent:
            ended = f", {attempt['category'].replace('_', ' ')}" if "category" in attempt else ""
            title = f"{attempt['provider']}, attempt {lease}{ended}"
            yield _passing("attempt", f"{job['job_id']}.{lease}", title, sent[lease])
        if lease in running:
            yield _passing(
                "provider_job", attempt["provider_job_id"], _at_provider(attempt, running[lease]), running[lease]
            )
        elif "worker" in attempt and lease in sent:
            # Our own workers call it by the name under which it is sent.
            yield _passing("provider_job", f"{job['job_id']}.{lease}", attempt["worker"], sent[lease])


def _at_provider(attempt: Mapping[str, Any], running: Mapping[str, Any]) -> str:
    """By which name to ask the provider about it, and whether it was its own call that told us so."""
    told = "told us by webhook, and " if str(running["actor"]).startswith(WEBHOOK_OF) else ""
    return f"{attempt['provider']} {told}calls it {attempt['provider_job_id']}"


def _files(job: Document) -> Iterator[Stop]:
    for passed in _passed(job, "succeeded"):
        for output in job["outputs"]:
            size = f", {output['width']} × {output['height']}" if "width" in output and "height" in output else ""
            length = f", {output['duration_s']:.1f} s" if "duration_s" in output else ""
            yield _passing("file", output["asset_id"], f"{output['media_type']}{size}{length}", passed)


def _told_of(job: Document) -> Iterator[Stop]:
    """The webhook: that it was delivered, or not, and each time that it was asked for again."""
    told = [passed for name in WEBHOOK for passed in _passed(job, name)]
    for number, passed in enumerate(sorted(told, key=lambda one: str(one["at"])), 1):
        yield _passing("webhook", f"{job['job_id']}.webhook.{number}", WEBHOOK[passed["name"]], passed)


def _passed(job: Document, name: str) -> Iterator[Mapping[str, Any]]:
    """The job's events of this name, in their order."""
    trail = job.get("_trail", {})
    yield from (trail[version] for version in sorted(trail, key=int) if trail[version]["name"] == name)


def _passing(kind: str, stop_id: str, title: str, passed: Mapping[str, Any]) -> Stop:
    return _told(kind, stop_id, title, passed["at"], EVENTS_JOBS, passed)


def _entry(entry: Document) -> Stop:
    title = entry["kind"] + (f", {entry['reason'].replace('_', ' ')}" if "reason" in entry else "")
    return _told("entry", entry["entry_id"], title, entry["at"], EVENTS_CREDITS, entry["_event"])


def _stop(kind: str, stop_id: str, title: str, document: Document) -> Stop:
    """Of a stored event of a session or plan."""
    by = {name: document[name] for name in ("actor", "causation_id")} | {"id": document["event_id"]}
    return _told(kind, stop_id, title, document["time"], EVENTS_CANVAS, by)


def _told(kind: str, stop_id: str, title: str, when: str, topic: str, by: Mapping[str, Any]) -> Stop:
    return {
        "kind": kind,
        "id": stop_id,
        "at": when,
        "title": title,
        "actor": by["actor"],
        "topic": topic,
        "event_id": by["id"],
        "causation_id": by["causation_id"],
    }
