"""Who has much to compute passes one at a time: between two of them the loop hears what has come for all others."""

from __future__ import annotations

import asyncio


class Turnstile:
    """Of one event loop.

    Where the answers to a hundred come together, each would go on in the same round of the loop, and a word that comes
    for somebody else waited until the last of them had done its work: now it waits for one.
    """

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def turn(self) -> None:
        """What is done from here to the next `await` is done in a round of the loop of its own."""
        async with self._one:
            await asyncio.sleep(0)
