"""What the runners tell of themselves on /metrics."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

COMMANDS: Final = Counter(
    "studio_decider_commands_total", "Commands taken, by what became of them.", ["decider", "outcome"]
)
BATCH: Final = Histogram(
    "studio_decider_batch_commands",
    "Commands in one transaction.",
    ["decider"],
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500),
)
COMMIT: Final = Histogram(
    "studio_decider_commit_seconds",
    "From the beginning of a transaction to its commit.",
    ["decider"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REPEATED_VERSIONS: Final = Counter(
    "studio_log_repeated_versions_total", "Events whose stream version was on the log already: an alarm.", ["topic"]
)
REACTIONS: Final = Counter("studio_reactor_events_total", "Events that a reactor is done with.", ["group"])
POISON: Final = Counter(
    "studio_reactor_poison_total", "Events whose handling raised what no restart mends: an alarm.", ["group"]
)
BACKLOG: Final = Gauge("studio_reactor_backlog", "Events that a reactor has read and not finished.", ["group"])
EFFECTS: Final = Counter("studio_ticker_effects_total", "Effects that a ticker has performed.", ["ticker"])
