"""A worker that is to stop stays until what it has made was fetched, or until nobody will."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpu_workers import predictions, worker
from gpu_workers.fetch import Fetcher
from gpu_workers.predictions import Output, Prediction
from gpu_workers.store import PredictionStore
from gpu_workers.worker import Worker


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PredictionStore]:
    made = PredictionStore(tmp_path)
    yield made
    made.close()


def one_that_has_made(store: PredictionStore, *prediction_ids: str) -> Worker:
    found = Worker(store, Fetcher(frozenset()), capacity=1, queue_size=1)
    for prediction_id in prediction_ids:
        (store.files_folder(prediction_id) / "a.png").write_bytes(b"png")
        output = Output(name="a.png", media_type="image/png", sha256="0" * 64, bytes=3)
        taken = Prediction(id=prediction_id, model="m", engine="e", input={}, created_at=predictions.utc_now())
        found._end(predictions.succeeded(taken, [output], (1.0, 3.5)))
    return found


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_it_leaves_when_the_last_result_has_been_fetched(store: PredictionStore) -> None:
    it = one_that_has_made(store, "job_1.1", "job_2.1")
    draining = asyncio.create_task(it.drain(60))
    await settled()
    it.fetched("job_1.1")
    await settled()
    assert not draining.done()
    it.fetched("job_2.1")
    await draining


async def test_it_does_not_wait_for_whoever_never_comes(
    store: PredictionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FETCHED_WITHIN_S", 0.01)
    async with asyncio.timeout(5):
        await one_that_has_made(store, "job_1.1").drain(60)


async def test_it_leaves_at_once_when_it_has_made_nothing(store: PredictionStore) -> None:
    async with asyncio.timeout(1):
        await one_that_has_made(store).drain(60)
