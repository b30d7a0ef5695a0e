"""Checkpoints: a head is asked for, and recorded once it is signed. Nothing is signed that the book does not have."""

from __future__ import annotations

from typing import Final

from commands.model import Context, Decision, Stream, Streams
from commands.orgs.commands import RecordCheckpoint, RequestCheckpoint
from commands.orgs.streams import book_of, checkpoints_ref, org_of
from commands.refusals import IllegalState, InvalidInput
from events.credits.checkpoint import Checkpoint, CheckpointRequested
from events.credits.checkpoint_state import Checkpoints, Head
from events.credits.signatures import key_id_of, verify
from events.credits.state import Book

NOT_OURS: Final = "the book has another hash there, or no such entry"


def request_checkpoint(command: RequestCheckpoint, streams: Streams, _context: Context) -> Decision:
    """Pins the present head for the signer; where that is signed or asked for already, there is nothing to do."""
    org_of(streams, command.org_id)
    book = book_of(streams, command.org_id)
    known = _checkpoints(streams, command.org_id)
    if book.seq == known.newest.seq or _head(book) in known.asked:
        return Decision(result={"seq": book.seq})
    event = CheckpointRequested(org_id=command.org_id, seq=book.seq, hash=book.head)
    return Decision(((checkpoints_ref(command.org_id), event),), {"seq": book.seq})


def record_checkpoint(command: RecordCheckpoint, streams: Streams, _context: Context) -> Decision:
    """The present head or one that was asked for; entries go on while the signer signs, so that others are refused.

    Raises IllegalState where the book has gone on (`signed`, `head`: up to where), InvalidInput where it differs or
    the key is one that another has followed. Whether a key was introduced stands in the platform's partition, which is
    not this one's to read: it is the verifier's to find.
    """
    org_of(streams, command.org_id)
    book = book_of(streams, command.org_id)
    known = _checkpoints(streams, command.org_id)
    head = Head(command.seq, command.hash)
    if head == known.newest:
        return Decision(result={"seq": head.seq})
    _check_place(head, book, known)
    event = _signed(command)
    if event.key_id in known.followed:
        raise InvalidInput.at("/public_key", "another key has followed this one, which signs no more")
    return Decision(((checkpoints_ref(command.org_id), event),), {"seq": head.seq})


def _check_place(head: Head, book: Book, known: Checkpoints) -> None:
    if head.seq <= known.newest.seq:
        raise IllegalState(
            f"the books are signed up to entry {known.newest.seq}", allowed=[], signed=known.newest.seq, head=book.seq
        )
    signable = {one.seq: one.hash for one in (*known.asked, _head(book))}
    if head.seq in signable:
        if signable[head.seq] != head.hash:
            raise InvalidInput.at("/hash", NOT_OURS)
    elif head.seq > book.seq:
        raise InvalidInput.at("/seq", NOT_OURS)
    else:
        raise IllegalState(
            f"the book has gone on to entry {book.seq}: ask for its head", allowed=[], signed=known.newest.seq,
            head=book.seq,
        )  # fmt: skip


def _signed(command: RecordCheckpoint) -> Checkpoint:
    """The event; what is on the log for ever must at least verify. Raises InvalidInput."""
    try:
        key_id = key_id_of(command.public_key)
    except ValueError as error:
        raise InvalidInput.at("/public_key", f"no Ed25519 key: {error}") from error
    event = Checkpoint(
        org_id=command.org_id,
        seq=command.seq,
        hash=command.hash,
        at=command.at,
        key_id=key_id,
        signature=command.signature,
    )
    if not verify(event.model_dump(mode="json"), command.public_key):
        raise InvalidInput.at("/signature", "not this key's signature of this checkpoint")
    return event


def _head(book: Book) -> Head:
    return Head(book.seq, book.head)


def _checkpoints(streams: Streams, org_id: str) -> Checkpoints:
    stream: Stream[Checkpoints] = streams(checkpoints_ref(org_id))
    return stream.state
