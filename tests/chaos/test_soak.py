"""Minutes of kills, pauses and misbehaving providers under load: afterwards everything that is promised holds."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from tests.chaos.soak import ENDED_WITHIN_S, soak

SECONDS = float(os.environ.get("SECONDS_TO_RUN") or 180)
SEED = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
AROUND_S = 300


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.flaky(reruns=0)
@pytest.mark.timeout(SECONDS + ENDED_WITHIN_S + AROUND_S)
async def test_what_is_promised_holds_after_minutes_of_chaos(tmp_path: Path) -> None:
    print(f"SECONDS_TO_RUN={SECONDS:.0f} SEED={SEED}")  # noqa: T201
    faults = await soak(tmp_path, SEED, SECONDS)
    assert not faults, "\n".join([f"{len(faults)} faults with SEED={SEED}", *faults[:50]])
