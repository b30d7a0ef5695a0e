"""The process in which engines run: requests come in over stdin, progress and results go out over a pipe.

It is a process of its own so that a cancel can really stop an engine, and so that speech synthesis, which is
not thread-safe, is alone with its memory. One JSON object a line in each direction:
in  `{"op": "run", "model", "inputs", "workdir", "seed"}`, `{"op": "cancel"}`;
out `loading {model}`, `ready {engines, memory_bytes}`, `progress {value, note}`,
`done {outputs, started_at, ended_at}`, `canceled`, `failed {category, message}`.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from gpu_workers.engines.base import Engine, EngineCancelled, EngineError
from gpu_workers.engines.registry import engines_by
from gpu_workers.memory import memory_of
from gpu_workers.settings import WorkerSettings

PR_SET_PDEATHSIG = 1
NICENESS = 10
log = logging.getLogger(__name__)


def die_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent ends; a parent that is gone already ends it now."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the worker is gone")


class Child:
    """Runs one request after the other; a thread of its own listens for cancels meanwhile."""

    def __init__(self, engines: list[Engine], requests: TextIO, answers: TextIO) -> None:
        self._requests = requests
        self._answers = answers
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=4)
        self._cancelled = threading.Event()
        self._engines: dict[str, Engine] = {engine.spec.model: engine for engine in engines}
        self._loaded: set[str] = set()

    def serve(self) -> None:
        for engine in [one for one in self._engines.values() if one.spec.loads_first]:
            self._load_first(engine)
        specs = [engine.spec for engine in self._engines.values()]
        self._say("ready", engines=[asdict(spec) for spec in specs], memory_bytes=memory_of(specs))
        threading.Thread(target=self._listen, daemon=True, name="requests").start()
        while (request := self._waiting.get()) is not None:
            self._run(request)

    def _load_first(self, engine: Engine) -> None:
        """A model that cannot be loaded is not served: its jobs go to workers that have it."""
        model = engine.spec.model
        self._say("loading", model=model)
        try:
            engine.load()
        except Exception:  # whatever a model's files may hold; all else is served
            log.exception("%s cannot be loaded, and is not served", engine.spec.name)
            del self._engines[model]
        else:
            self._loaded.add(model)

    def _listen(self) -> None:
        for line in self._requests:
            request = json.loads(line)
            if request["op"] == "cancel":
                self._cancelled.set()
            else:
                self._cancelled.clear()
                self._waiting.put(request)
        self._waiting.put(None)

    def _say(self, event: str, **members: Any) -> None:
        self._answers.write(json.dumps({"event": event, **members}) + "\n")
        self._answers.flush()

    def _run(self, request: dict[str, Any]) -> None:
        engine = self._engines[request["model"]]
        try:
            if request["model"] not in self._loaded:
                engine.load()
                self._loaded.add(request["model"])
            started_at = time.time()
            outputs = engine.run(
                request["inputs"],
                progress=lambda value, note: self._say("progress", value=value, note=note),
                cancelled=self._cancelled.is_set,
                workdir=Path(request["workdir"]),
                seed=request["seed"],
            )
            ended_at = time.time()
        except EngineCancelled:
            self._say("canceled")
        except EngineError as error:
            self._say("failed", category=error.category, message=str(error))
        except Exception as error:  # the caller must hear of it, and the process stays fit for the next
            log.exception("engine %s failed", engine.spec.name)
            self._say("failed", category="unknown", message=f"{type(error).__name__} in {engine.spec.name}")
        else:
            described = [{**asdict(output), "path": str(output.path)} for output in outputs]
            self._say("done", outputs=described, started_at=started_at, ended_at=ended_at)


def main() -> None:
    die_with(int(sys.argv[1]))
    # Seconds of computing must not hold up what takes milliseconds beside them.
    os.nice(NICENESS)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker decides when this process ends
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library that prints must not speak on the pipe
    Child(engines_by(WorkerSettings()), sys.stdin, answers).serve()


if __name__ == "__main__":
    main()
