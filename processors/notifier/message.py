"""A webhook as a customer gets it: signed as Standard Webhooks has it, the same id however often it comes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from commands.signing import webhook_key, webhook_signature
from events.assets import AssetRef
from events.envelope import Recorded
from events.jobs.events import (
    Category,
    EndStatus,
    JobDead,
    JobEvent,
    JobFailed,
    JobSucceeded,
    WebhookResendRequested,
)
from events.jobs.state import ENDS

Link = Callable[[AssetRef], str | None]
"""A file's signed address; None where no address of ours is known."""
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
    """Of a job's end, told for the first time or again. Its words are not in it: whoever has a key asks for them."""
    event, envelope = recorded.data, recorded.envelope
    assert isinstance(event, JobEvent)
    if isinstance(event, WebhookResendRequested):
        data = _data(event, event.status, event.captured, event.outputs, event.category, link)
        return _message(event.message_id, event, event.status, event.ended_at, data)
    done = event if isinstance(event, JobSucceeded) else None
    category = event.category if isinstance(event, JobFailed | JobDead) else None
    status, captured, outputs = ENDS[type(event)], done.captured if done else None, done.outputs if done else ()
    data = _data(event, status, captured, outputs, category, link)
    return _message(envelope.id, event, status, envelope.time.isoformat(), data)


def _message(message_id: str, event: JobEvent, status: EndStatus, at: str, data: dict[str, Any]) -> Message:
    told = {"type": f"job.{status}", "timestamp": at, "data": data}
    return Message(message_id, event.org_id, orjson.dumps(told))


def _data(
    event: JobEvent,
    status: EndStatus,
    captured: int | None,
    outputs: Sequence[AssetRef],
    category: Category | None,
    link: Link,
) -> dict[str, Any]:
    data: dict[str, Any] = {"job_id": event.job_id, "status": status}
    if cause := event.cause.model_dump(exclude_none=True):
        data["cause"] = cause
    if captured is not None:
        data |= {"captured": captured, "outputs": [_output(asset, link) for asset in outputs]}
    if category is not None:
        data["error"] = {"category": category}
    return data


def _output(asset: AssetRef, link: Link) -> dict[str, Any]:
    told = {name: value for name in _ASSET if (value := getattr(asset, name)) is not None}
    url = link(asset)
    return told if url is None else told | {"url": url}
