"""What is known of an organisation's checkpoints, and of the keys that sign: small, however long the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from events.credits.chain import GENESIS
from events.credits.checkpoint import Checkpoint, CheckpointRequested, SigningKeyIntroduced
from events.credits.signatures import PLATFORM
from events.model import Event


class Head(NamedTuple):
    """A place on the chain: the entry's number, and its hash."""

    seq: int
    hash: str


NOTHING = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """`asked`: at most two heads that wait for their signature. The older one stays, so that no stream of further
    requests can keep the signer from ever meeting one; the newer one makes way for the newest."""

    newest: Head = NOTHING
    asked: tuple[Head, ...] = ()
    key_id: str | None = None
    """Of the key that signed the newest."""
    followed: frozenset[str] = frozenset()
    """The keys that another one has followed here: they sign no more."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key that signs now, and the ids of those that did."""

    key_id: str | None = None
    public_key: str | None = None
    retired: frozenset[str] = frozenset()


State = Checkpoints | SigningKeys


def initial(subject: str) -> State:
    return SigningKeys() if subject == PLATFORM else Checkpoints()


def evolve(state: State, event: Event, _at: datetime) -> State:
    match state, event:
        case Checkpoints(), CheckpointRequested():
            return replace(state, asked=(*state.asked[:1], Head(event.seq, event.hash)))
        case Checkpoints(), Checkpoint():
            rest = tuple(head for head in state.asked if head.seq > event.seq)
            followed = state.followed
            if state.key_id is not None and state.key_id != event.key_id:
                followed |= {state.key_id}
            return Checkpoints(Head(event.seq, event.hash), rest, event.key_id, followed)
        case SigningKeys(), SigningKeyIntroduced():
            before = {state.key_id} if state.key_id is not None else set()
            return SigningKeys(event.key_id, event.public_key, state.retired | before)
        case _:
            return state
