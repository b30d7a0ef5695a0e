"""Bytes of assets: by signed address, or by key; in ranges, never as something that runs."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from commands.signing import BadSignature, verify
from gateway.access.auth import caller, of_prefix
from gateway.answering.answers import platform_of
from gateway.http.problems import not_found
from gateway.reads import queries

router = APIRouter(tags=["assets"])
RUNS: Final = ("image/svg+xml", "text/html", "application/xhtml+xml", "text/xml", "application/xml", "text/javascript",
               "application/javascript")  # fmt: skip
SHOWN: Final = ("image/", "video/", "audio/", "text/plain", "model/", "application/json", "application/pdf")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")


@dataclass(frozen=True, slots=True)
class Stored:
    org_id: str
    sha256: str
    media_type: str
    size: int


@router.api_route("/assets/{asset_id}", methods=["GET", "HEAD"])
async def read_one(request: Request, asset_id: str) -> Response:
    asset = await find(request, of_prefix(asset_id, "ast"))
    etag = f'"{asset.sha256}"'
    headers = {
        "etag": etag,
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=86400, immutable",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        "content-disposition": "inline" if shown(asset.media_type) else f'attachment; filename="{asset_id}"',
    }
    if request.headers.get("if-none-match") in (etag, f"W/{etag}", "*"):
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range")
    if request.headers.get("if-range", etag) != etag:
        asked = None
    span = byte_range(asked, asset.size)
    if span is None:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{asset.size}"})
    start, end = span
    headers["content-length"] = str(end - start)
    partial = asked is not None and _RANGE.match(asked) is not None
    if partial:
        headers["content-range"] = f"bytes {start}-{end - 1}/{asset.size}"
    status = 206 if partial else 200
    media_type = asset.media_type if shown(asset.media_type) else "application/octet-stream"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    body = await opened(request, asset, start, end)
    return StreamingResponse(body, status, headers, media_type=media_type)


async def find(request: Request, asset_id: str) -> Stored:
    """By its signature, which says all; otherwise by the caller's key and the read model."""
    platform = platform_of(request)
    sig, exp = request.query_params.get("sig"), request.query_params.get("exp", "")
    if sig is not None:
        if not exp.isdigit() or len(exp) > 12:
            raise not_found()
        try:
            signed = verify(platform.secrets.server, asset_id, int(exp), sig, now=time.time())
        except BadSignature:
            raise not_found() from None
        return Stored(signed.org_id, signed.sha256, signed.media_type, signed.size)
    document = await queries.one(platform.db, "assets", caller(request).org_id, asset_id)
    return Stored(document["org_id"], document["sha256"], document["media_type"], document["bytes"])


async def opened(request: Request, asset: Stored, start: int, end: int) -> AsyncIterator[bytes]:
    """The stream of bytes, its first chunk read already: what is not there is not found, not a broken answer."""
    until = end if end < asset.size else None
    chunks = platform_of(request).storage.get(asset.org_id, asset.sha256, start=start, end=until)
    try:
        first = await anext(chunks, b"")
    except FileNotFoundError:
        raise not_found() from None

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return rest()


def shown(media_type: str) -> bool:
    """Whether a browser may show it in place; what could run is only ever downloaded."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain.startswith(SHOWN) and plain not in RUNS


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, end) of what is asked for; all of it for several ranges or another unit; None beyond the end."""
    match = _RANGE.match(header) if header else None
    if match is None or (not match[1] and not match[2]):
        return 0, size
    if not match[1]:
        tail = min(size, int(match[2]))
        return (size - tail, size) if tail else None
    start = int(match[1])
    end = min(size, int(match[2]) + 1) if match[2] else size
    return (start, end) if start < end else None
