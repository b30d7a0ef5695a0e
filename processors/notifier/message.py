"""A webhook as a customer gets it: signed as Standard Webhooks has it, the same id however often it comes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from commands.signing import webhook_key, webhook_signature
from events.assets import AssetRef
from events.envelope import Recorded
from events.jobs.events import JobCancelled, JobDead, JobEvent, JobFailed, JobSucceeded

Link = Callable[[AssetRef], str | None]
"""A file's signed address; None where no address of ours is known."""
ENDS: Final[Mapping[type[JobEvent], str]] = {
    JobSucceeded: "succeeded",
    JobFailed: "failed",
    JobDead: "dead",
    JobCancelled: "cancelled",
}
_ASSET: Final = ("asset_id", "media_type", "bytes", "width", "height", "duration_s", "engine")


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    org_id: str
    body: bytes

    def headers(self, secret: bytes, now: float) -> dict[str, str]:
        """Signed for this moment: a receiver refuses what is older than a few minutes."""
        timestamp = str(int(now))
        signature = webhook_signature(webhook_key(secret, self.org_id), self.id, timestamp, self.body)
        return {
            "content-type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }


def message_of(recorded: Recorded, link: Link) -> Message:
    """Of a job's end. Its words are not in it: whoever has a key asks for them."""
    event, envelope = recorded.data, recorded.envelope
    assert isinstance(event, JobEvent)
    status = ENDS[type(event)]
    data: dict[str, Any] = {"job_id": event.job_id, "status": status}
    if cause := event.cause.model_dump(exclude_none=True):
        data["cause"] = cause
    if isinstance(event, JobSucceeded):
        data |= {"captured": event.captured, "outputs": [_output(asset, link) for asset in event.outputs]}
    elif isinstance(event, JobFailed | JobDead):
        data["error"] = {"category": event.category}
    told = {"type": f"job.{status}", "timestamp": envelope.time.isoformat(), "data": data}
    return Message(envelope.id, event.org_id, orjson.dumps(told))


def _output(asset: AssetRef, link: Link) -> dict[str, Any]:
    told = {name: value for name in _ASSET if (value := getattr(asset, name)) is not None}
    url = link(asset)
    return told if url is None else told | {"url": url}
