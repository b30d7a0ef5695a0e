"""Brings an attempt's results home: fetched within limits, looked at, stored by their hash, before anybody is told."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from commands.ask import Unavailable
from commands.ports import Medium, Probe, Prober, Storage, Vault
from events.assets import AssetRef
from events.ids import new_id
from events.sealed import Sealed
from processors.dispatcher.errors import (
    BadResult,
    NotSent,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
    ResultLost,
)
from processors.dispatcher.ports import InlineFile, OutputFile, RemoteFile

FILE_MAX_BYTES: Final = 512 * 2**20
FILES_MAX: Final = 64
MEMORY_MAX_BYTES: Final = 8 * 2**20
"""What is larger is written to a temporary file while it arrives."""
TEXT_MAX_BYTES: Final = 4096
TRIES: Final = 4
RETRY_FIRST_S: Final = 0.3
ASKED_WAIT_MAX_S: Final = 30.0
"""Of the wait that a server asks for: there is as much time for all of them together."""
AT_ONCE: Final = 4
WITHIN_S: Final = 300.0
READ_BYTES: Final = 2**20
MESSAGES: Final = frozenset({"text/html", "application/json"})
"""What servers say when they have no file."""

Stored = tuple[AssetRef, Medium]


class Fetch(Protocol):
    """Opens a stream of the bytes at a file's address. Raises a ProviderError, on entering or while reading."""

    def __call__(self, file: RemoteFile) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


@dataclass(frozen=True, slots=True)
class Results:
    """One of these serves all attempts."""

    storage: Storage
    vault: Vault
    probe: Prober
    fetch: Fetch

    async def bring_home(
        self, org_id: str, outputs: Sequence[OutputFile], *, media: Sequence[str], like: Sealed, engine: str | None
    ) -> tuple[AssetRef, ...]:
        """The stored results, in order; texts sealed like `like`. Raises BadResult, ResultLost or Unavailable.

        `media` are the model's: one of them must be there, with whatever else comes beside it, but no page or message
        instead of a file.
        """
        if not 0 < len(outputs) <= FILES_MAX:
            raise BadResult(f"{len(outputs)} results")
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(output: OutputFile) -> Stored:
            async with gate:
                return await self._one(org_id, output, media, like, engine)

        try:
            async with asyncio.timeout(WITHIN_S):
                found = await _together([one(output) for output in outputs])
        except TimeoutError as error:
            raise ResultLost(f"the results did not arrive within {WITHIN_S:.0f} s") from error
        if not any(medium in media for _, medium in found):
            raise BadResult(f"the model makes {' and '.join(media)}, and none came")
        return tuple(ref for ref, _ in found)

    async def _one(
        self, org_id: str, output: OutputFile, media: Sequence[str], like: Sealed, engine: str | None
    ) -> Stored:
        with ExitStack() as scratch:
            body = output.body if isinstance(output, InlineFile) else await self._fetched(output, scratch)
            try:
                probe = await self.probe(body)
            except ValueError as error:
                raise BadResult(f"a result is damaged: {error}") from error
            if probe.media_type in MESSAGES and "text" not in media:
                raise BadResult(f"a result is {probe.media_type} instead of a file")
            source = body if isinstance(body, bytes) else _chunks(body)
            stored = await self.storage.put(org_id, source, size_max=FILE_MAX_BYTES)
        if isinstance(output, RemoteFile) and output.sha256 not in (None, stored.sha256):
            raise BadResult("a result is not what the provider said it is")
        ref = AssetRef(
            asset_id=new_id("ast"),
            sha256=stored.sha256,
            bytes=stored.size,
            media_type=probe.media_type,
            width=probe.width,
            height=probe.height,
            duration_s=probe.duration_s,
            text=await self._text(body, probe, like),
            engine=engine,
        )
        return ref, probe.medium

    async def _text(self, body: bytes | Path, probe: Probe, like: Sealed) -> Sealed | None:
        if probe.media_type != "text/plain" or not isinstance(body, bytes) or len(body) > TEXT_MAX_BYTES:
            return None
        return await self.vault.seal_like(like, str(body, "utf-8", "replace"))

    async def _fetched(self, file: RemoteFile, scratch: ExitStack) -> bytes | Path:
        """Fetching again is harmless, so that a bad moment does not cost an attempt."""
        for attempt in range(TRIES):
            try:
                return await self._read(file, scratch)
            except (NotSent, OutcomeUnknown, ProviderDown, RateLimited) as error:
                if attempt == TRIES - 1:
                    raise ResultLost(f"a result cannot be fetched: {error.detail}") from error
                await asyncio.sleep(max(RETRY_FIRST_S * 2**attempt, min(error.retry_after_s or 0.0, ASKED_WAIT_MAX_S)))
        raise AssertionError("unreachable")

    async def _read(self, file: RemoteFile, scratch: ExitStack) -> bytes | Path:
        async with self.fetch(file) as chunks:
            head = bytearray()
            async for chunk in chunks:
                head += chunk
                if len(head) > MEMORY_MAX_BYTES:
                    path = Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="result-"))) / "body"
                    await _spill(bytes(head), chunks, path)
                    return path
        return bytes(head)


async def _together(jobs: Sequence[Coroutine[Any, Any, Stored]]) -> tuple[Stored, ...]:
    """All of them; the first failure ends the others and is the one that counts."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except* (ProviderError, Unavailable) as errors:
        raise errors.exceptions[0] from errors
    return tuple(task.result() for task in tasks)


async def _spill(head: bytes, rest: AsyncIterator[bytes], path: Path) -> None:
    size = len(head)
    with path.open("wb") as file:
        file.write(head)
        async for chunk in rest:
            size += len(chunk)
            if size > FILE_MAX_BYTES:
                raise BadResult(f"a result has more than {FILE_MAX_BYTES} bytes")
            await asyncio.to_thread(file.write, chunk)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, READ_BYTES):
            yield chunk
