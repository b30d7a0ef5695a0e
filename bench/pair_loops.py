"""The two sides of `bench.pairs`, each run as a process: `python -m bench.pair_loops orgs|bare BOOTSTRAP FOLDER`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import uvloop

from bench.bare import Recipe, serve
from commands.orgs.decider import ORGS
from events.log.admin import ensure_topics
from processors.runners.decider import DeciderRunner
from studio.collector import tune_collector


async def decider(bootstrap: str, folder: Path, stop: asyncio.Event) -> None:
    await ensure_topics(bootstrap)
    runner = DeciderRunner(bootstrap, ORGS, data_dir=folder, instance_id="bench")
    running = asyncio.create_task(runner.run(stop))
    await runner.ready()
    say_ready()
    await running


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def run(kind: str, bootstrap: str, folder: Path, recipe: str | None) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    if kind == "orgs":
        await decider(bootstrap, folder, stop)
        return
    assert recipe is not None
    async with serve(bootstrap, Recipe.of_json(recipe)):
        say_ready()
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()


if __name__ == "__main__":
    tune_collector()
    kind, bootstrap, folder, *rest = sys.argv[1:]
    uvloop.run(run(kind, bootstrap, Path(folder), rest[0] if rest else None))
