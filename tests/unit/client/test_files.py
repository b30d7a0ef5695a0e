"""A run's files: each is fetched once, as soon as its step tells of it, and whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from studio.client.access import Access
from studio.client.api import Api, Refused
from studio.client.files import Fetching

BYTES = b"0123456789"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n"
GONE = b'HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{"title": "no such file"}'
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Answers:
    """Gives one answer after the other, and the last of them for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        self.given = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split()[1].decode())
        writer.write(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
        await writer.drain()
        writer.close()
        self.given.set()


@asynccontextmanager
async def fetching(answers: Answers, folder: Path) -> AsyncIterator[Fetching]:
    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, Api(Access(url, "sk_x"), 10) as api, Fetching(api, folder) as files:
        yield files


def step(number: int, *outputs: str) -> dict[str, Any]:
    made = [{"asset_id": name, "url": f"/files/{name}", "media_type": "image/png"} for name in outputs]
    return {"step_id": f"stp_X.1.s{number}", "title": f"Step {number}", "outputs": made}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_file_is_fetched_before_the_run_is_over_and_only_once(tmp_path: Path) -> None:
    answers = Answers(HEAD + BYTES)
    async with fetching(answers, tmp_path / "out") as files:
        files.begin([step(1, "a"), step(2)])
        files.begin([step(1, "a"), step(2)])
        async with asyncio.timeout(5):
            await answers.given.wait()
        found = await files.all([step(1, "a"), step(2, "b", "c")])
    assert sorted(answers.asked) == ["/files/a", "/files/b", "/files/c"]
    assert [Path(one["path"]).name for one in found] == ["1-step-1.png", "2-step-2.png", "2-step-2-2.png"]
    assert contents(tmp_path / "out") == {
        "1-step-1.png": BYTES,
        "2-step-2.png": BYTES,
        "2-step-2-2.png": BYTES,
    }


@pytest.mark.parametrize("first", [HEAD + BYTES[:4], b"", BUSY], ids=["cut", "closed", "busy"])
async def test_what_ends_on_the_way_is_fetched_again_from_its_beginning(first: bytes, tmp_path: Path) -> None:
    """As when the gateway is killed in the middle of a run."""
    answers = Answers(HEAD + BYTES[:1], first, HEAD + BYTES)
    async with fetching(answers, tmp_path) as files:
        found = await files.all([step(1, "a")])
    assert [one["path"] for one in found] == [str(tmp_path / "1-step-1.png")]
    assert contents(tmp_path) == {"1-step-1.png": BYTES}
    assert len(answers.asked) == 3


async def test_a_file_that_is_not_there_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    async with fetching(Answers(GONE), tmp_path) as files:
        with pytest.raises(Refused, match="no such file"):
            await files.all([step(1, "a")])
    assert contents(tmp_path) == {}
