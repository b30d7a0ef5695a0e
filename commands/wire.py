"""Commands and replies as records: attributes in headers, data as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from commands.ask import Answer, CommandFailed, Position
from commands.model import Command, CommandEnvelope
from commands.refusals import REFUSALS, Refusal, refusal

Header = tuple[str, bytes]


class BadCommand(ValueError):
    """A record on a topic of commands that is no command this decider knows."""


@dataclass(frozen=True, slots=True)
class Received:
    """A command as it came from its topic."""

    command: Command
    envelope: CommandEnvelope


_REMEMBERED = b'"remembered":true,'
_OPTIONAL = ("ce_idempotencykey", "ce_digest", "traceparent")


def encode_command(command: Command, envelope: CommandEnvelope) -> tuple[bytes, list[Header]]:
    """Value and headers of a command's record."""
    headers = [
        ("ce_id", envelope.id.encode()),
        ("ce_type", type(command).type_name().encode()),
        ("ce_orgid", envelope.org_id.encode()),
        ("ce_actor", envelope.actor.encode()),
        ("ce_correlationid", envelope.correlation_id.encode()),
        ("ce_causationid", envelope.causation_id.encode()),
    ]
    optional = (envelope.idempotency_key, envelope.digest, envelope.traceparent)
    headers += [(name, value.encode()) for name, value in zip(_OPTIONAL, optional, strict=True) if value is not None]
    return command.model_dump_json(by_alias=True, exclude_none=True).encode(), headers


def decode_command(kinds: Mapping[str, type[Command]], value: bytes | None, headers: Sequence[Header]) -> Received:
    """The command, checked against its model. `kinds` is keyed by type name. Raises BadCommand."""
    try:
        named = {name: raw.decode() for name, raw in headers}
        envelope = CommandEnvelope(
            id=named["ce_id"],
            org_id=named["ce_orgid"],
            actor=named["ce_actor"],
            correlation_id=named["ce_correlationid"],
            causation_id=named["ce_causationid"],
            idempotency_key=named.get("ce_idempotencykey"),
            digest=named.get("ce_digest"),
            traceparent=named.get("traceparent"),
        )
        kind = kinds[named["ce_type"]]
    except (KeyError, UnicodeDecodeError, AttributeError) as error:
        raise BadCommand(f"headers: {error!r}") from error
    if not envelope.id:
        raise BadCommand("headers: no command id")
    try:
        return Received(kind.model_validate_json(value or b""), envelope)
    except ValidationError as error:
        # Without the input: what is wrong may be personal.
        detail = error.errors(include_input=False, include_url=False, include_context=False)
        raise BadCommand(f"data: {detail[:5]}") from error


def encode_answer(result: str | None, position: Position, *, remembered: bool = True) -> bytes:
    """Reply of an accepted command; `result` is JSON already. What led to no event is not remembered."""
    members = _REMEMBERED if remembered else b""
    members += b'"position":' + orjson.dumps(dict(position))
    if result is not None:
        members += b',"result":' + result.encode()
    return b"{" + members + b"}"


def encode_refusal(refused: Refusal) -> bytes:
    return orjson.dumps({"refused": {"slug": refused.slug, "detail": refused.detail, "members": refused.members}})


def encode_failure(reason: str) -> bytes:
    return orjson.dumps({"failed": reason})


def is_remembered(reply: bytes) -> bool:
    """Whether the command was accepted and left events: then each of its copies gets the same answer."""
    return reply.startswith(b"{" + _REMEMBERED)


def decode_reply(value: bytes) -> Answer:
    """The answer. Raises the Refusal that was decided, or CommandFailed."""
    reply: dict[str, Any] = orjson.loads(value)
    if (refused := reply.get("refused")) is not None:
        if refused["slug"] not in REFUSALS:
            raise CommandFailed(f"refused as {refused['slug']}: {refused['detail']}")
        raise refusal(refused["slug"], refused["detail"], refused["members"])
    if (reason := reply.get("failed")) is not None:
        raise CommandFailed(reason)
    return Answer(result=reply.get("result", {}), position=reply["position"])
