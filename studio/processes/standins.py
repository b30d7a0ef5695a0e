"""The stand-ins' process: the offline planner and the simulators of providers, on one local address."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.llm.offline.app import app as offline_planner
from adapters.simulators.app import app as simulators
from processors.runners.together import once, together
from studio.processes.health import HealthServer
from studio.processes.process import Process
from studio.settings import Settings

DRAIN_S = 2


async def run(settings: Settings, process: Process) -> None:
    """Stands in until the process is to stop."""
    address = urlsplit(settings.standins_url or "")
    if address.hostname is None or address.port is None:
        raise ValueError("STUDIO_STANDINS_URL is needed, with a port")
    server = _Listening(
        uvicorn.Config(
            standins(),
            host=address.hostname,
            port=address.port,
            http="httptools",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=DRAIN_S,
        )
    )

    async def serve(stop: asyncio.Event) -> None:
        serving = asyncio.ensure_future(server.serve())
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving

    async def ready() -> None:
        await server.listening.wait()
        process.ready("standins")

    await together(process.stop, serve, once(ready))


def standins() -> Starlette:
    """The planner at `/llm/v1`, each simulator at `/simulators/<provider>`."""
    simulated = simulators()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with simulated.router.lifespan_context(simulated):
            yield

    return Starlette(
        routes=[Mount("/llm/v1", offline_planner()), Mount("/simulators", simulated)],
        lifespan=lifespan,
    )


class _Listening(HealthServer):
    """Says when it takes connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()
