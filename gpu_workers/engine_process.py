"""The worker's handle on its engine process: start, run, cancel, and a fresh one when it had to be ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_workers.engines.base import EngineCancelled, EngineError, EngineSpec

START_TIMEOUT_S = 60.0
LOADING_MAX_S = 1800.0
"""For weights that may have to come over a network first."""
CANCEL_GRACE_S = 1.0
LINE_LIMIT = 1 << 20


class EngineCrashed(EngineError):
    """The engine process ended in the middle of a run."""

    category = "outage"


class EngineOverran(EngineError):
    """The engine took longer than its stated maximum and was ended."""

    category = "timeout"


class ReportedFailure(EngineError):
    """A failure that the engine process told of, with its category."""

    def __init__(self, category: str, message: str) -> None:
        super().__init__(message)
        self.category = category


@dataclass(frozen=True)
class EngineRun:
    """One call of an engine."""

    model: str
    inputs: dict[str, Any]
    workdir: Path
    seed: int
    max_runtime_s: float


@dataclass(frozen=True)
class EngineResult:
    """What the engine made, and between which moments."""

    outputs: list[dict[str, Any]]
    started_at: float
    ended_at: float


class EngineProcess:
    """One process, one run at a time. It stays warm between runs."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.specs: dict[str, EngineSpec] = {}
        self.memory_bytes = 0

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gpu_workers.engine_child",
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
        )
        async with asyncio.timeout(START_TIMEOUT_S):
            ready = await self._read(self._process)
        while ready["event"] == "loading":
            async with asyncio.timeout(LOADING_MAX_S):
                ready = await self._read(self._process)
        self.specs = {spec["model"]: EngineSpec(**spec) for spec in ready["engines"]}
        self.memory_bytes = ready["memory_bytes"]

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def ensure_started(self) -> None:
        """A fresh process where the last one had to be ended."""
        if self._process is None or self._process.returncode is not None:
            await self.close()
            await self.start()

    async def run(
        self, run: EngineRun, on_progress: Callable[[float, str], None], cancelled: asyncio.Event
    ) -> EngineResult:
        """One run. A cancel asks the engine first, and ends the process if it does not listen."""
        await self.ensure_started()
        talk = asyncio.create_task(self._talk(run, on_progress), name=f"engine {run.model}")
        cancel = asyncio.create_task(cancelled.wait(), name="cancel")
        try:
            await asyncio.wait({talk, cancel}, timeout=run.max_runtime_s, return_when=asyncio.FIRST_COMPLETED)
            if talk.done():
                return talk.result()
            return await self._stop(talk, overran=not cancel.done())
        finally:
            cancel.cancel()
            if not talk.done():
                talk.cancel()
                await self.close()

    async def _stop(self, talk: asyncio.Task[EngineResult], *, overran: bool) -> EngineResult:
        with contextlib.suppress(ConnectionError):
            await self._say({"op": "cancel"})
        await asyncio.wait({talk}, timeout=CANCEL_GRACE_S)
        if overran:
            raise EngineOverran("the engine ran longer than its stated maximum")
        if talk.done():
            return talk.result()
        raise EngineCancelled

    async def _talk(self, run: EngineRun, on_progress: Callable[[float, str], None]) -> EngineResult:
        assert self._process is not None
        request = {"model": run.model, "inputs": run.inputs, "workdir": str(run.workdir), "seed": run.seed}
        try:
            await self._say({"op": "run", **request})
        except ConnectionError as error:
            raise EngineCrashed("the engine process has ended") from error
        while True:
            heard = await self._read(self._process)
            match heard["event"]:
                case "progress":
                    on_progress(heard["value"], heard["note"])
                case "done":
                    return EngineResult(heard["outputs"], heard["started_at"], heard["ended_at"])
                case "canceled":
                    raise EngineCancelled
                case "failed":
                    raise ReportedFailure(heard["category"], heard["message"])

    async def _say(self, message: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    @staticmethod
    async def _read(process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            await process.wait()
            raise EngineCrashed(f"the engine process ended with {process.returncode}")
        heard: dict[str, Any] = json.loads(line)
        return heard
