"""Bounds what a request's body may be, before anything is read of it."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.problems import Problem, response

BODY_MAX: Final = 1024 * 1024
UPLOAD_MAX: Final = 256 * 1024 * 1024
UPLOAD_OVERHEAD: Final = 64 * 1024
"""Boundaries and headers of a multipart body."""


class BodyLimit:
    """Pure ASGI: refuses by Content-Length, and counts where there is none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = UPLOAD_MAX + UPLOAD_OVERHEAD if scope["path"].endswith("/uploads") else BODY_MAX
        stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not stated.isdigit() or int(stated) > limit:
            await response(Problem("too-large", f"at most {limit} bytes", limit=limit))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise Problem("too-large", f"at most {limit} bytes", limit=limit)
            return message

        await self._app(scope, counted, send)
