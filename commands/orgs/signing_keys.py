"""The keys that sign checkpoints: each is on the log before it signs, vouched for by the one that it replaces."""

from __future__ import annotations

from commands.model import Context, Decision, Stream, Streams
from commands.orgs.commands import IntroduceSigningKey
from commands.orgs.streams import checkpoints_ref
from commands.refusals import IllegalState, InvalidInput
from events.credits.checkpoint import SigningKeyIntroduced
from events.credits.checkpoint_state import SigningKeys
from events.credits.signatures import PLATFORM, endorsed_bytes, holds, key_id_of


def introduce_signing_key(command: IntroduceSigningKey, streams: Streams, _context: Context) -> Decision:
    """A key that is new replaces the present one; one that was replaced never comes back."""
    stream: Stream[SigningKeys] = streams(checkpoints_ref(PLATFORM))
    known = stream.state
    try:
        key_id = key_id_of(command.public_key)
    except ValueError as error:
        raise InvalidInput.at("/public_key", f"no Ed25519 key: {error}") from error
    if key_id == known.key_id:
        return Decision(result={"key_id": key_id})
    if key_id in known.retired:
        raise IllegalState("this key was replaced and signs no more", allowed=[])
    if command.endorsement is not None:
        _check_endorsement(command.public_key, command.endorsement, known)
    event = SigningKeyIntroduced(
        key_id=key_id, public_key=command.public_key, replaces=known.key_id, endorsement=command.endorsement
    )
    return Decision(((checkpoints_ref(PLATFORM), event),), {"key_id": key_id})


def _check_endorsement(public_key: str, endorsement: str, known: SigningKeys) -> None:
    """Raises InvalidInput where it is not that of the key that signs now."""
    if known.key_id is None or known.public_key is None:
        raise InvalidInput.at("/endorsement", "there is no key that could vouch for this one")
    if not holds(endorsed_bytes(public_key, known.key_id), endorsement, known.public_key):
        raise InvalidInput.at("/endorsement", f"not the signature of {known.key_id}, which signs now")
