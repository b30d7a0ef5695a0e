"""How the agents' prompts do: figures for each variant, counted in MongoDB, and comparisons of variants two by two."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from events.log.codec import time_to_text
from gateway.http.problems import Problem
from gateway.lab import significance
from gateway.lab.significance import Share, Tested
from gateway.reads.queries import Db
from projections import agent_calls, plans

DAYS: Final = 30
DAYS_MAX: Final = 366
GROUPS_MAX: Final = 500
"""Variants in an answer; one that asks for more names an agent."""
TIMES_MAX: Final = 200_000
WITHIN_MS: Final = 10_000
COMPARED_MAX: Final = 8
"""Variants of one agent that are compared with the one that was used most."""
SHOWN: Final = {True: "different", False: "no difference shown"}
TOO_FEW: Final = "too few to tell"

Key = tuple[str, str, str, int]
"""(agent, owner or "", variant, version or 0 for all)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`org_id` None: of all organisations."""

    org_id: str | None
    agent: str | None
    since: datetime
    until: datetime
    by_version: bool = False

    def matching(self, at: str, agent: str | None) -> dict[str, Any]:
        """`agent` is the field to find it by, where it stands there as it was asked for."""
        span = {"$gte": time_to_text(self.since), "$lt": time_to_text(self.until)}
        org = {} if self.org_id is None else {"org_id": self.org_id}
        return {**org, **({} if self.agent is None or agent is None else {agent: self.agent}), at: span}


def span(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """The last 30 days where none are named. Raises a Problem."""
    end = until or datetime.now(UTC)
    begin = since or end - timedelta(days=DAYS)
    if begin > end or end - begin > timedelta(days=DAYS_MAX):
        raise Problem.invalid("/query/from", f"is 0 to {DAYS_MAX} days before `to`")
    return begin, end


@dataclass(slots=True)
class Figures:
    """Of one variant. `times` are of calls that were answered, to three digits; `messages` began with it."""

    calls: int = 0
    open: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: int = 0
    """Millicredits of the calls whose model's price is known."""
    errors: int = 0
    fallbacks: int = 0
    messages: int = 0
    plans: int = 0
    accepted: int = 0
    auto: int = 0
    """Plans that ran by themselves, unless a person has run them again: nobody accepted or rejected them."""
    waiting: int = 0
    """Plans that still wait for a person's yes or no."""
    rejected: int = 0
    authored: int = 0
    """Messages whose plan, or edit of one, it wrote first."""
    rounds: int = 0
    """Revisions of those."""
    times: dict[int, int] = field(default_factory=dict)

    @property
    def answered(self) -> Share:
        return Share(self.errors, self.calls - self.open)

    @property
    def acceptance(self) -> Share:
        return Share(self.accepted, self.plans - self.auto - self.waiting)


async def metrics(db: Db, asked: Asked) -> dict[Key, Figures]:
    """Four questions, whatever there is of calls and plans."""
    counted, timed, planned, revised = await asyncio.gather(
        _answer(db, agent_calls.COLLECTION, _counts(asked), GROUPS_MAX),
        _answer(db, agent_calls.COLLECTION, _times(asked), TIMES_MAX),
        _answer(db, plans.COLLECTION, _plans(asked), GROUPS_MAX),
        _answer(db, agent_calls.COLLECTION, _rounds(asked), GROUPS_MAX),
    )
    found: dict[Key, Figures] = {}
    for row in counted:
        numbers = {name: value for name, value in row.items() if name != "_id"}
        found[_key(row["_id"])] = Figures(**numbers)
    for row in timed:
        of, ms = row["_id"]["of"], int(row["_id"]["ms"])
        found.setdefault(_key(of), Figures()).times[ms] = row["calls"]
    for row in planned:
        figures = found.setdefault(_key(row["_id"]), Figures())
        for name in ("plans", "accepted", "auto", "waiting", "rejected"):
            setattr(figures, name, row[name])
    for row in revised:
        figures = found.setdefault(_key(row["_id"]), Figures())
        figures.authored, figures.rounds = row["authored"], row["rounds"]
    return found


def item(key: Key, figures: Figures) -> dict[str, Any]:
    """A variant as the interface shows it. What nothing is known of is absent."""
    agent, owner, variant, version = key
    known = {
        "owner": owner or None,
        "version": version or None,
        "p50_ms": significance.percentile(figures.times, 0.5),
        "p95_ms": significance.percentile(figures.times, 0.95),
        "error_rate": _rate(figures.answered),
        "acceptance_rate": _rate(figures.acceptance),
        "cost": figures.cost or None,
        "revise_rounds": _per(figures.rounds, figures.authored),
    }
    numbers = ("calls", "open", "tokens_in", "tokens_out", "errors", "fallbacks", "messages", "plans", "accepted",
               "auto", "waiting", "rejected")  # fmt: skip
    return {
        "agent": agent,
        "variant": variant,
        **{name: getattr(figures, name) for name in numbers},
        **{name: value for name, value in known.items() if value is not None},
    }


def comparisons(found: Mapping[Key, Figures]) -> list[dict[str, Any]]:
    """Of each agent: the variant that was used most, `a`, against every other one, `b`."""
    lines = []
    for agent, group in groupby(sorted(found, key=lambda key: key[0]), key=lambda key: key[0]):
        first, *others = sorted(group, key=lambda key: (-found[key].calls, key))
        with_others = (compared(first, found[first], other, found[other]) for other in others[:COMPARED_MAX])
        lines += [{"agent": agent, **line} for line in corrected([line for some in with_others for line in some])]
    return lines


def corrected(lines: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Verdicts as they hold for all comparisons of one measure together: of twenty, one differs by chance alone."""
    tested: dict[str, list[float]] = {}
    for line in lines:
        if "p_value" in line:
            tested.setdefault(line["measure"], []).append(line["p_value"])
    adjusted = {measure: iter(significance.holm(values)) for measure, values in tested.items()}
    for line in lines:
        if len(tested.get(line["measure"], ())) < 2 or "p_value" not in line:
            yield line
            continue
        p = next(adjusted[line["measure"]])
        verdict = SHOWN[p < significance.LEVEL]
        yield {**line, "verdict": verdict, "p_adjusted": float(f"{p:.3g}"), "correction": "holm"}


def compared(a: Key, of_a: Figures, b: Key, of_b: Figures) -> Iterable[dict[str, Any]]:
    """Acceptance where there are plans, errors and latency always."""
    both = {"a": _name(a), "b": _name(b)}
    if of_a.plans and of_b.plans:
        yield {"measure": "acceptance_rate", **both, **_shares(of_a.acceptance, of_b.acceptance)}
    yield {"measure": "error_rate", **both, **_shares(of_a.answered, of_b.answered)}
    tested = significance.times(of_a.times, of_b.times)
    n = {"n_a": sum(of_a.times.values()), "n_b": sum(of_b.times.values())}
    values = {
        name: value
        for name, times in (("value_a", of_a.times), ("value_b", of_b.times))
        if (value := significance.percentile(times, 0.5)) is not None
    }
    yield {"measure": "p50_ms", **both, **n, **values, **_verdict(tested)}


def _shares(a: Share, b: Share) -> dict[str, Any]:
    values = {name: rate for name, share in (("value_a", a), ("value_b", b)) if (rate := _rate(share)) is not None}
    return {"n_a": a.of, "n_b": b.of, **values, **_verdict(significance.shares(a, b))}


def _verdict(tested: Tested | None) -> dict[str, Any]:
    if tested is None:
        return {"verdict": TOO_FEW, "needs": significance.TOO_FEW}
    return {"verdict": SHOWN[tested.differs], "method": tested.method, "p_value": float(f"{tested.p_value:.3g}")}


def _name(key: Key) -> dict[str, Any]:
    _, owner, variant, version = key
    return {"variant": variant, **({"owner": owner} if owner else {}), **({"version": version} if version else {})}


def _rate(share: Share) -> float | None:
    return round(share.rate, 4) if share.of else None


def _per(part: int, of: int) -> float | None:
    return round(part / of, 3) if of else None


def _key(raw: Mapping[str, Any]) -> Key:
    return raw["agent"], raw.get("owner") or "", raw["variant"], raw.get("version") or 0


async def _answer(db: Db, collection: str, pipeline: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Raises a Problem where there is more than an answer holds: never figures that leave something out."""
    cursor = await db[collection].aggregate(pipeline, maxTimeMS=WITHIN_MS, allowDiskUse=True)
    found = await cursor.to_list(limit + 1)
    if len(found) > limit:
        raise Problem.invalid("/query", "these are too many variants or calls: name an agent or a shorter time")
    return found


def _of(asked: Asked, at: str = "", owner: str = "owner", version: str = "version") -> dict[str, str]:
    by_version = {"version": f"${at}{version}"} if asked.by_version else {}
    return {"agent": f"${at}agent", "owner": f"${at}{owner}", "variant": f"${at}variant", **by_version}


STOPPED: Final = {"$eq": ["$error", "cancelled"]}
"""By its person: it has neither answered nor failed."""


def _counts(asked: Asked) -> list[dict[str, Any]]:
    """By message first, so that messages can be told from calls."""
    sums = ("calls", "open", "tokens_in", "tokens_out", "cost", "errors", "fallbacks")
    return [
        {"$match": asked.matching("begun_at", "agent")},
        {
            "$group": {
                "_id": {"of": _of(asked), "cause": "$cause"},
                "calls": {"$sum": 1},
                "open": {"$sum": {"$cond": [{"$or": [{"$not": [_there("$ended_at")]}, STOPPED]}, 1, 0]}},
                "tokens_in": {"$sum": "$tokens_in"},
                "tokens_out": {"$sum": "$tokens_out"},
                "cost": {"$sum": "$cost"},
                "errors": {"$sum": {"$cond": [{"$and": [_there("$error"), {"$not": [STOPPED]}]}, 1, 0]}},
                "fallbacks": {"$sum": {"$cond": [_there("$fallback"), 1, 0]}},
            }
        },
        {"$group": {"_id": "$_id.of", "messages": {"$sum": 1}, **{name: {"$sum": f"${name}"} for name in sums}}},
        {"$limit": GROUPS_MAX + 1},
    ]


def _times(asked: Asked) -> list[dict[str, Any]]:
    """How often each time, to three digits: few lines, however many calls."""
    digits = {"$subtract": [2, {"$toInt": {"$floor": {"$log10": {"$max": ["$ms", 1]}}}}]}
    rounded = {"$cond": [{"$lt": ["$ms", 1000]}, "$ms", {"$round": ["$ms", digits]}]}
    return [
        {"$match": {**asked.matching("begun_at", "agent"), "ms": {"$exists": True}, "error": {"$exists": False}}},
        {"$group": {"_id": {"of": _of(asked), "ms": rounded}, "calls": {"$sum": 1}}},
        {"$limit": TIMES_MAX + 1},
    ]


AUTHORS: Final = ("planner", "edit_planner")
"""The planner writes a plan first, the edit planner an edit; all else that the edit planner writes is a revision."""


def _rounds(asked: Asked) -> list[dict[str, Any]]:
    """By message: who wrote first, and how often that was revised."""
    agents = {"agent": {"$in": list(AUTHORS)}}
    revisions = {"$sum": {"$cond": [{"$eq": ["$agent", "edit_planner"]}, 1, 0]}}
    first = {"agent": "$agent", "owner": "$owner", "variant": "$variant", "version": "$version"}
    begun = {"$cond": [{"$eq": ["$first.agent", "edit_planner"]}, 1, 0]}
    return [
        {"$match": {**asked.matching("begun_at", None), **agents}},
        {"$sort": {"agent": -1, "begun_at": 1}},
        {"$group": {"_id": "$cause", "first": {"$first": first}, "revisions": revisions}},
        {"$match": {} if asked.agent is None else {"first.agent": asked.agent}},
        {
            "$group": {
                "_id": _of(asked, "first."),
                "authored": {"$sum": 1},
                "rounds": {"$sum": {"$subtract": ["$revisions", begun]}},
            }
        },
        {"$limit": GROUPS_MAX + 1},
    ]


def _plans(asked: Asked) -> list[dict[str, Any]]:
    """By who planned it first. Accepted is what a person approved or ran; of the others, some wait for that."""
    auto = {"$eq": ["$approved_by", "auto"]}
    undecided = {"$in": ["$status", ["drafting", "awaiting_approval"]]}
    accepted = {"$and": [{"$or": [_there("$approved_by"), _there("$run_id")]}, {"$not": [auto]}]}
    waiting = {"$and": [undecided, {"$not": [accepted]}, {"$not": [auto]}]}
    return [
        {"$match": {**asked.matching("drafted_at", None), "drafted_by": {"$exists": True}}},
        {"$set": {"author": {"$ifNull": ["$first_by", "$drafted_by"]}}},
        {"$match": {} if asked.agent is None else {"author.agent": asked.agent}},
        {
            "$group": {
                "_id": _of(asked, "author.", "prompt_owner", "prompt_version"),
                "plans": {"$sum": 1},
                "accepted": {"$sum": {"$cond": [accepted, 1, 0]}},
                "auto": {"$sum": {"$cond": [auto, 1, 0]}},
                "waiting": {"$sum": {"$cond": [waiting, 1, 0]}},
                "rejected": {"$sum": {"$cond": [_there("$rejected_by"), 1, 0]}},
            }
        },
        {"$limit": GROUPS_MAX + 1},
    ]


def _there(field_name: str) -> dict[str, Any]:
    return {"$gt": [field_name, None]}
