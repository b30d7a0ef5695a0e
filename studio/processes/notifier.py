"""The notifier's process: tells customers of the ends of their jobs."""

import time
from collections.abc import Callable
from typing import Final

from adapters.providers.outside import Outside
from adapters.webhooks.public import PublicPost
from commands.signing import asset_path
from events.assets import AssetRef
from events.topics import EVENTS_JOBS
from processors.notifier.message import Link
from processors.notifier.notifier import LONGEST_S, TYPES, Notifier, key_of, wants
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from studio.processes import parts
from studio.processes.configured import secret
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "notifier"
IN_FLIGHT_MAX: Final = 10_000
"""Most of them stand in line or sleep until their next try, of which half as many may: the others go on."""
PATIENCE_MS: Final = 100


async def run(settings: Settings, process: Process) -> None:
    """Tells until the process is to stop."""
    key = secret(settings.server_secret, "SERVER_SECRET").encode()
    post = PublicPost(Outside(private=settings.webhooks_to_private))
    notifier = Notifier(await parts.bus(process, settings), post, key, links(settings, key))
    reactor = Reactor(
        await parts.log(process, settings),
        GROUP,
        [EVENTS_JOBS],
        notifier.handle,
        key_of=key_of,
        types=TYPES,
        wants=wants,
        in_flight_max=IN_FLIGHT_MAX,
        backlog_max=IN_FLIGHT_MAX,
        call_timeout_s=LONGEST_S,
        patience_ms=PATIENCE_MS,
        instance_id=settings.process_name,
    )

    async def ready() -> None:
        await reactor.ready()
        process.ready("notifier")

    try:
        await together(process.stop, reactor.run, once(ready))
    finally:
        await post.aclose()


def links(settings: Settings, key: bytes) -> Callable[[str], Link]:
    """Addresses of files as the customer reaches them."""
    here = f"http://127.0.0.1:{settings.http_port}" if settings.http_port else None
    base = settings.public_url or here

    def of(org_id: str) -> Link:
        def link(asset: AssetRef) -> str | None:
            return None if base is None else base.rstrip("/") + asset_path(key, org_id, asset, now=time.time())

        return link

    return of
