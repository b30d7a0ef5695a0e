"""One ASGI app for all simulators, each mounted under its provider's name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.simulators.elevenlabs import elevenlabs
from adapters.simulators.fal import fal
from adapters.simulators.kling import kling
from adapters.simulators.luma import luma
from adapters.simulators.meshy import meshy
from adapters.simulators.openai import openai
from adapters.simulators.replicate import replicate
from adapters.simulators.runway import runway
from adapters.simulators.stability import stability
from adapters.simulators.sync import sync

SIMULATORS: Final[Mapping[str, Callable[[], FastAPI]]] = {
    "replicate": replicate,
    "fal": fal,
    "openai": openai,
    "elevenlabs": elevenlabs,
    "stability": stability,
    "runway": runway,
    "luma": luma,
    "kling": kling,
    "sync": sync,
    "meshy": meshy,
}


def app() -> Starlette:
    """A fresh set of simulators that know nothing of any earlier one."""
    made = {name: make() for name, make in SIMULATORS.items()}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        for one in made.values():
            if (webhooks := getattr(one.state, "webhooks", None)) is not None:
                await webhooks.aclose()

    return Starlette(routes=[Mount(f"/{name}", one, name=name) for name, one in made.items()], lifespan=lifespan)
