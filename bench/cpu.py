"""CPU time by process: a figure that hardly moves when others compute on the machine too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import psutil

CORES = 2


def spent_s(processes: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds so far of each process and its children, by name; a child with a name of its own is only that."""
    named = set(processes.values())
    return {name: _with_children(psutil.Process(pid), named - {pid}) for name, pid in processes.items()}


def pids(status: Mapping[str, Any]) -> dict[str, int]:
    """The processes of `studio status --json`, and this one, which makes the load."""
    return {one["name"]: one["pid"] for one in status["processes"]} | {"client": psutil.Process().pid}


def per_operation_ms(before: Mapping[str, float], after: Mapping[str, float], operations: int) -> dict[str, float]:
    """CPU milliseconds for each operation, most first."""
    used = {name: (after[name] - before[name]) * 1000 / operations for name in before}
    return dict(sorted(used.items(), key=lambda item: -item[1]))


def ceiling(per_operation: Mapping[str, float]) -> float:
    """Operations a second that two cores could do if nobody else used them."""
    return CORES * 1000 / sum(per_operation.values())


def _with_children(process: psutil.Process, but: Collection[int]) -> float:
    times = process.cpu_times()
    children = [child for child in process.children() if child.pid not in but]
    return float(times.user + times.system) + sum(_with_children(child, but) for child in children)
