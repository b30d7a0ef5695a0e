"""A few seconds of the soak that `make chaos` runs for minutes: kills under load, and what is promised holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.soak import ENDED_WITHIN_S, soak

SECONDS = 15
SEED = 5


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.flaky(reruns=0)
@pytest.mark.timeout(SECONDS + ENDED_WITHIN_S + 300)
async def test_what_is_promised_holds_after_some_kills(tmp_path: Path) -> None:
    faults = await soak(tmp_path, SEED, SECONDS)
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:50]])
