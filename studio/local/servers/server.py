"""What the platform needs to know of a server to run it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_delay, wait_fixed

READY_TIMEOUT_S = 120.0
POLL_S = 0.1


class NotReady(Exception):
    """A server or process does not answer its protocol yet, or never did in time."""


def nothing_to_prepare() -> None:
    """For a server that starts from an empty folder."""


@dataclass(frozen=True)
class Server:
    """One embedded server: its name, its command, the setting that names its address, and its check."""

    name: str
    command: list[str]
    setting: str
    address: str
    check: Callable[[], Awaitable[None]]
    prepare: Callable[[], None] = nothing_to_prepare
    environment: Mapping[str, str] = field(default_factory=dict)


async def wait_until_ready(name: str, check: Callable[[], Awaitable[None]], timeout_s: float = READY_TIMEOUT_S) -> None:
    """Asks until the check passes; `NotReady` (or a refused connection) means to ask again."""
    attempts = AsyncRetrying(
        stop=stop_after_delay(timeout_s),
        wait=wait_fixed(POLL_S),
        retry=retry_if_exception_type((NotReady, OSError)),
    )
    try:
        async for attempt in attempts:
            with attempt:
                await check()
    except RetryError as error:
        reason = error.last_attempt.exception()
        raise NotReady(f"{name} is not ready after {timeout_s:.0f} s: {reason}") from reason
