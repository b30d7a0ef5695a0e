"""Logs as JSON lines on stderr, each with the process, the role and the action it belongs to."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

ROLE: ContextVar[str | None] = ContextVar("role", default=None)
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
NOISY = ("aiokafka", "httpx", "httpcore", "pymongo", "uvicorn.error")


class JsonLines(logging.Formatter):
    """One JSON object a record; what a call passes as `extra` (such as `action`) stands beside the rest."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "role": ROLE.get(),
            "logger": record.name,
            "action": record.funcName,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in STANDARD})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        present = {key: value for key, value in line.items() if value is not None}
        return orjson.dumps(present, default=str).decode()


def configure(process: str, level: str) -> None:
    """Sends everything that is logged to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
