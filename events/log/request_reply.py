"""Requests and their replies over two topics: send, await the reply, send again until time is over."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from events.log.clients import Record, close, is_dead, producer
from events.log.follower import Follower
from events.topics import REPLIES, REPLY_PARTITIONS

log = logging.getLogger(__name__)

Header = tuple[str, bytes]

REPLY_TO: Final = "reply_to"
REPLY_PARTITION: Final = "reply_partition"
RESEND_AFTER_S: Final = 3.0
"""After the first copy; after the second twice as long, and so on: the last one's answer must have time to come."""
WATCH_EVERY_S: Final = 1.0
IN_FLIGHT_MAX: Final = 4096


class NoReply(Exception):
    """No reply in time, or too many requests are in flight."""


class RequestTooLarge(ValueError):
    """The log will never take it."""


class ProducerDied(RuntimeError):
    """The producer has met an error that it does not survive."""


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where a reply goes: its partition, and the token by which the asker knows it."""

    partition: int
    token: bytes


def reply_partition(instance: str) -> int:
    """The partition of `replies` that an instance reads; stable across processes and versions."""
    return zlib.crc32(instance.encode()) % REPLY_PARTITIONS


def reply_address(headers: Sequence[Header]) -> ReplyAddress | None:
    """The reply address that a request names; None where it asks for no reply or names it badly."""
    token: bytes | None = None
    number: bytes | None = None
    for name, value in headers:
        if name == REPLY_TO:
            token = value
        elif name == REPLY_PARTITION:
            number = value
    if token is None or number is None or not number.isdigit() or int(number) >= REPLY_PARTITIONS:
        return None
    return ReplyAddress(int(number), token)


@dataclass(slots=True)
class _Waiting:
    """A request that has no answer yet."""

    reply: asyncio.Future[bytes]
    remembered: Callable[[bytes], bool]
    copies: int = 0

    def take(self, copy: bytes, answer: bytes) -> None:
        if not self.reply.done() and (copy == b"%d" % self.copies or self.remembered(answer)):
            self.reply.set_result(answer)


class RequestReply:
    """Sends requests for one instance and hands their replies back.

    An async context manager that works like a task group: when replies can be read no more, or requests sent,
    its body is cancelled and it raises, for the process must start anew.

    Replies are read from the end of the instance's partition; what belongs to another is dropped. Each
    request has a token of its own, so that two requests with one command id get each its own answer, and each of its
    copies has a number: a refusal is not remembered by whoever refuses, so that of several copies the last one's answer
    is the one that stays true.
    """

    def __init__(self, bootstrap: str, instance: str) -> None:
        self._instance = f"{instance}:{secrets.token_hex(6)}".encode()
        self._partition = reply_partition(instance)
        self._number = b"%d" % self._partition
        self._producer = producer(bootstrap)
        self._follower = Follower(
            bootstrap,
            [REPLIES],
            on_record=self._on_reply,
            start="end",
            name=f"replies to {instance}",
            partitions=[self._partition],
        )
        self._waiting: dict[bytes, _Waiting] = {}
        self._numbers = itertools.count(1)
        self._stop = asyncio.Event()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> RequestReply:
        try:
            await self._producer.start()
        except BaseException:
            await close(self._producer)
            raise
        await self._tasks.__aenter__()
        try:
            self._tasks.create_task(self._follower.run(self._stop), name="replies")
            self._tasks.create_task(self._watch(), name="requests")
            await self._follower.ready()
        except BaseException:
            await self.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        try:
            if kind is not None and issubclass(kind, asyncio.CancelledError):
                await self._tasks.__aexit__(kind, error, trace)
            else:
                # What the body raised goes on as it is; our own tasks have been told to end.
                await self._tasks.__aexit__(None, None, None)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await close(self._producer)

    async def _watch(self) -> None:
        """A producer that has died takes the process with it."""
        while not self._stop.is_set():
            if is_dead(self._producer):
                raise ProducerDied(f"{self._instance.decode()} can send nothing any more")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), WATCH_EVERY_S)

    async def request(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        headers: list[Header],
        *,
        timeout_s: float,
        remembered: Callable[[bytes], bool] = lambda _: True,
    ) -> bytes:
        """The reply's value. Sends again while there is time. Raises NoReply or RequestTooLarge.

        An answer to an earlier copy than the last counts where it is `remembered`: all copies get that one then.
        """
        if len(self._waiting) >= IN_FLIGHT_MAX:
            raise NoReply(f"{IN_FLIGHT_MAX} requests wait already")
        token = self._instance + b"/%d" % next(self._numbers)
        waiting = self._waiting[token] = _Waiting(asyncio.get_running_loop().create_future(), remembered)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    waiting.copies += 1
                    address = [(REPLY_TO, b"%b.%d" % (token, waiting.copies)), (REPLY_PARTITION, self._number)]
                    sent = await self._producer.send(topic, value, key=key, headers=[*headers, *address])
                    sent.add_done_callback(_tell_failure)
                    done, _ = await asyncio.wait([waiting.reply], timeout=RESEND_AFTER_S * waiting.copies)
                    if done:
                        return waiting.reply.result()
        except TimeoutError as error:
            raise NoReply(f"no reply within {timeout_s} s") from error
        except MessageSizeTooLargeError as error:
            raise RequestTooLarge(str(error)) from error
        except KafkaError as error:
            raise NoReply(f"the log takes nothing: {error!r}") from error
        finally:
            del self._waiting[token]

    def _on_reply(self, record: Record) -> None:
        token, _, copy = (record.key or b"").rpartition(b".")
        if (waiting := self._waiting.get(token)) is not None:
            waiting.take(copy, record.value)


def _tell_failure(sent: asyncio.Future[object]) -> None:
    if not sent.cancelled() and (error := sent.exception()) is not None:
        log.warning("a request was not taken by the log and will be sent again: %r", error)
