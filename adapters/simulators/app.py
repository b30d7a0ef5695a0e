"""One ASGI app for all simulators, each mounted under its provider's name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.simulators.replicate import replicate


def app() -> Starlette:
    """A fresh set of simulators that know nothing of any earlier one."""
    one = replicate()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await one.state.simulator.webhooks.aclose()

    return Starlette(routes=[Mount("/replicate", one, name="replicate")], lifespan=lifespan)
