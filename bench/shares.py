"""Where the platform's own share of a run goes: the log's events as marks, and what lies between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from events.log.clients import Record
from studio.client.log import newest
from studio.client.timing import Span, union_length, within

CANVAS, JOBS = "events.canvas", "events.jobs"
RECORDS_MAX: Final = 1_000
"""So many of the newest events are searched for those of one run; the bench runs nothing beside it."""
ASKED: Final = "plan: message on the log → the model is asked"
AT_WORK: Final = "each step: dispatched → its engine works (inputs fetched)"
TOLD: Final = "end: run completed → the client knows"
BROUGHT: Final = "end: the client knows → files brought"
MARKS: Final = {
    "com.aistudio.canvas.message_posted.v1": "plan: prompt sent → message on the log",
    "com.aistudio.canvas.plan_drafted.v1": "plan: the model has answered → plan drafted",
    "com.aistudio.canvas.run_started.v1": "plan: drafted → validated, models chosen, approved, run started",
    "com.aistudio.jobs.accepted.v1": "each step: ready → job accepted, credits reserved",
    "com.aistudio.jobs.dispatched.v1": "each step: accepted → dispatched",
    "com.aistudio.jobs.succeeded.v1": "each step: its engine is done → files stored, job ended and paid",
    "com.aistudio.canvas.step_succeeded.v1": "each step: job ended → step ended, the next one ready",
}
"""What had been going on until an event of this type."""

Mark = tuple[float, str]
"""Unix seconds, and what ended there."""


def shares(whole: Span, marks: Iterable[Mark], covered: Sequence[Span], last: str) -> dict[str, float]:
    """Seconds by what was going on, in the order of their first ends, without those that `covered` spans take.

    What lies behind the last mark goes to `last`.
    """
    found: dict[str, float] = {}
    reached = whole[0]
    inside = sorted(mark for mark in marks if whole[0] <= mark[0] <= whole[1])
    for at, name in [*inside, (whole[1], last)]:
        free = (at - reached) - union_length(within(covered, (reached, at)))
        found[name] = found.get(name, 0.0) + free
        reached = at
    return found


def marks(records: Iterable[Record], models: Iterable[Span], engines: Iterable[Span]) -> list[Mark]:
    """The marks of a run that was alone on the platform."""
    found = [(begin, ASKED) for begin, _ in models] + [(begin, AT_WORK) for begin, _ in engines]
    for record in records:
        name = MARKS.get(dict(record.headers).get("ce_type", b"").decode())
        if name is not None:
            found.append((record.timestamp / 1000, name))
    return found


async def of_run(bootstrap: str, run: dict[str, Any]) -> dict[str, float]:
    """The shares of a run as `studio run --json` told it."""
    spans = run["spans"]
    models, engines = ([(begin, end) for begin, end in spans[name]] for name in ("models", "engines"))
    records = await newest(bootstrap, (CANVAS, JOBS), RECORDS_MAX)
    began, ended = spans["whole"]
    found = [*marks(records, models, engines), (spans["told"], TOLD)]
    return shares((began, ended), found, [*models, *engines], BROUGHT)
