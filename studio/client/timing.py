"""Where the time of a run went: engines, language models, and the platform, which is all the rest."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[float, float]
"""Begin and end in Unix seconds."""


def union_length(spans: Iterable[Span]) -> float:
    """How long at least one of them lasted."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(span for span in spans if span[1] > span[0]):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def within(spans: Iterable[Span], whole: Span) -> list[Span]:
    """The parts that lie inside of the whole."""
    return [(max(begin, whole[0]), min(end, whole[1])) for begin, end in spans]


def split(whole: Span, engines: Iterable[Span], models: Iterable[Span]) -> dict[str, float]:
    """Seconds in total, of engines, of models, and of neither of them."""
    engine_spans, model_spans = within(engines, whole), within(models, whole)
    total = whole[1] - whole[0]
    return {
        "total": round(total, 3),
        "engines": round(union_length(engine_spans), 3),
        "models": round(union_length(model_spans), 3),
        "platform": round(total - union_length([*engine_spans, *model_spans]), 3),
    }
