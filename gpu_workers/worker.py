"""Takes predictions, runs each at most once through an engine process, and tells of every change."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from gpu_workers import predictions
from gpu_workers.engine_process import EngineProcess, EngineResult, EngineRun
from gpu_workers.engines.base import EngineCancelled, EngineError, EngineSpec
from gpu_workers.fetch import Fetcher, FetchFailed
from gpu_workers.predictions import Output, Prediction
from gpu_workers.store import PredictionStore

Inputs = dict[str, Any]
Hashes = Mapping[str, str]
"""SHA-256 by address."""

SWEEP_EVERY_S = 300.0
FETCHED_WITHIN_S = 5.0
"""Whoever asked for a result fetches it at once when it has ended, or never."""
log = logging.getLogger(__name__)


class Refused(Exception):
    """The worker does not take this prediction."""


class UnknownModel(Refused):
    """No engine of that name here."""


class InvalidInput(Refused):
    """The input does not fit the engine's schema."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(error["detail"] for error in errors))
        self.errors = errors


class Busy(Refused):
    """The queue is full, or the worker is being stopped."""


@dataclass(frozen=True)
class Waiting:
    """A prediction in the queue with its full input, which the store keeps only shortened."""

    prediction_id: str
    inputs: Inputs
    hashes: Hashes


class Worker:
    """A bounded queue before `capacity` slots, each with an engine process of its own."""

    def __init__(self, store: PredictionStore, fetcher: Fetcher, *, capacity: int, queue_size: int) -> None:
        self.store = store
        self.capacity = capacity
        self.specs: dict[str, EngineSpec] = {}
        self.memory_bytes = 0
        """What its engines have together: they share one GPU, or one machine."""
        self.draining = False
        self._fetcher = fetcher
        self._queue_size = queue_size
        self._queue: OrderedDict[str, Waiting] = OrderedDict()
        """What waits, in order: a cancelled one leaves its place to another at once."""
        self._queued = asyncio.Event()
        self._processes: list[EngineProcess] = []
        self._runs: dict[str, asyncio.Event] = {}
        self._changed: dict[str, asyncio.Event] = {}
        self._unfetched: dict[str, float] = {}
        """Until when a worker that is to stop stays for whoever may want a prediction's files, by the loop's clock."""
        self._fetched = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.on_load_changed: Callable[[], None] = lambda: None

    @property
    def running(self) -> int:
        return len(self._runs) + len(self._queue)

    async def start(self) -> None:
        """Start the engine processes; their imports are the warm-up, so that no first job pays for them."""
        self.store.recover()
        self._processes = [EngineProcess() for _ in range(self.capacity)]
        await asyncio.gather(*(process.start() for process in self._processes))
        self.specs, self.memory_bytes = self._processes[0].specs, self._processes[0].memory_bytes

    async def work(self) -> None:
        """Run until cancelled. A slot that dies takes the worker with it rather than leave it half alive."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for index, process in enumerate(self._processes):
                    tasks.create_task(self._slot(process), name=f"slot {index}")
                tasks.create_task(self._sweep(), name="sweep")
        finally:
            await asyncio.gather(*(process.close() for process in self._processes))

    def submit(self, prediction_id: str, model: str, inputs: Inputs, hashes: Hashes) -> Prediction:
        """Take a prediction; a known id is answered with its present state and never run again."""
        known = self.store.get(prediction_id)
        if known is not None:
            return known
        if model not in self.specs:
            raise UnknownModel(model)
        spec = self.specs[model]
        check(inputs, spec)
        if self.draining or len(self._queue) >= self._queue_size:
            raise Busy("the worker's queue is full" if not self.draining else "the worker is stopping")
        prediction = Prediction(
            id=prediction_id,
            model=model,
            engine=spec.name,
            input=predictions.shown_input(inputs),
            created_at=predictions.utc_now(),
        )
        self.store.save(prediction)
        self._queue[prediction_id] = Waiting(prediction_id, inputs, hashes)
        self._queued.set()
        self._idle.clear()
        self.on_load_changed()
        return prediction

    def cancel(self, prediction_id: str) -> Prediction | None:
        """Stop a prediction; one that has ended stays as it is."""
        prediction = self.store.get(prediction_id)
        if prediction is None or prediction.ended:
            return prediction
        if prediction_id in self._runs:
            self._runs[prediction_id].set()
            return prediction
        self._queue.pop(prediction_id, None)
        cancelled = self._end(predictions.canceled(prediction))
        self._load_changed()
        return cancelled

    async def watch(self, prediction_id: str) -> AsyncIterator[Prediction]:
        """The present state, then each change, up to the end; a slow reader skips what lies between."""
        while (prediction := self.store.get(prediction_id)) is not None:
            if prediction.ended:
                yield prediction
                return
            changed = self._changed.setdefault(prediction_id, asyncio.Event())
            yield prediction
            await changed.wait()

    async def ended(self, prediction_id: str) -> Prediction:
        """The prediction's last state."""
        last: Prediction | None = None
        async for state in self.watch(prediction_id):
            last = state
        assert last is not None
        return last

    def fetched(self, prediction_id: str) -> None:
        """Somebody has been given a file of it to the end."""
        self._unfetched.pop(prediction_id, None)
        self._fetched.set()

    async def drain(self, grace_s: float) -> None:
        """Take nothing new and let what was taken end and be fetched, for as long as the grace lasts."""
        self.draining = True
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
                await self._all_fetched()
        except TimeoutError:
            log.warning("stopping with %d predictions unfinished", self.running)

    async def _all_fetched(self) -> None:
        """A result that its worker takes along must be made again elsewhere."""
        loop = asyncio.get_running_loop()
        while (left_s := max(self._unfetched.values(), default=0.0) - loop.time()) > 0:
            self._fetched.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._fetched.wait()

    def _publish(self, prediction: Prediction, *, durable: bool) -> Prediction:
        (self.store.save if durable else self.store.keep)(prediction)
        changed = self._changed.pop(prediction.id, None)
        if changed is not None:
            changed.set()
        return prediction

    def _end(self, prediction: Prediction) -> Prediction:
        self.store.drop_inputs(prediction.id)
        if prediction.status != "succeeded":
            self.store.drop_files(prediction.id)
        else:
            self._await_fetching(prediction.id)
        return self._publish(prediction, durable=True)

    def _await_fetching(self, prediction_id: str) -> None:
        now = asyncio.get_running_loop().time()
        self._unfetched = {one: until for one, until in self._unfetched.items() if until > now}
        self._unfetched[prediction_id] = now + FETCHED_WITHIN_S

    async def _sweep(self) -> None:
        while True:
            self.store.sweep(predictions.utc_now())
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _slot(self, process: EngineProcess) -> None:
        while True:
            waiting = await self._next()
            prediction = self.store.get(waiting.prediction_id)
            if prediction is not None and not prediction.ended:
                await self._carry_out(process, prediction, waiting)
            self._load_changed()
            await process.ensure_started()

    async def _next(self) -> Waiting:
        while not self._queue:
            self._queued.clear()
            await self._queued.wait()
        return self._queue.popitem(last=False)[1]

    def _load_changed(self) -> None:
        if self.running == 0:
            self._idle.set()
        self.on_load_changed()

    async def _carry_out(self, process: EngineProcess, prediction: Prediction, waiting: Waiting) -> None:
        self._publish(predictions.started(prediction), durable=True)
        cancelled = self._runs[prediction.id] = asyncio.Event()
        try:
            self._end(await self._outcome(process, prediction, waiting, cancelled))
        finally:
            del self._runs[prediction.id]

    async def _outcome(
        self, process: EngineProcess, taken: Prediction, waiting: Waiting, cancelled: asyncio.Event
    ) -> Prediction:
        """How a prediction ends."""
        try:
            result = await self._engine_result(process, taken, waiting, cancelled)
            outputs = await asyncio.to_thread(outputs_of, result)
        except EngineCancelled:
            return predictions.canceled(self._present(taken))
        except EngineError as error:
            return predictions.failed(self._present(taken), error.category, f"{error.category}: {error}")
        except FetchFailed as error:
            return predictions.failed(self._present(taken), "outage", f"outage: {error}")
        return predictions.succeeded(self._present(taken), outputs, (result.started_at, result.ended_at))

    async def _engine_result(
        self, process: EngineProcess, taken: Prediction, waiting: Waiting, cancelled: asyncio.Event
    ) -> EngineResult:
        spec = self.specs[taken.model]
        folder = self.store.inputs_folder(taken.id)
        localising = self._fetcher.localise(waiting.inputs, spec.input_schema, folder, waiting.hashes)
        local = await unless(cancelled, localising)
        workdir = self.store.files_folder(taken.id)
        run = EngineRun(taken.model, local, workdir, seed_of(waiting.inputs, taken.id), spec.max_runtime_s)

        def on_progress(value: float, note: str) -> None:
            self._publish(predictions.progressed(self._present(taken), value, note), durable=False)

        return await process.run(run, on_progress, cancelled)

    def _present(self, taken: Prediction) -> Prediction:
        return self.store.get(taken.id) or taken


async def unless(cancelled: asyncio.Event, work: Coroutine[Any, Any, Inputs]) -> Inputs:
    """The work's result, or `EngineCancelled` as soon as the event is set."""
    task = asyncio.create_task(work)
    cancel = asyncio.create_task(cancelled.wait())
    try:
        await asyncio.wait({task, cancel}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise EngineCancelled
        return task.result()
    finally:
        task.cancel()
        cancel.cancel()


def seed_of(inputs: Inputs, prediction_id: str) -> int:
    """The caller's seed, or the prediction's own: who asks for three pictures of a cat wants three, and a prediction
    that is begun again, here or on another worker, still gives the same."""
    if "seed" in inputs:
        return int(inputs["seed"])
    return zlib.crc32(prediction_id.encode()) & 0x7FFF_FFFF  # as large as a caller's may be


def check(inputs: Inputs, spec: EngineSpec) -> None:
    """Hold the input against the engine's schema."""
    validator = jsonschema.Draft202012Validator(spec.input_schema)
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in error.absolute_path), "detail": error.message[:300]}
        for error in validator.iter_errors(inputs)
    ]
    if errors:
        raise InvalidInput(errors)


def outputs_of(result: EngineResult) -> list[Output]:
    """The engine's files with their sizes and hashes."""
    found = []
    for described in result.outputs:
        path = Path(described.pop("path"))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(Output(name=path.name, sha256=digest, bytes=path.stat().st_size, **described))
    return found
