"""Uploads: files of a session, streamed to storage, their type told by their content."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Final

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from commands.canvas.commands import RecordUpload
from events.assets import AssetRef
from gateway.access.auth import caller, of_prefix
from gateway.answering.answers import ask, decided, platform_of
from gateway.http.identity import identity
from gateway.http.limits import UPLOAD_MAX
from gateway.http.problems import Problem
from gateway.platform import Probed
from gateway.reads.views import Views

router = APIRouter(tags=["sessions"])
CHUNK: Final = 1024 * 1024
NAME_MAX: Final = 255
MULTIPART: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("/sessions/{session_id}/uploads", status_code=201, openapi_extra=MULTIPART)
async def upload(request: Request, session_id: str) -> Response:
    who, platform = caller(request), platform_of(request)
    session_id = of_prefix(session_id, "ses")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        # Another form would be gathered in memory, however large it is.
        raise Problem.invalid("/file", "the body is to be multipart/form-data")
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Problem.invalid("/file", "a multipart part of this name with a file is needed")
        name = clean(file.filename or "file")
        with tempfile.NamedTemporaryFile(prefix="upload-") as copy:
            await asyncio.to_thread(shutil.copyfileobj, file.file, copy, CHUNK)
            copy.flush()
            probed = await probe(request, Path(copy.name))
            copy.seek(0)
            stored = await platform.storage.put(who.org_id, chunks(copy.file), size_max=UPLOAD_MAX)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, {"sha256": stored.sha256, "name": name})
    asset = AssetRef(
        asset_id=same.new("ast"),
        sha256=stored.sha256,
        bytes=stored.size,
        media_type=probed.media_type,
        width=probed.width,
        height=probed.height,
        duration_s=probed.duration_s,
    )
    command = RecordUpload(
        org_id=who.org_id,
        session_id=session_id,
        upload_id=same.new("upl"),
        asset=asset,
        file_name=await platform.vault.seal(who.org_id, who.person, name),
        medium=probed.medium,
    )
    answer = await ask(platform, command, same)
    views: Views = request.app.state.views
    view = views.assets(who.org_id, [asset.model_dump(exclude_none=True)])[0]
    return decided(answer, 201, **view, name=name)


async def probe(request: Request, path: Path) -> Probed:
    try:
        return await platform_of(request).probe(path)
    except ValueError as error:
        raise Problem.invalid("/file", f"this file cannot be taken: {error}") from error


async def chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk


def clean(name: str) -> str:
    """The name as a person gave it: data only, without a path and without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable())[:NAME_MAX] or "file"
