"""Composition root of a worker: `python -m gpu_workers`."""

from __future__ import annotations

import asyncio
import logging
import socket
from types import FrameType

import uvicorn
from redis.asyncio import Redis

from gpu_workers.app import Routes, create_app
from gpu_workers.fetch import Fetcher
from gpu_workers.predictions import utc_now
from gpu_workers.registration import Entry, Registration
from gpu_workers.settings import WorkerSettings
from gpu_workers.store import PredictionStore
from gpu_workers.worker import Worker

log = logging.getLogger("gpu_workers")


class DrainingServer(uvicorn.Server):
    """A signal does not stop the server at once: it starts the drain, during which states are still told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop_asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.force_exit = self.stop_asked.is_set()
        self._loop.call_soon_threadsafe(self.stop_asked.set)


async def serve(settings: WorkerSettings) -> None:
    store = PredictionStore(settings.data_dir / "workers" / settings.worker_id)
    worker = Worker(
        store,
        Fetcher(settings.fetch_hosts, made=store.made),
        capacity=settings.worker_capacity,
        queue_size=settings.worker_queue,
    )
    routes = Routes(worker, settings.worker_id)
    listener = socket.create_server((settings.worker_host, settings.worker_port))
    # asyncio sets it only on what says that it is TCP: a short answer or event would wait 40 ms to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    url = settings.worker_public_url or f"http://{settings.worker_host}:{listener.getsockname()[1]}"
    routes.public_url = url
    server = DrainingServer(uvicorn.Config(create_app(routes), log_level="warning", timeout_graceful_shutdown=5))
    started_at = utc_now().isoformat()

    def entry() -> Entry:
        models = sorted(worker.specs)
        kind = "cuda" if any("cuda" in spec.tags for spec in worker.specs.values()) else "local-cpu"
        load = worker.capacity, worker.running, worker.memory_bytes
        return Entry(settings.worker_id, url, models, *load, kind, started_at)

    await worker.start()
    log.info("worker %s serves %d models at %s", settings.worker_id, len(worker.specs), url)
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(worker.work(), name="work")
        serving = tasks.create_task(server.serve(sockets=[listener]), name="serve")
        registration = None
        if settings.redis_url is not None:
            registration = Registration(Redis.from_url(settings.redis_url, socket_timeout=2), entry)
            worker.on_load_changed = registration.load_changed
            tasks.create_task(registration.run(), name="registration")
        await server.stop_asked.wait()
        if registration is not None:
            registration.end()
        await worker.drain(settings.worker_drain_s)
        server.should_exit = True
        await serving
        working.cancel()
    store.close()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log signed addresses
    asyncio.run(serve(WorkerSettings()))


if __name__ == "__main__":
    main()
