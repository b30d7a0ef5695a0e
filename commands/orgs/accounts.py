"""Opening an organisation, its keys, projects, limits and credits."""

from __future__ import annotations

from commands.model import Context, Decision, Streams
from commands.orgs import ledger
from commands.orgs.commands import (
    AddCredits,
    AllocateCredits,
    ForgetPerson,
    IssueKey,
    OpenOrg,
    OpenProject,
    RevokeKey,
    SetLimits,
)
from commands.orgs.streams import account_ref, book_of, book_ref, org_of, recorded_once
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.accounts.events import (
    AccountEvent,
    KeyIssued,
    KeyRevoked,
    LimitsSet,
    OrgOpened,
    PersonForgotten,
    ProjectOpened,
)
from events.credits.events import LedgerEntry

KEYS_MAX = 1000
PROJECTS_MAX = 10_000


def open_org(command: OpenOrg, _streams: Streams, _context: Context) -> Decision:
    event = OrgOpened(org_id=command.org_id, title=command.title)
    return _one(event, {"org_id": command.org_id})


def issue_key(command: IssueKey, streams: Streams, _context: Context) -> Decision:
    org = org_of(streams, command.org_id)
    if len(org.keys) >= KEYS_MAX:
        raise IllegalState(f"an organisation has at most {KEYS_MAX} keys: revoke one first", allowed=[])
    if command.project_id is not None and command.project_id not in org.projects:
        raise InvalidInput.at("/project_id", "no such project")
    event = KeyIssued(
        org_id=command.org_id,
        key_id=command.key_id,
        hash=command.hash,
        role=command.role,
        project_id=command.project_id,
        user_id=command.user_id,
    )
    return _one(event, {"key_id": command.key_id})


def revoke_key(command: RevokeKey, streams: Streams, _context: Context) -> Decision:
    org = org_of(streams, command.org_id)
    if all(key.key_id != command.key_id for key in org.keys):
        raise NotFound("no such key")
    return _one(KeyRevoked(org_id=command.org_id, key_id=command.key_id), {})


def open_project(command: OpenProject, streams: Streams, _context: Context) -> Decision:
    org = org_of(streams, command.org_id)
    if command.project_id in org.projects:
        return Decision(result={"project_id": command.project_id})
    if len(org.projects) >= PROJECTS_MAX:
        raise IllegalState(f"an organisation has at most {PROJECTS_MAX} projects", allowed=[])
    event = ProjectOpened(org_id=command.org_id, project_id=command.project_id, title=command.title)
    return _one(event, {"project_id": command.project_id})


def set_limits(command: SetLimits, streams: Streams, _context: Context) -> Decision:
    org = org_of(streams, command.org_id)
    if org.limits == command.limits:
        return Decision(result={})
    return _one(LimitsSet(org_id=command.org_id, limits=command.limits), {})


def forget_person(command: ForgetPerson, streams: Streams, _context: Context) -> Decision:
    org_of(streams, command.org_id)
    return _one(PersonForgotten(org_id=command.org_id, user_id=command.user_id), {})


def add_credits(command: AddCredits, streams: Streams, context: Context) -> Decision:
    org_of(streams, command.org_id)
    book = book_of(streams, command.org_id)
    entry = ledger.add(
        book,
        context.at,
        org_id=command.org_id,
        entry_id=command.entry_id,
        kind=command.kind,
        amount=command.amount,
        reason=command.reason,
    )
    return _entry(entry, book.available)


def allocate_credits(command: AllocateCredits, streams: Streams, context: Context) -> Decision:
    org = org_of(streams, command.org_id)
    if command.project_id not in org.projects:
        raise InvalidInput.at("/project_id", "no such project")
    book = book_of(streams, command.org_id)
    move = ledger.allocate if command.kind == "allocate" else ledger.deallocate
    entry = move(
        book,
        context.at,
        org_id=command.org_id,
        entry_id=command.entry_id,
        project_id=command.project_id,
        amount=command.amount,
    )
    return _entry(entry, book.available)


def _one(event: AccountEvent, result: dict[str, str]) -> Decision:
    return Decision(((account_ref(event.org_id), event),), result)


def _entry(entry: LedgerEntry, available_before: int) -> Decision:
    moved = sum(posting.amount for posting in entry.postings if posting.account == ledger.AVAILABLE)
    result = {"entry_id": entry.entry_id, "available": available_before + moved}
    return Decision(((book_ref(entry.org_id), entry), recorded_once(entry)), result)
