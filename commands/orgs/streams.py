"""The streams of an organisation, typed: its account, its book, its jobs and the entries of its operator."""

from __future__ import annotations

from commands.model import Stream, Streams
from commands.refusals import NotFound
from events.accounts.events import EntryRecorded, ResultKept
from events.accounts.state import NoOrg, Org
from events.credits.events import LedgerEntry
from events.credits.state import Book
from events.envelope import StreamRef
from events.jobs.state import EndedJob, Job, LiveJob, NoJob
from events.model import Event
from events.topics import EVENTS_ACCOUNTS, EVENTS_CHECKPOINTS, EVENTS_CREDITS, EVENTS_JOBS


def account_ref(subject: str) -> StreamRef:
    return StreamRef(EVENTS_ACCOUNTS, subject)


def book_ref(org_id: str) -> StreamRef:
    return StreamRef(EVENTS_CREDITS, org_id)


def checkpoints_ref(org_id: str) -> StreamRef:
    return StreamRef(EVENTS_CHECKPOINTS, org_id)


def job_ref(job_id: str) -> StreamRef:
    return StreamRef(EVENTS_JOBS, job_id)


def recorded_once(entry: LedgerEntry) -> tuple[StreamRef, Event]:
    """What keeps an operator's entry from being made again under its id, for ever."""
    event = EntryRecorded(org_id=entry.org_id, entry_id=entry.entry_id, seq=entry.seq)
    return account_ref(entry.entry_id), event


def result_ref(fingerprint: str) -> StreamRef:
    return account_ref(f"res_{fingerprint}")


def kept_result(streams: Streams, org_id: str, fingerprint: str) -> ResultKept | None:
    """What an equal job of this organisation led to."""
    state = streams(result_ref(fingerprint)).state
    return state if isinstance(state, ResultKept) and state.org_id == org_id else None


def org_of(streams: Streams, org_id: str) -> Org:
    """Raises NotFound."""
    state = streams(account_ref(org_id)).state
    if isinstance(state, NoOrg):
        raise NotFound("no such organisation")
    if not isinstance(state, Org):
        raise TypeError(f"{org_id} folds to {type(state).__name__}")
    return state


def book_of(streams: Streams, org_id: str) -> Book:
    stream: Stream[Book] = streams(book_ref(org_id))
    return stream.state


def job_of(streams: Streams, org_id: str, job_id: str) -> LiveJob | EndedJob:
    """Raises NotFound, also for another organisation's job."""
    stream: Stream[Job] = streams(job_ref(job_id))
    state = stream.state
    if isinstance(state, NoJob):
        raise NotFound("no such job")
    accepted = state.accepted if isinstance(state, LiveJob) else state.job.accepted
    if accepted.org_id != org_id:
        raise NotFound("no such job")
    return state
