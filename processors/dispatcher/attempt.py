"""One attempt at its provider: created at most once, watched to its end, stopped when that is asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final

from commands.ask import Unavailable
from processors.dispatcher.errors import ContractDrift, NotSent, OutcomeUnknown, ProviderError, SentByAnother
from processors.dispatcher.ports import (
    Call,
    Ended,
    Failed,
    Handle,
    NeverArrived,
    Progressed,
    Provider,
    Reconciled,
    Unknowable,
)
from processors.dispatcher.tables import KnownJobs
from processors.dispatcher.word import FRESH_S, Word

SUBMIT_TRIES: Final = 3
SUBMIT_MARGIN_S: Final = 60.0
"""Beyond the model's longest run, for those whose answer is the result, and for what goes along."""
SUBMIT_WAIT_S: Final = 0.3
SUBMIT_WAIT_MAX_S: Final = 5.0
WATCH_MARGIN_S: Final = 15.0
"""Beyond the model's stated maximum: for the way there and back."""
OVERTIME: Final = 2.0
"""What cannot be stopped is watched for so many longest runs more: its result is paid for."""
CREATE_WAIT_S: Final = 45.0
SHOWN_WITHIN_S: Final = 1.0
"""What is decided together stands in the copy a moment later. Otherwise the decider is asked."""
STOP_TRIES: Final = 5
STOP_WAIT_S: Final = 1.0
STOPPING_MAX_S: Final = 60.0
STOP_FAILED_MAX_S: Final = 10.0
"""How long the word of a failure waits for a stop."""
TOLD_AGAIN_S: Final = 60.0
LOOK_FIRST_S: Final = 1.0
LOOK_LONGEST_S: Final = 15.0
LOOKS: Final = 3
"""That find nothing: a create which nobody answered may still be on its way when it is first looked for."""
log = logging.getLogger(__name__)


class AttemptOver(Exception):
    """The log has gone on without this attempt: there is nothing to be done for it."""


class Attempt:
    """`run` may be cancelled at any time: what is being created is created to the end, so that it can be stopped.

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
        self._word = word
        self._jobs = jobs
        self._progress = progress
        self._creating: asyncio.Task[Handle | Ended] | None = None
        self._handle: Handle | None = None
        self._begun_by_another = False
        self._over = False
        self._unsure = False
        """Whether a sending went unanswered, so that something may run of which we have no name."""
        self._leave_at = float("-inf")
        """When it was last known that the log is with this attempt."""
        self._sent_at: float | None = None
        """When it was first sent from here."""
        self.unstopped = False
        self._limit: asyncio.Timeout | None = None
        self._at_once = provider.answers_at_once(call.provider_model)

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

    async def _carried_out(self) -> Ended:
        with self._jobs.following(self._call.job_id, self._call.lease, self._go_on_without):
            taken = await self._taken()
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

    def _go_on_without(self) -> None:
        """The log has: what a dispatcher before this one told was decided only when it had been sent again."""
        self._over = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def _stop_failed(self) -> None:
        """An error says that we lost sight of it, not that nothing runs; and its slots are another's after it.

        Of a worker, too: one that is not registered any more may be at work. One that is gone has nothing to stop.
        """
        handle = self._handle
        if handle is None and self._provider.takes_our_name:
            handle = Handle(self._call.token, self._call.worker)
        self.unstopped = self._unsure if handle is None else True
        if handle is None:
            return
        try:
            async with asyncio.timeout(STOP_FAILED_MAX_S):
                self.unstopped = not await stopped_at(self._provider, handle)
        except TimeoutError:
            log.warning("%s was not stopped in time", self._call.token)

    async def stop(self) -> bool:
        """Whether nothing of it runs any more."""
        if self._at_once:
            if self._creating is not None:
                self._creating.cancel()
            return not self._begun_by_another
        if self._creating is not None:
            await asyncio.wait({self._creating}, timeout=CREATE_WAIT_S)
        if self._provider.takes_our_name:
            return await stopped_at(self._provider, Handle(self._call.token, self._call.worker))
        return await self._stop_created()

    async def _stop_created(self) -> bool:
        """By the provider's own name of it, once that is known."""
        creating = self._creating
        if creating is not None:
            if not creating.done() or creating.cancelled():
                return False
            if (error := creating.exception()) is not None:
                return not self._unsure and not isinstance(error, OutcomeUnknown | AttemptOver)
            taken = creating.result()
            if not isinstance(taken, Handle):
                return True
            self._handle = taken
        if self._handle is None:
            return not self._begun_by_another
        return await stopped_at(self._provider, self._handle)

    async def _watch(self, handle: Handle) -> Ended:
        async with aclosing(self._provider.watch(handle)) as updates:
            async for update in updates:
                if not isinstance(update, Progressed):
                    return update
                await self._progress(update)
        raise ContractDrift("the adapter stopped watching before the attempt had ended")

    async def _taken(self) -> Handle | Ended:
        if self._provider.takes_our_name and await self._is_under_way():
            return await self._begin(self._sent_by_name())
        match await self._leave():
            case bool() if self._provider.takes_our_name:
                return await self._begin(self._sent_by_name())
            case bool(first) if self._provider.create_is_idempotent:
                return await self._begin(self._sent_until_known(unsure=not first))
            case True:
                return await self._begin(self._created_once())
            case False:
                self._begun_by_another = True
                return await self._found()

    async def _is_under_way(self) -> bool:
        """Where sending twice does no harm the log's copy is enough. Long after the end it would: the provider may
        have forgotten what it did, or never have had it."""
        looked_at = asyncio.get_running_loop().time()
        if await self._jobs.shows(self._call.job_id, self._call.lease, SHOWN_WITHIN_S):
            self._leave_at = looked_at
            return True
        return False

    async def _leave(self) -> bool:
        """Whether nobody has begun it before. Raises AttemptOver."""
        asked_at = asyncio.get_running_loop().time()
        first = await self._word.may_call()
        if first is None:
            raise AttemptOver
        self._leave_at = asked_at
        return first

    async def _submit(self) -> Handle | Ended:
        """Whoever was paused on the way, or asks for long, may not know that the log has gone on without it."""
        if asyncio.get_running_loop().time() - self._leave_at > FRESH_S:
            await self._leave()
        self._sent_at = self._sent_at or asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._call.max_runtime_s + SUBMIT_MARGIN_S):
                return await self._provider.submit(self._call)
        except TimeoutError as error:
            raise OutcomeUnknown("no answer for longer than the model's longest run") from error
        except ProviderError:
            raise
        except Exception:
            self._unsure = True
            raise

    async def _begin(self, creating: Awaitable[Handle | Ended]) -> Handle | Ended:
        """The answer to a create names what must be stopped: it is awaited even when nobody waits for the result."""
        self._creating = asyncio.ensure_future(creating)
        self._creating.add_done_callback(_retrieved)
        if self._at_once:
            return await self._creating
        return await asyncio.shield(self._creating)

    async def _sent_by_name(self) -> Handle | Ended:
        """Sending the same attempt again is how an idempotent provider is asked what became of it."""
        for attempt in range(1, SUBMIT_TRIES + 1):
            try:
                return await self._submit()
            except OutcomeUnknown:
                if attempt == SUBMIT_TRIES:
                    raise
                await asyncio.sleep(SUBMIT_WAIT_S * attempt)
        raise AssertionError("unreachable")

    async def _sent_until_known(self, *, unsure: bool) -> Handle | Ended:
        """The same where only the answer tells its name.

        Once a sending has gone unanswered, here or (`unsure`) elsewhere, the refusal of a repeat says nothing of it:
        it is asked after until its longest run is over, for another attempt may not run beside it.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._call.max_runtime_s
        pause, self._unsure = SUBMIT_WAIT_S, unsure
        while True:
            try:
                taken = await self._submit()
            except ProviderError as error:
                self._unsure = self._unsure or isinstance(error, OutcomeUnknown)
                if not self._unsure or not error.retryable or loop.time() >= until:
                    raise
                asked_s = min(error.retry_after_s or 0.0, max(0.0, until - loop.time()))
            else:
                if isinstance(taken, Handle):
                    await self._word.running(taken.provider_job_id)
                return taken
            await asyncio.sleep(max(pause, asked_s))
            pause = min(pause * 2, SUBMIT_WAIT_MAX_S)

    async def _created_once(self) -> Handle | Ended:
        try:
            taken = await self._submit()
        except OutcomeUnknown as error:
            log.warning("%s: %s", self._call.token, type(error).__name__)
            return await self._found()
        if isinstance(taken, Handle):
            await self._word.running(taken.provider_job_id)
        return taken

    async def _found(self) -> Handle:
        """What an earlier create has led to, as the log or the provider knows it; never a second create.

        It is looked for until that is sure, or until its longest run is over: then nothing of it can be running.
        """
        loop, call = asyncio.get_running_loop(), self._call
        until = (self._sent_at or loop.time()) + call.max_runtime_s + WATCH_MARGIN_S
        pause, absent = LOOK_FIRST_S, 0
        known = self._jobs.provider_job_id(call.job_id, call.lease)
        while known is None:
            match await self._looked_for():
                case Handle() as handle:
                    return handle
                case NeverArrived():
                    absent += 1
                    if absent >= LOOKS:
                        raise NotSent("the attempt has not arrived at the provider")
                case Unknowable():
                    pause = call.max_runtime_s
            if (left := until - loop.time()) <= 0:
                lost = SentByAnother if self._begun_by_another else OutcomeUnknown
                raise lost("the call was sent and its answer was lost; the provider does not tell of it")
            known = await self._jobs.wait_for_id(call.job_id, call.lease, min(pause, left))
            if known is None and self._jobs.is_beyond(call.job_id, call.lease):
                raise AttemptOver
            pause = min(pause * 2, LOOK_LONGEST_S)
        return Handle(known, call.worker)

    async def _looked_for(self) -> Reconciled | None:
        """None: the provider has not answered, which says nothing of the attempt."""
        try:
            return await self._provider.reconcile(self._call)
        except ProviderError as error:
            log.warning("%s cannot be looked for: %s", self._call.token, type(error).__name__)
            return None


async def stopped_at(provider: Provider, handle: Handle) -> bool:
    """Asks until the provider confirms, a few times and not for ever."""
    try:
        async with asyncio.timeout(STOPPING_MAX_S):
            for attempt in range(1, STOP_TRIES + 1):
                if (retryable := await _asked_to_stop(provider, handle)) is None:
                    return True
                if not retryable:
                    return False
                await asyncio.sleep(STOP_WAIT_S * attempt)
    except TimeoutError:
        log.warning("%s: not stopped at %s in time", handle.provider_job_id, provider.name)
    return False


async def _asked_to_stop(provider: Provider, handle: Handle) -> bool | None:
    """None: it is stopped; otherwise whether asking again may help."""
    try:
        await provider.cancel(handle)
    except ProviderError as error:
        log.warning("%s: not stopped at %s: %s", handle.provider_job_id, provider.name, type(error).__name__)
        return error.retryable
    return None


def _retrieved(task: asyncio.Future[Handle | Ended]) -> None:
    """A failure that nobody awaits any more is no news to the loop."""
    if not task.cancelled():
        task.exception()
