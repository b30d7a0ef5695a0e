"""A Redis of a test's own: to be flushed, killed, started again, or restored from an old dump."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import redis

from studio.local.ports import assign
from studio.local.servers.redis import redis_server

UP_WITHIN_S = 20.0


class OwnRedis:
    """Ends with its context. `url` stays the same over its restarts."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._port = assign(["redis"], {})["redis"]
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> OwnRedis:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        command = [str(redis_server()), "--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._data)]
        self._running = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + UP_WITHIN_S
        while not self._answers():
            assert self._running.poll() is None, "Redis did not start"
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        assert self._running is not None
        self._running.kill()
        self._running.wait()

    def dump(self) -> None:
        """What it holds now is what it has after its next start, whatever happens until then."""
        with redis.Redis.from_url(self.url) as client:
            client.save()
        shutil.move(self._data / "dump.rdb", self._data / "old.rdb")

    def restore(self) -> None:
        """While it is down."""
        shutil.copy(self._data / "old.rdb", self._data / "dump.rdb")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
