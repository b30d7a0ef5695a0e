"""A real worker process over HTTP with a real Redis: idempotent, cancellable, restartable, discoverable."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis.asyncio
from httpx_sse import aconnect_sse

from gpu_workers.memory import machine_memory
from gpu_workers.registration import Entry, Registration
from studio.local.ports import assign
from tests.redis import OwnRedis

PATIENCE_S = 40.0
PNG = {"model": "local/picture", "input": {"prompt": "red mug", "width": 320, "height": 180}}
LONG = {"model": "local/text-to-video", "input": {"prompt": "sea at night", "duration_s": 30}}
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with OwnRedis(tmp_path_factory.mktemp("redis")) as own:
        yield own.url


class RunningWorker:
    """A worker process and a client of it."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.port = assign(["worker"], {})["worker"]
        self.environment = {
            **os.environ,
            "STUDIO_DATA_DIR": str(folder),
            "STUDIO_REDIS_URL": redis_url,
            "STUDIO_WORKER_ID": "worker-t",
            "STUDIO_WORKER_PORT": str(self.port),
            "STUDIO_WORKER_QUEUE": "2",
        }
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE_S)

    async def start(self) -> None:
        self.process = self.spawn()
        async with asyncio.timeout(PATIENCE_S):
            while not await self.ready():
                assert self.process.poll() is None, "the worker ended while starting"
                await asyncio.sleep(0.05)

    def spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "gpu_workers"], env=self.environment)

    async def ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return bool((await self.client.get("/health-check")).json()["status"] == "READY")
        return False

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        await asyncio.to_thread(self.process.wait, PATIENCE_S)

    async def put(self, prediction_id: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.client.put(f"/predictions/{prediction_id}", json=body, headers=headers)

    async def events(self, prediction_id: str) -> AsyncIterator[dict[str, Any]]:
        async with aconnect_sse(self.client, "GET", f"/predictions/{prediction_id}/events") as stream:
            async for event in stream.aiter_sse():
                yield json.loads(event.data)

    async def reached(self, prediction_id: str, *statuses: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            async for state in self.events(prediction_id):
                if state["status"] in statuses:
                    return state
        raise AssertionError(f"{prediction_id} ended without reaching {statuses}")


@pytest.fixture(scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> AsyncIterator[RunningWorker]:
    running = RunningWorker(tmp_path_factory.mktemp("worker"), redis_url)
    await running.start()
    yield running
    if running.process.poll() is None:
        await running.stop()
    await running.client.aclose()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_prediction_is_made_once_and_repeats_are_answered_with_it(worker: RunningWorker) -> None:
    first = (await worker.put("job_1.1", PNG)).json()
    again = (await worker.put("job_1.1", {**PNG, "input": {"prompt": "another"}})).json()
    assert first["status"] == "succeeded"
    assert again == first
    assert first["engine"] == "local-cpu/picture"
    assert first["progress"] == 1.0
    assert first["engine_started_at"] < first["engine_ended_at"]
    assert first["metrics"]["predict_time"] == first["engine_ended_at"] - first["engine_started_at"]
    (output,) = first["output"]
    assert (output["media_type"], output["width"], output["height"]) == ("image/png", 320, 180)
    file = await worker.client.get(output["url"])
    assert len(file.content) == output["bytes"]
    assert file.headers["content-type"] == "image/png"
    assert file.headers["x-content-type-options"] == "nosniff"


async def test_concurrent_repeats_run_once(worker: RunningWorker) -> None:
    answers = await asyncio.gather(*(worker.put("job_2.1", PNG, **ASYNC) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    await worker.reached("job_2.1", "succeeded")
    stamps = {(await worker.put("job_2.1", PNG)).json()["engine_started_at"] for _ in range(3)}
    assert len(stamps) == 1


async def test_files_are_wired_from_one_prediction_to_the_next_with_progress(worker: RunningWorker) -> None:
    picture = (await worker.put("job_3.1", PNG)).json()["output"][0]["url"]
    motion = {"model": "local/motion", "input": {"image": picture, "duration_s": 1, "width": 320, "height": 180}}
    await worker.put("job_3.2", motion, **ASYNC)
    states = [state async for state in worker.events("job_3.2")]
    assert states[-1]["status"] == "succeeded"
    assert states[-1]["output"][0]["duration_s"] == 1.0
    shares = [state["progress"] for state in states]
    assert shares == sorted(shares)


async def test_a_cancel_stops_a_running_prediction_and_the_next_one_runs(worker: RunningWorker) -> None:
    await worker.put("job_4.1", LONG, **ASYNC)
    await worker.reached("job_4.1", "processing")
    assert (await worker.client.post("/predictions/job_4.1/cancel")).status_code == 200
    assert (await worker.reached("job_4.1", "canceled"))["output"] is None
    assert (await worker.put("job_4.2", PNG)).json()["status"] == "succeeded"
    assert (await worker.client.post("/predictions/job_4.2/cancel")).json()["status"] == "succeeded"


async def test_beyond_capacity_predictions_wait_and_beyond_the_queue_they_are_refused(worker: RunningWorker) -> None:
    await worker.put("job_5.0", LONG, **ASYNC)
    await worker.reached("job_5.0", "processing")
    codes = [(await worker.put(f"job_5.{n}", LONG, **ASYNC)).status_code for n in range(1, 5)]
    assert codes == [202, 202, 503, 503]
    assert (await worker.client.get("/health-check")).json()["status"] == "BUSY"
    for n in (1, 2, 0):
        await worker.client.post(f"/predictions/job_5.{n}/cancel")
        assert (await worker.reached(f"job_5.{n}", "canceled"))["status"] == "canceled"
    assert (await worker.put("job_5.9", PNG)).json()["status"] == "succeeded"


async def test_a_cancelled_prediction_leaves_its_place_in_the_queue_at_once(worker: RunningWorker) -> None:
    await worker.put("job_11.0", LONG, **ASYNC)
    await worker.reached("job_11.0", "processing")
    assert [(await worker.put(f"job_11.{n}", LONG, **ASYNC)).status_code for n in (1, 2, 3)] == [202, 202, 503]
    await worker.client.post("/predictions/job_11.1/cancel")
    assert [(await worker.put(f"job_11.{n}", LONG, **ASYNC)).status_code for n in (4, 5)] == [202, 503]
    for n in (2, 4, 0):
        await worker.client.post(f"/predictions/job_11.{n}/cancel")
        await worker.reached(f"job_11.{n}", "canceled")


@pytest.mark.parametrize(
    ("prediction_id", "body", "status"),
    [
        ("job_6.1", {"model": "local/none", "input": {}}, 404),
        ("job_6.2", {"model": "local/picture", "input": {}}, 422),
        ("job_6.3", {"model": "local/picture", "input": {"prompt": "mug", "colour": "red"}}, 422),
        (".hidden", PNG, 422),
    ],
)
async def test_what_cannot_be_run_is_refused(
    worker: RunningWorker, prediction_id: str, body: dict[str, Any], status: int
) -> None:
    assert (await worker.put(prediction_id, body)).status_code == status
    assert (await worker.client.get(f"/predictions/{prediction_id}")).status_code == 404


@pytest.mark.parametrize(
    "uri",
    ["http://169.254.169.254/latest", "file:///etc/passwd", "data:image/png;base64,AAAA", "data:image/png;base64,*"],
)
async def test_inputs_from_elsewhere_or_of_no_use_fail_as_invalid_input(worker: RunningWorker, uri: str) -> None:
    body = {"model": "local/motion", "input": {"image": uri}}
    answer = (await worker.put(f"job_7.{base64.urlsafe_b64encode(uri.encode()).decode().strip('=')}", body)).json()
    assert (answer["status"], answer["error_category"]) == ("failed", "input_validation")


async def test_only_recorded_files_are_served(worker: RunningWorker) -> None:
    await worker.put("job_8.1", PNG)
    for path in ("job_8.1/prediction.json", "job_8.1/..%2fprediction.json", "..%2f..%2fetc/passwd"):
        assert (await worker.client.get(f"/files/{path}")).status_code == 404


async def test_a_worker_is_found_in_redis(worker: RunningWorker, redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        entry = json.loads(await client.get("fleet:worker:worker-t") or "{}")
        assert entry["url"] == f"http://127.0.0.1:{worker.port}"
        assert "local/picture" in entry["models"]
        assert (entry["capacity"], entry["engine_kind"]) == (1, "local-cpu")
        assert entry["memory_bytes"] == machine_memory()
        assert 0 < await client.pttl("fleet:worker:worker-t") <= 6000
        seconds, _ = await client.time()
        lapses_at = await client.zscore("fleet:workers", "worker-t")
        assert lapses_at is not None
        assert seconds * 1000 < lapses_at <= (seconds + 8) * 1000


@pytest.mark.parametrize("rounds", range(12))
async def test_a_registration_ends_whatever_it_is_in_the_middle_of(redis_url: str, rounds: int) -> None:
    entry = Entry(f"worker-{rounds}", "http://127.0.0.1:1", [], 1, 0, 0, "local-cpu", "now")
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        registration = Registration(redis.asyncio.Redis.from_url(redis_url, socket_timeout=2), lambda: entry)
        running = asyncio.create_task(registration.run())
        async with asyncio.timeout(PATIENCE_S):
            while not await client.exists(f"fleet:worker:{entry.worker_id}"):
                continue
            registration.load_changed()
            for _ in range(rounds):
                await asyncio.sleep(0)
            registration.end()
            await running
        assert not await client.exists(f"fleet:worker:{entry.worker_id}")


async def test_a_killed_worker_fails_what_ran_keeps_what_ended_and_leaves_no_child(
    worker: RunningWorker, redis_url: str
) -> None:
    done = (await worker.put("job_9.1", PNG)).json()
    await worker.put("job_9.2", LONG, **ASYNC)
    await worker.reached("job_9.2", "processing")
    children = psutil.Process(worker.process.pid).children(recursive=True)
    assert children
    await worker.stop(signal.SIGKILL)
    gone, alive = await asyncio.to_thread(psutil.wait_procs, children, PATIENCE_S)
    assert (len(gone), alive) == (len(children), [])
    await worker.start()
    assert (await worker.put("job_9.1", PNG)).json() == done
    assert (await worker.client.get(done["output"][0]["url"])).status_code == 200
    failed = (await worker.put("job_9.2", LONG)).json()
    assert (failed["status"], failed["error_category"]) == ("failed", "worker-restarted")
    assert failed["error"].startswith("worker-restarted")


async def test_a_registration_lapses_when_its_worker_is_frozen(worker: RunningWorker, redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        events = client.pubsub()
        await client.config_set("notify-keyspace-events", "Kx")
        await events.subscribe("__keyspace@0__:fleet:worker:worker-t")
        worker.process.send_signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for message in events.listen():
                    if message["type"] == "message":
                        break
        finally:
            worker.process.send_signal(signal.SIGCONT)
        await events.unsubscribe()
        assert message["data"] == b"expired"


async def test_sigterm_unregisters_and_what_runs_ends_and_is_fetched(worker: RunningWorker, redis_url: str) -> None:
    body = {"model": "local/text-to-video", "input": {"prompt": "sea", "duration_s": 2}}
    await worker.put("job_10.1", body, **ASYNC)
    await worker.reached("job_10.1", "processing")
    watched = asyncio.create_task(worker.reached("job_10.1", "succeeded", "failed", "canceled"))
    worker.process.send_signal(signal.SIGTERM)
    ended = await watched
    assert ended["status"] == "succeeded"
    assert (await worker.put("job_10.2", PNG)).status_code == 503
    (output,) = ended["output"]
    assert len((await worker.client.get(output["url"])).content) == output["bytes"]
    assert await asyncio.to_thread(worker.process.wait, PATIENCE_S) == 0
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.get("fleet:worker:worker-t") is None
        assert await client.zscore("fleet:workers", "worker-t") is None
