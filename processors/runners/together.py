"""Runs several things side by side until a stop: when one ends, the others are told to end, never cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

ENDING_S: Final = 20.0

Run = Callable[[asyncio.Event], Awaitable[None]]


class EndedEarly(RuntimeError):
    """Something that was to run until the stop ended before it."""


async def together(stop: asyncio.Event, *runs: Run) -> None:
    """Raises the first failure once the others have ended, or have been given time to.

    Nothing is cancelled while it may be in the middle of a commit.
    """
    ending = asyncio.Event()
    tasks = [asyncio.ensure_future(run(ending)) for run in runs]
    asked = asyncio.create_task(_until(stop))
    try:
        await asyncio.wait([asked, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        ending.set()
    early = [task for task in tasks if task.done()]
    done, late = await asyncio.wait(tasks, timeout=ENDING_S)
    for task in (*early, *done):
        task.result()
    if late:
        raise EndedEarly(f"{len(late)} did not end in time")
    if early and not stop.is_set():
        raise EndedEarly("something ended although nobody asked it to")


def once(action: Callable[[], Awaitable[None]]) -> Run:
    """Something that is done once beside the others, for example telling that they are ready."""

    async def run(stop: asyncio.Event) -> None:
        doing = asyncio.ensure_future(action())
        stopped = asyncio.create_task(_until(stop))
        try:
            await asyncio.wait([doing, stopped], return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                doing.result()
                await stopped
        finally:
            doing.cancel()
            stopped.cancel()

    return run


async def before(stop: asyncio.Event, done: Awaitable[Any]) -> bool:
    """Awaits something, or the stop if that comes first; whether it was done."""
    doing = asyncio.ensure_future(done)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([doing, stopped], return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()
        return doing.done() and not stop.is_set()
    finally:
        doing.cancel()
        stopped.cancel()


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
