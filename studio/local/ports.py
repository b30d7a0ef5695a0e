"""Chooses free ports on 127.0.0.1 and remembers them, so that addresses stay the same over restarts."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

from studio.local.layout import write_private

# Below the range from which the kernel takes ports for outgoing connections, so that
# none of those can sit on a port between our choosing it and the server's binding it.
RANGE = range(20_000, 32_000)
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def assign(names: Iterable[str], remembered: dict[str, int]) -> dict[str, int]:
    """Gives every name a free port: the remembered one where that is possible, otherwise a new one."""
    chosen: dict[str, int] = {}
    for name in names:
        candidates = [remembered[name]] if name in remembered else []
        candidates += random.sample(RANGE, ATTEMPTS)
        port = next((port for port in candidates if port not in chosen.values() and is_free(port)), None)
        if port is None:
            raise RuntimeError(f"no free port on 127.0.0.1 for {name} between {RANGE.start} and {RANGE.stop}")
        chosen[name] = port
    return chosen


def assign_remembered(names: Iterable[str], file: Path) -> dict[str, int]:
    """Like `assign`, with the memory in a file; ports of names that are not asked for now stay in it."""
    remembered: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen = assign(names, remembered)
    write_private(file, json.dumps({**remembered, **chosen}, indent=2))
    return chosen
