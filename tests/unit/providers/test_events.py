"""Server-sent events: as long as they like, but each of no more bytes than an answer may have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import repeat

import httpx
import pytest

from adapters.providers import events
from adapters.providers.events import bounded_events
from adapters.providers.fleet import adapter
from adapters.providers.fleet.adapter import Fleet
from adapters.providers.http import TooLarge
from processors.dispatcher.errors import ContractDrift
from processors.dispatcher.ports import Handle, Progressed

BYTES_MAX = 64


class Wire(httpx.AsyncByteStream):
    """Chunks as they arrive; how many were taken is counted."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk


def answer(wire: Wire) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=wire)


async def told(*chunks: bytes) -> list[str]:
    return [event.data async for event in bounded_events(answer(Wire(chunks)), who="it", bytes_max=BYTES_MAX)]


@pytest.mark.parametrize("end", events.ENDS)
async def test_many_short_events_are_read_whole_wherever_they_are_cut(end: bytes) -> None:
    whole = b"".join(b"data: " + b"%040d" % n + end for n in range(10))
    for size in (1, 3, 7, 50, len(whole)):
        assert await told(*(whole[at : at + size] for at in range(0, len(whole), size))) == [
            f"{n:040d}" for n in range(10)
        ]


@pytest.mark.parametrize("endless", [b"data: x" + b"x" * 20, b"data: x\n" * 3, b":" + b"x" * 20])
async def test_an_event_that_does_not_end_is_given_up_and_no_more_of_it_is_read(endless: bytes) -> None:
    wire = Wire(repeat(endless))
    with pytest.raises(TooLarge, match=f"it sent an event of more than {BYTES_MAX} bytes"):
        await anext(bounded_events(answer(wire), who="it", bytes_max=BYTES_MAX))
    assert wire.taken == BYTES_MAX // len(endless) + 1


class Here:
    """A directory with one worker."""

    async def url(self, worker: str) -> str | None:
        return f"http://{worker}"


def endless_line() -> Iterator[bytes]:
    yield b'data: {"status": "processing"}\n\ndata: {'
    yield from repeat(b"x" * 1000)


async def test_a_worker_whose_line_has_no_end_fails_its_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "ANSWER_MAX_BYTES", 10_000)
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer(Wire(endless_line()))))
    fleet = Fleet(Here(), client=client)
    updates = fleet.watch(Handle("job_1.1", "w1"))
    assert isinstance(await anext(updates), Progressed)
    with pytest.raises(ContractDrift, match="the worker sent an event of more than 10000 bytes"):
        await anext(updates)
    await fleet.aclose()
