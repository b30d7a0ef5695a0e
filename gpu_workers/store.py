"""Keeps predictions and their files on disk for a day, so that a repeat is answered and never run again."""

from __future__ import annotations

import fcntl
import logging
import shutil
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from gpu_workers.predictions import Prediction, failed

KEPT = timedelta(hours=24)
MAX_RECORDS = 10_000
MAX_FILE_BYTES = 4 * 2**30
RECORD = "prediction.json"

log = logging.getLogger(__name__)


class StoreInUse(Exception):
    """Another worker with the same id already works in this folder."""


class PredictionStore:
    """One folder a prediction: its record, its inputs while it runs, its files afterwards."""

    def __init__(self, root: Path, *, max_file_bytes: int = MAX_FILE_BYTES) -> None:
        self.root = root
        self._max_file_bytes = max_file_bytes
        root.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        self._held: OrderedDict[str, Prediction] = OrderedDict()
        self._made: dict[str, Path] = {}
        """Outputs by the hash of their content; an entry goes with its record, its file may have gone before."""

    def _take_lock(self) -> IO[str]:
        lock = (self.root / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise StoreInUse(f"another worker uses {self.root.name}") from error
        return lock

    def close(self) -> None:
        self._lock.close()

    def recover(self) -> None:
        """Read what an earlier life has left; what was running then has failed."""
        found = []
        for record in self.root.glob(f"*/{RECORD}"):
            try:
                found.append(Prediction.model_validate_json(record.read_bytes()))
            except ValidationError:
                log.warning("unreadable record of %s is set aside", record.parent.name)
                record.rename(record.with_suffix(".unreadable"))
        for prediction in sorted(found, key=lambda one: one.created_at):
            if prediction.ended:
                self._hold(prediction)
            else:
                reason = "worker-restarted: the worker was restarted while this prediction ran"
                self.save(failed(prediction, "worker-restarted", reason))

    def get(self, prediction_id: str) -> Prediction | None:
        return self._held.get(prediction_id)

    def keep(self, prediction: Prediction) -> None:
        """Hold a passing state (progress) in memory only."""
        self._held[prediction.id] = prediction

    def _hold(self, prediction: Prediction) -> None:
        self._held[prediction.id] = prediction
        for output in prediction.outputs:
            self._made[output.sha256] = self.root / prediction.id / "files" / output.name

    def made(self, sha256: str) -> Path | None:
        """A file of this content that an engine has made here, if it is still there."""
        path = self._made.get(sha256)
        return path if path is not None and path.is_file() else None

    def save(self, prediction: Prediction) -> None:
        self._hold(prediction)
        folder = self.root / prediction.id
        folder.mkdir(exist_ok=True)
        fresh = folder / f"{RECORD}.new"
        fresh.write_text(prediction.model_dump_json())
        fresh.replace(folder / RECORD)

    def inputs_folder(self, prediction_id: str) -> Path:
        return self._folder(prediction_id, "inputs")

    def files_folder(self, prediction_id: str) -> Path:
        return self._folder(prediction_id, "files")

    def _folder(self, prediction_id: str, name: str) -> Path:
        folder = self.root / prediction_id / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def drop_inputs(self, prediction_id: str) -> None:
        shutil.rmtree(self.root / prediction_id / "inputs", ignore_errors=True)

    def drop_files(self, prediction_id: str) -> None:
        shutil.rmtree(self.root / prediction_id / "files", ignore_errors=True)

    def file(self, prediction_id: str, name: str) -> Path | None:
        """The path of an output, only if the record names it."""
        prediction = self._held.get(prediction_id)
        if prediction is None or name not in {output.name for output in prediction.outputs}:
            return None
        path = self.root / prediction_id / "files" / name
        return path if path.is_file() else None

    def sweep(self, now: datetime) -> None:
        """Forget what is older than a day; before that, files go first and records stay to answer a repeat."""
        ended = [one for one in self._held.values() if one.ended]
        over = max(0, len(self._held) - MAX_RECORDS)
        for index, prediction in enumerate(ended):
            if index < over or (prediction.completed_at or prediction.created_at) < now - KEPT:
                del self._held[prediction.id]
                for output in prediction.outputs:
                    self._made.pop(output.sha256, None)
                shutil.rmtree(self.root / prediction.id, ignore_errors=True)
        kept_bytes = 0
        for prediction in sorted(ended, key=lambda one: one.created_at, reverse=True):
            kept_bytes += sum(output.bytes for output in prediction.outputs)
            if kept_bytes > self._max_file_bytes:
                self.drop_files(prediction.id)
