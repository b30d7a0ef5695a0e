"""An organisation folded from its stream; and under a fingerprint, the result that is kept for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from events.accounts.current import CurrentKey, CurrentOrg
from events.accounts.events import KeyIssued, KeyRevoked, Limits, LimitsSet, OrgOpened, ProjectOpened, ResultKept
from events.model import Event


@dataclass(frozen=True, slots=True)
class NoOrg:
    """No organisation was ever opened under this id."""


@dataclass(frozen=True, slots=True)
class Org:
    org_id: str
    title: str
    limits: Limits = field(default_factory=Limits)
    projects: tuple[str, ...] = ()
    keys: tuple[CurrentKey, ...] = ()


Account = NoOrg | Org | ResultKept
"""A kept result is its own state: nothing ever changes it."""


def initial(_subject: str) -> Account:
    return NoOrg()


def evolve(state: Account, event: Event, _at: datetime) -> Account:
    """The organisation after the event; what this state does not need passes by."""
    if isinstance(event, OrgOpened):
        return Org(event.org_id, event.title)
    if isinstance(event, ResultKept):
        return event
    if not isinstance(state, Org):
        return state
    match event:
        case KeyIssued():
            key = CurrentKey(
                key_id=event.key_id,
                hash=event.hash,
                role=event.role,
                project_id=event.project_id,
                user_id=event.user_id,
            )
            return replace(state, keys=(*state.keys, key))
        case KeyRevoked(key_id=key_id):
            return replace(state, keys=tuple(key for key in state.keys if key.key_id != key_id))
        case ProjectOpened(project_id=project_id):
            return replace(state, projects=(*state.projects, project_id))
        case LimitsSet(limits=limits):
            return replace(state, limits=limits)
        case _:
            return state


def current(state: Account) -> CurrentOrg | None:
    """What `current.orgs` says of it."""
    if not isinstance(state, Org):
        return None
    return CurrentOrg(
        org_id=state.org_id, title=state.title, limits=state.limits, projects=state.projects, keys=state.keys
    )
