"""All topics of the house, declared once: partitions, retention, compaction, time stamps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

COMMANDS_CANVAS: Final = "commands.canvas"
COMMANDS_ORGS: Final = "commands.orgs"
COMMANDS_CATALOG: Final = "commands.catalog"
EVENTS_CANVAS: Final = "events.canvas"
EVENTS_ACCOUNTS: Final = "events.accounts"
EVENTS_JOBS: Final = "events.jobs"
EVENTS_CREDITS: Final = "events.credits"
EVENTS_CHECKPOINTS: Final = "events.checkpoints"
EVENTS_CATALOG: Final = "events.catalog"
CURRENT_JOBS: Final = "current.jobs"
CURRENT_ORGS: Final = "current.orgs"
CURRENT_CATALOG: Final = "current.catalog"
CURRENT_APPROVALS: Final = "current.approvals"
REPLIES: Final = "replies"
PROGRESS: Final = "progress"
POOLS: Final = "pools"
DEADLETTER_COMMANDS: Final = "deadletter.commands"

DAY_MS: Final = 24 * 3600 * 1000
PARTITIONS_LOCAL: Final = 4
REPLY_PARTITIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def _commands(name: str, partitions: int) -> Topic:
    retention = str(7 * DAY_MS)
    return Topic(
        name,
        partitions,
        {
            "retention.ms": retention,
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": "1200000",
        },
    )


def _log(name: str, partitions: int) -> Topic:
    return Topic(name, partitions, {"retention.ms": "-1", "retention.bytes": "-1"})


def _current(name: str, partitions: int) -> Topic:
    return Topic(
        name,
        partitions,
        {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.2", "delete.retention.ms": str(DAY_MS)},
    )


def topics(partitions: int = PARTITIONS_LOCAL) -> tuple[Topic, ...]:
    """Every topic; `partitions` is the count of each decider's topics, pinned at creation."""
    short = {"retention.ms": str(10 * 60 * 1000), "segment.ms": str(10 * 60 * 1000)}
    return (
        *(_commands(name, partitions) for name in (COMMANDS_CANVAS, COMMANDS_ORGS, COMMANDS_CATALOG)),
        *(
            _log(name, partitions)
            for name in (
                EVENTS_CANVAS,
                EVENTS_ACCOUNTS,
                EVENTS_JOBS,
                EVENTS_CREDITS,
                EVENTS_CHECKPOINTS,
                EVENTS_CATALOG,
            )
        ),
        *(_current(name, partitions) for name in (CURRENT_JOBS, CURRENT_ORGS, CURRENT_CATALOG, CURRENT_APPROVALS)),
        Topic(REPLIES, REPLY_PARTITIONS, short),
        Topic(PROGRESS, partitions, short),
        Topic(POOLS, partitions, {"cleanup.policy": "compact"}),
        Topic(DEADLETTER_COMMANDS, partitions, {"retention.ms": "-1"}),
    )
