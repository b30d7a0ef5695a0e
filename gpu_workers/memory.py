"""How much memory the engines of a worker have, in bytes: what it announces of itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gpu_workers.engines.base import EngineSpec

CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


def memory_of(specs: Iterable[EngineSpec]) -> int:
    """The GPU's where an engine is on one, else what this process may have of the machine's."""
    if any("cuda" in spec.tags for spec in specs):
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory)
    return machine_memory()


def machine_memory(limit: Path = CGROUP) -> int:
    """The machine's, or its container's where that has less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(limit.read_text()))
    except (OSError, ValueError):
        return whole
