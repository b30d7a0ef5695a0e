"""Answers as JSON, made once and sent as they are; and the decided answers of commands."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from commands.ask import Answer, CommandFailed, Unavailable
from commands.model import Command, ProjectCommand
from commands.refusals import Refusal
from events.log import position
from gateway.http.identity import Identity
from gateway.http.problems import Problem
from gateway.platform import Platform

log = logging.getLogger(__name__)

ANSWER_WITHIN_S: Final = 6.0
"""Then the caller hears 503 and may repeat: with its key the command is decided once."""
NO_STORE = {"cache-control": "no-store"}


def json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, NO_STORE, media_type="application/json")


def platform_of(request: Request) -> Platform:
    found: Platform = request.app.state.platform
    return found


async def ask(platform: Platform, command: Command, identity: Identity) -> Answer:
    """Raises a Problem for a refusal, and for no answer in time."""
    if isinstance(command, ProjectCommand) and identity.project_id is not None:
        command = command.model_copy(update={"within_project": identity.project_id})
    try:
        return await platform.ask(command, identity.envelope(), timeout_s=ANSWER_WITHIN_S)
    except Refusal as refusal:
        raise Problem.of(refusal) from refusal
    except Unavailable as error:
        raise Problem("unavailable", "the command was not answered in time; repeat it with the same key") from error
    except CommandFailed as error:
        log.exception("a command failed", extra={"command": type(command).__name__})
        raise Problem("internal") from error


def decided(answer: Answer, status: int, **members: Any) -> Response:
    """What was decided, and the position at which it can be read."""
    body: dict[str, Any] = {**answer.result, **members, "position": position.encode(answer.position)}
    return json(body, status)


def page(items: list[Mapping[str, Any]], cursor: str | None, **members: Any) -> Response:
    return json({"items": items, **({} if cursor is None else {"next_cursor": cursor}), **members})
