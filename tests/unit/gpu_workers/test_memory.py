"""What a worker has is its machine's memory, or its container's where that has less."""

from __future__ import annotations

from pathlib import Path

from gpu_workers.memory import machine_memory


def test_a_container_has_what_it_was_given(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    whole = machine_memory(limit)
    assert whole > 2**20
    limit.write_text("1048576\n")
    assert machine_memory(limit) == 2**20
    limit.write_text("max\n")
    assert machine_memory(limit) == whole
