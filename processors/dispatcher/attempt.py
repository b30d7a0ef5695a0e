"""One attempt at its provider: created at most once, watched to its end, stopped when that is asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final

from commands.ask import Unavailable
from processors.dispatcher.creation import AttemptOver, Creation
from processors.dispatcher.errors import ContractDrift, ProviderError
from processors.dispatcher.ports import Call, Ended, Failed, Handle, Progressed, Provider
from processors.dispatcher.stopping import stopped_at
from processors.dispatcher.tables import KnownJobs
from processors.dispatcher.word import Word

WATCH_MARGIN_S: Final = 15.0
"""Beyond the model's stated maximum: for the way there and back."""
OVERTIME: Final = 2.0
"""What cannot be stopped is watched for so many longest runs more: its result is paid for."""
STOP_FAILED_MAX_S: Final = 10.0
"""How long the word of a failure waits for a stop."""
TOLD_AGAIN_S: Final = 60.0
log = logging.getLogger(__name__)


class Attempt:
    """`run` may be cancelled at any time.

    `unstopped`, once it has failed: it may still run, and no other attempt may before that is over.
    """

    def __init__(
        self,
        provider: Provider,
        call: Call,
        word: Word,
        jobs: KnownJobs,
        progress: Callable[[Progressed], Awaitable[None]],
    ) -> None:
        self._provider = provider
        self._call = call
        self._jobs = jobs
        self._progress = progress
        self._creation = Creation(provider, call, word, jobs)
        self._handle: Handle | None = None
        self._over = False
        self._limit: asyncio.Timeout | None = None
        self.unstopped = False

    async def run(self) -> Ended:
        """Raises a ProviderError, AttemptOver, or Unavailable."""
        try:
            return await self._carried_out()
        except ProviderError:
            await self._stop_failed()
            raise
        except (AttemptOver, Unavailable):
            raise
        except Exception as error:
            log.exception("%s: an answer that its adapter does not survive", self._call.token)
            await self._stop_failed()
            raise ContractDrift(f"an answer that nobody here understands: {type(error).__name__}") from error

    async def told_again(self) -> Ended | None:
        """How it ended, asked once more: addresses of files lapse. None where there is nothing to be asked by.

        Raises a ProviderError.
        """
        if self._handle is None:
            return None
        try:
            async with asyncio.timeout(TOLD_AGAIN_S):
                return await self._watch(self._handle)
        except TimeoutError:
            return None

    async def stop(self) -> bool | None:
        """Whether nothing of it runs any more; None: nothing of what was begun here."""
        if self._provider.answers_at_once(self._call.provider_model) and self._creation.break_off():
            return True
        left = await self._creation.left()
        known = self._by_our_name or self._handle or left
        if isinstance(known, Handle):
            return await stopped_at(self._provider, known)
        return None if known is None else not known

    @property
    def _by_our_name(self) -> Handle | None:
        """Known to the provider, if at all, whatever became of the create."""
        return Handle(self._call.token, self._call.worker) if self._provider.takes_our_name else None

    async def _carried_out(self) -> Ended:
        with self._jobs.following(self._call.job_id, self._call.lease, self._go_on_without):
            taken = await self._creation.taken()
            if not isinstance(taken, Handle):
                return taken
            self._handle = taken
            longest_s = self._call.max_runtime_s
            for within_s in (longest_s + WATCH_MARGIN_S, OVERTIME * longest_s):
                try:
                    async with asyncio.timeout(within_s) as self._limit:
                        if self._over:
                            self._go_on_without()
                        return await self._watch(taken)
                except TimeoutError:
                    self._limit = None
                stopped = await stopped_at(self._provider, taken)
                if self._over:
                    raise AttemptOver
                if stopped:
                    return Failed("timeout", f"longer than the model's {longest_s} s", retryable=True)
            self.unstopped = True
            return Failed("timeout", f"longer than the model's {longest_s} s, and not stopped", retryable=True)

    def _go_on_without(self) -> None:
        """The log has: what a dispatcher before this one told was decided only when it had been sent again."""
        self._over = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def _stop_failed(self) -> None:
        """An error says that we lost sight of it, not that nothing runs; and its slots are another's after it.

        Of a worker, too: one that is not registered any more may be at work. One that is gone has nothing to stop.
        """
        known = self._handle or self._by_our_name
        if known is None:
            self.unstopped = self._creation.unsure
            return
        self.unstopped = True
        self.unstopped = not await stopped_at(self._provider, known, within_s=STOP_FAILED_MAX_S)

    async def _watch(self, handle: Handle) -> Ended:
        async with aclosing(self._provider.watch(handle)) as updates:
            async for update in updates:
                if not isinstance(update, Progressed):
                    return update
                await self._progress(update)
        raise ContractDrift("the adapter stopped watching before the attempt had ended")
