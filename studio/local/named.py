"""Servers that the environment names: asked before anything starts, and who does not answer is told of at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Final

from studio.local.readiness import Report, StartFailed
from studio.local.servers import firestore, kafka, mongo, redis
from studio.local.servers.server import wait_until_ready
from studio.settings import Settings


@dataclass(frozen=True)
class Patience:
    """They are there already, or somebody starts them beside this."""

    tell_after_s: float = 2.0
    tell_every_s: float = 5.0
    give_up_after_s: float = 30.0


PATIENCE: Final = Patience()
WHY_CHARS_MAX: Final = 160
_CREDENTIALS = re.compile(r"//[^/@]*@")
_CHECKS: Final[tuple[tuple[str, str, Callable[[str], Awaitable[None]]], ...]] = (
    ("kafka", "kafka_bootstrap", kafka.check_kafka),
    ("mongo", "mongo_url", mongo.check_mongo),
    ("redis", "redis_url", redis.check_redis),
    ("firestore", "firestore_emulator", firestore.check_firestore),
)


@dataclass(frozen=True)
class Named:
    """A server that runs elsewhere: what it is, the variable that names it, where it is, and how it is asked."""

    name: str
    variable: str
    address: str
    check: Callable[[], Awaitable[None]]

    @property
    def where(self) -> str:
        return f"{self.address} ({self.variable})"


def named_servers(settings: Settings, here: set[str]) -> list[Named]:
    """Those that these settings name, but for those of them that run here."""

    def one(name: str, setting: str, address: str, check: Callable[[str], Awaitable[None]]) -> Named:
        return Named(name, f"STUDIO_{setting.upper()}", _CREDENTIALS.sub("//", address), lambda: check(address))

    found = ((name, setting, getattr(settings, setting), check) for name, setting, check in _CHECKS if name not in here)
    return [one(name, setting, address, check) for name, setting, address, check in found if address]


async def reach(servers: Sequence[Named], report: Report, patience: Patience | None = None) -> None:
    """Returns once all of them answer. Raises StartFailed with what to do about those that do not."""
    patience = patience or PATIENCE
    within_s = patience.give_up_after_s
    waiting = {asyncio.create_task(wait_until_ready(one.name, one.check, within_s)): one for one in servers}
    telling = asyncio.create_task(_tell(waiting, report, patience))
    try:
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    finally:
        for task in (telling, *waiting):
            task.cancel()
        await asyncio.gather(telling, *waiting, return_exceptions=True)
    dead = [(one, end) for one, end in zip(servers, ends, strict=True) if end is not None]
    if dead:
        raise StartFailed(_what_to_do(dead))
    for one in servers:
        report(one.name, f"answers at {one.address}")


def _what_to_do(dead: Sequence[tuple[Named, BaseException]]) -> str:
    told = [f"  {one.where}: {shorten(str(end.__cause__ or end), WHY_CHARS_MAX)}" for one, end in dead]
    unset = " ".join(one.variable for one, _ in dead)
    return "\n".join(
        [
            "a server that the environment names does not answer:",
            *told,
            f"start it, or correct its address, or unset {unset} to have one started here; then: studio up",
        ]
    )


async def _tell(waiting: Mapping[asyncio.Task[None], Named], report: Report, patience: Patience) -> None:
    """Says who does not answer, where, and how long it is tried."""
    loop = asyncio.get_running_loop()
    by = loop.time() + patience.give_up_after_s
    await asyncio.sleep(patience.tell_after_s)
    while True:
        left_s = max(0.0, by - loop.time())
        for task, one in waiting.items():
            if not task.done():
                report(one.name, f"no answer from {one.where} yet; trying for {left_s:.0f} s more")
        await asyncio.sleep(patience.tell_every_s)
