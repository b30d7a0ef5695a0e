"""Read model `accounts`: an organisation's title, limits, projects and keys (never a key's hash)."""

from __future__ import annotations

from collections.abc import Iterator

from events.accounts.events import (
    AccountEvent,
    KeyIssued,
    KeyRevoked,
    Limits,
    LimitsSet,
    OrgOpened,
    PersonForgotten,
    ProjectOpened,
)
from events.envelope import Recorded
from projections.documents import at, kids, present
from projections.opening import Opened
from projections.writes import Blank, Insert, Update, Write

COLLECTION = "accounts"
INDEXES: tuple[tuple[str, ...], ...] = ()


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    if not isinstance(event.data, AccountEvent):
        return
    org, version = event.data.org_id, event.version
    match event.data:
        case OrgOpened(title=title):
            document = {
                "org_id": org,
                "title": title,
                "limits": Limits().model_dump(),
                "projects": {},
                "keys": {},
                "opened_at": at(event),
            }
            yield Insert(COLLECTION, org, org, version, document)
        case KeyIssued() as issued:
            key = present(role=issued.role, project_id=issued.project_id, user_id=issued.user_id, issued_at=at(event))
            yield Update(COLLECTION, org, org, version, set={f"keys.{issued.key_id}": key})
        case KeyRevoked(key_id=key_id):
            yield Update(COLLECTION, org, org, version, set={f"keys.{key_id}.revoked_at": at(event)})
        case ProjectOpened() as project_opened:
            title = opened(project_opened.title)
            changes = {f"projects.{project_opened.project_id}": {"title": title, "opened_at": at(event)}}
            yield Update(COLLECTION, org, org, version, set=changes, kids=kids(project_opened.title))
        case LimitsSet(limits=limits):
            yield Update(COLLECTION, org, org, version, set={"limits": limits.model_dump()})
        case PersonForgotten(user_id=person):
            yield Blank(org, person)
