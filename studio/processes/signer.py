"""The signer's process: checkpoints of all books, each computed again before it is signed."""

from typing import Final

from adapters.signing.keys import KeyFile, SigningKey
from events.log.follower import Follower
from events.topics import EVENTS_CHECKPOINTS, EVENTS_CREDITS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.signer.core import Effect
from processors.signer.ports import PresentKey
from processors.signer.ticking import SignerTicks
from projections.stores import DATABASE
from projections.unsigned import UnsignedBooks
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

TICK_S: Final = 0.25
PATIENCE_MS: Final = 250
"""What is to be signed is looked at with each tick, and no sooner."""


async def run(settings: Settings, process: Process) -> None:
    """Signs until the process is to stop. Raises ValueError where there is no key to sign with."""
    key = present_key(settings)
    bootstrap, client = await parts.log(process, settings), await parts.mongo(process, settings)
    core = SignerTicks(await parts.bus(process, settings), key, UnsignedBooks(client[DATABASE]))
    books = Follower(
        bootstrap,
        (EVENTS_CREDITS, EVENTS_CHECKPOINTS),
        on_record=core.on_record,
        name="signer",
        patience_ms=PATIENCE_MS,
    )
    ticker: Ticker[Effect] = Ticker(
        bootstrap, "signer", current={}, events=(), core=core, perform=core.perform, interval_s=TICK_S
    )

    async def ready() -> None:
        await books.ready()
        await ticker.ready()
        process.ready("signer")

    await together(process.stop, books.run, ticker.run, core.keep_key, once(ready))


def present_key(settings: Settings) -> PresentKey:
    """The key from the environment, or from its file: that one can be replaced while we run. Raises ValueError."""
    if settings.signing_key is not None:
        key = SigningKey.parse(settings.signing_key.get_secret_value())
        return lambda: key
    if settings.signing_key_file is None:
        raise ValueError("STUDIO_SIGNING_KEY or STUDIO_SIGNING_KEY_FILE is not set: no checkpoint can be signed")
    file = KeyFile(settings.signing_key_file)
    file()
    return file
