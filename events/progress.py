"""Live progress: what a page shows while it happens, and what is not history (topic `progress`)."""

from __future__ import annotations

from typing import Any

from events.model import Frozen
from events.sealed import Sealed


class Progress(Frozen):
    """One frame for the page. `text`, when there is one, is opened by the gateway into `data[text_field]`."""

    org_id: str
    session_id: str | None = None
    event: str
    """Name of the frame: `agent.content`, `step.drafting`, `step.progress`, …"""
    data: dict[str, Any]
    text: Sealed | None = None
    text_field: str = "delta"
    """Where the opened text goes; `step` means that the text is JSON and goes in parsed."""
