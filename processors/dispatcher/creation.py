"""The create of an attempt: leave to call, the call, and what became of it where its answer was lost.

At most one call is made, or the same one again where the provider takes a repeat for the first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from processors.dispatcher.errors import NotSent, OutcomeUnknown, ProviderError, SentByAnother
from processors.dispatcher.ports import Call, Ended, Handle, NeverArrived, Provider, Reconciled, Unknowable
from processors.dispatcher.tables import KnownJobs
from processors.dispatcher.word import FRESH_S, Word

SUBMIT_TRIES: Final = 3
SUBMIT_MARGIN_S: Final = 60.0
"""Beyond the model's longest run, for those whose answer is the result, and for what goes along."""
SUBMIT_WAIT_S: Final = 0.3
SUBMIT_WAIT_MAX_S: Final = 5.0
CREATE_WAIT_S: Final = 45.0
SHOWN_WITHIN_S: Final = 1.0
"""What is decided together stands in the copy a moment later. Otherwise the decider is asked."""
LOOK_MARGIN_S: Final = 15.0
"""Beyond the model's longest run: for the way there and back."""
LOOK_FIRST_S: Final = 1.0
LOOK_LONGEST_S: Final = 15.0
LOOKS: Final = 3
"""That find nothing: a create which nobody answered may still be on its way when it is first looked for."""
log = logging.getLogger(__name__)


class AttemptOver(Exception):
    """The log has gone on without this attempt: there is nothing to be done for it."""


class SoughtMeanwhile(Exception):
    """Another handling looks for the attempt: a call that comes now would run beside the next one."""


class Creation:
    """`taken` may be cancelled at any time: what is being created is created to the end, so that it can be stopped."""

    def __init__(self, provider: Provider, call: Call, word: Word, jobs: KnownJobs) -> None:
        self._provider = provider
        self._call = call
        self._word = word
        self._jobs = jobs
        self._creating: asyncio.Task[Handle | Ended] | None = None
        self._at_once = provider.answers_at_once(call.provider_model)
        self._leave_at = float("-inf")
        """When it was last known that the log is with this attempt."""
        self._sent_at: float | None = None
        """When it was first sent from here."""
        self.begun_by_another = False
        self._asked = asyncio.Event()
        """Whether it is known here by now who may call."""
        self._may_call = False
        self._broken_off = False
        """Nothing had been sent, and nothing will be."""
        self.unsure = False
        """Whether a sending went unanswered, so that something may run of which we have no name."""

    async def taken(self) -> Handle | Ended:
        """What to watch the attempt by, or how it has ended. Raises a ProviderError, AttemptOver, or Unavailable."""
        match await self._allowed():
            case bool() if self._provider.takes_our_name:
                return await self._begin(self._sent_by_name())
            case bool(first) if self._provider.create_is_idempotent:
                return await self._begin(self._sent_until_known(unsure=not first))
            case True:
                return await self._begin(self._created_once())
            case False:
                self.begun_by_another = True
                return await self._found()

    def break_off(self) -> bool:
        """Ends a call that answers at once with its connection. Whether nothing of it runs any more."""
        if self._creating is None:
            return False
        self._creating.cancel()
        return not self.begun_by_another

    async def left(self) -> Handle | bool | None:
        """What has to be stopped, once its answer is here; without a name, whether something may run. None: nothing
        was sent from here, nor will be; elsewhere, or before a crash, it may have been."""
        if self._creating is None:
            self._broken_off = True
            with suppress(TimeoutError):
                async with asyncio.timeout(CREATE_WAIT_S):
                    await self._asked.wait()
            return False if self._may_call else None
        await asyncio.wait({self._creating}, timeout=CREATE_WAIT_S)
        if not self._creating.done() or self._creating.cancelled():
            return True
        if (error := self._creating.exception()) is not None:
            return self.unsure or isinstance(error, OutcomeUnknown | AttemptOver)
        taken = self._creating.result()
        return taken if isinstance(taken, Handle) else False

    async def _allowed(self) -> bool:
        """Whether it may be sent as if nobody had before. Raises AttemptOver."""
        try:
            by_name = self._provider.takes_our_name and await self._is_under_way()
            self._may_call = by_name or await self._leave()
        finally:
            self._asked.set()
        return self._may_call

    async def _is_under_way(self) -> bool:
        """Where sending twice does no harm the log's copy is enough. Long after the end it would: the provider may
        have forgotten what it did, or never have had it."""
        looked_at = asyncio.get_running_loop().time()
        if await self._jobs.shows(self._call.job_id, self._call.lease, SHOWN_WITHIN_S):
            self._leave_at = looked_at
            return True
        return False

    async def _leave(self) -> bool:
        """Whether nobody else has begun it, nor looks for it. Raises AttemptOver."""
        asked_at = asyncio.get_running_loop().time()
        mine = await self._word.may_call()
        if mine is None:
            raise AttemptOver
        self._leave_at = asked_at
        return mine

    async def _submit(self, *, once: bool = False) -> Handle | Ended:
        """Whoever was paused on the way, or asks for long, may not know that the log has gone on without it, or, which
        matters to who may send it `once`, that another looks for it."""
        if self._broken_off:
            raise AttemptOver
        if asyncio.get_running_loop().time() - self._leave_at > FRESH_S and not await self._leave() and once:
            raise SoughtMeanwhile
        self._sent_at = self._sent_at or asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._call.max_runtime_s + SUBMIT_MARGIN_S):
                return await self._provider.submit(self._call)
        except TimeoutError as error:
            raise OutcomeUnknown("no answer for longer than the model's longest run") from error
        except ProviderError:
            raise
        except Exception:
            self.unsure = True
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
        pause, self.unsure = SUBMIT_WAIT_S, unsure
        while True:
            try:
                taken = await self._submit()
            except ProviderError as error:
                self.unsure = self.unsure or isinstance(error, OutcomeUnknown)
                if not self.unsure or not error.retryable or loop.time() >= until:
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
            taken = await self._submit(once=True)
        except SoughtMeanwhile:
            self.begun_by_another = True
            return await self._found()
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
        until = (self._sent_at or loop.time()) + call.max_runtime_s + LOOK_MARGIN_S
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
                lost = SentByAnother if self.begun_by_another else OutcomeUnknown
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


def _retrieved(task: asyncio.Future[Handle | Ended]) -> None:
    """A failure that nobody awaits any more is no news to the loop."""
    if not task.cancelled():
        task.exception()
