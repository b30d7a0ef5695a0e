"""Answers that every simulated wire can give: refusals, a cut connection, a body that is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        if isinstance(self.body, str):
            return HTMLResponse(self.body, self.status, headers=dict(self.headers))
        return JSONResponse(self.body, self.status, headers=dict(self.headers))


@dataclass(frozen=True, slots=True)
class Streamed(Refusal):
    """A body that comes piece by piece, with nothing in it that anybody could use."""

    status: int = 200
    body: Any = None
    piece: bytes = b" "
    pieces: int = 1
    pause_s: float = 0.0

    def answer(self) -> Response:
        return StreamingResponse(self._pieces(), self.status, media_type="application/octet-stream")

    async def _pieces(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            yield self.piece
            await asyncio.sleep(self.pause_s)


PROXIES: Final[Mapping[str, Refusal]] = {
    "html": Refusal(500, "<html><body><h1>Internal Server Error</h1></body></html>"),
    "empty": Refusal(500, ""),
    "html_instead": Refusal(200, "<html><body><h1>Down for maintenance</h1></body></html>"),
    "json_instead": Refusal(200, {"message": "come back later"}),
    "empty_instead": Refusal(200, ""),
    "drip": Streamed(pieces=150, pause_s=0.02),
    "huge": Streamed(piece=bytes(2**20), pieces=200),
    "redirect": Refusal(302, "", {"location": "/login"}),
}
"""What stands between a client and any provider may answer so."""


class CutConnection(Response):
    """Promises a body, sends none: the server closes the connection, and the client never learns the answer."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def garbled(status: int = 200) -> Response:
    return HTMLResponse("<html>created</html>", status)
