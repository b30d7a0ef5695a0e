"""Answers' shapes: what read models hold, as the interface shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from commands.signing import asset_path
from events.assets import AssetRef
from gateway.reads.notes import of_flags, of_issues

Document = Mapping[str, Any]
Sign = Callable[[str, Document], str]
"""(org, asset document) → the asset's signed address."""

ASSET_MEMBERS: Final = ("asset_id", "media_type", "width", "height", "duration_s", "engine", "text", "bytes")
JOB_MEMBERS: Final = (
    "job_id", "status", "model", "provider", "priority", "attempts", "outputs", "reserved", "captured", "uncollected",
    "refunded", "error", "replay_of", "replayed_as", "project_id", "cause", "accepted_at", "ended_at", "deadline_at",
    "retry_at", "engine", "price", "bill", "webhook", "reused_from",
)  # fmt: skip
ENDED: Final = frozenset({"succeeded", "failed", "cancelled", "dead"})


def signer(secret: bytes) -> Sign:
    def sign(org_id: str, asset: Document) -> str:
        ref = AssetRef(
            asset_id=asset["asset_id"],
            sha256=asset["sha256"],
            bytes=asset["bytes"],
            media_type=asset["media_type"],
        )
        return asset_path(secret, org_id, ref, now=time.time())

    return sign


def pick(document: Document, names: Sequence[str]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}


def without_nulls(members: Document) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def asset_view(document: Document, url: str) -> dict[str, Any]:
    return {**pick(document, ASSET_MEMBERS), "url": url}


def cost(estimated: int | None, reserved: int = 0, captured: int = 0) -> dict[str, int]:
    return {**({} if estimated is None else {"estimated": estimated}), "reserved": reserved, "captured": captured}


class Views:
    """Shapes that hold addresses of assets."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign

    def assets(self, org_id: str, documents: Sequence[Document]) -> list[dict[str, Any]]:
        return [asset_view(one, self._sign(org_id, one)) for one in documents]

    def job(self, document: Document) -> dict[str, Any]:
        view = pick(document, JOB_MEMBERS)
        return view | {"outputs": self.assets(document["org_id"], document.get("outputs", []))}

    def message(self, document: Document) -> dict[str, Any]:
        members = pick(
            document, ("message_id", "role", "text", "at", "plan_id", "in_reply_to", "upload_ids", "mode", "approval")
        )
        return members | {"assets": self.assets(document["org_id"], document.get("assets", []))}

    def upload(self, org_id: str, document: Document) -> dict[str, Any]:
        return {
            **asset_view(document, self._sign(org_id, document)),
            **pick(document, ("upload_id", "name", "label", "medium", "at")),
        }

    def session(self, document: Document) -> dict[str, Any]:
        return {
            "session_id": document["_id"],
            "title": document.get("title", ""),
            **pick(document, ("project_id", "user_id", "started_at")),
        }

    def step(self, document: Document, jobs: Sequence[Document]) -> dict[str, Any]:
        """A step with what its jobs know: attempts, money and when the engine worked."""
        members = ("step_id", "title", "description", "agent_type", "depends_on", "model", "input", "status", "error",
                   "because", "job_id", "needs_approval", "reason", "started_at", "ended_at", "fallbacks",
                   "reused_from", "approved_by")  # fmt: skip
        mine = [job for job in jobs if job["_id"] == document.get("job_id")]
        return {
            **pick(document, members),
            **({"model": document["ran_with"]} if "ran_with" in document else {}),
            "outputs": self.assets(document["org_id"], document.get("outputs", [])),
            "attempts": [attempt for job in mine for attempt in job.get("attempts", [])],
            "cost": cost(document.get("estimate"), *money(mine)),
            **({"engine": mine[-1]["engine"]} if mine and "engine" in mine[-1] else {}),
        }

    def plan(
        self, document: Document, steps: Sequence[Document], jobs: Sequence[Document], spent: tuple[int, int]
    ) -> dict[str, Any]:
        """A plan's steps in their order, each with its job, and what all the jobs that ran for it have `spent`."""
        by_id = {step["_id"]: step for step in steps}
        ordered = [by_id[step_id] for step_id in document["step_ids"] if step_id in by_id]
        by_job = {job["_id"]: job for job in jobs}
        views = [self.step(step, [by_job[step["job_id"]]] if step.get("job_id") in by_job else []) for step in ordered]
        estimates = [step["estimate"] for step in ordered if "estimate" in step]
        members = ("plan_id", "session_id", "message_id", "title", "status", "run_id", "approval", "planner",
                   "verdict", "issues", "flags", "drafted_at", "forked_from")  # fmt: skip
        return {
            **pick(document, members),
            "notes": [*of_issues(document.get("issues", ())), *of_flags(document.get("flags", ()))],
            "cost": cost(sum(estimates) if estimates else None, *spent),
            "steps": views,
        }

    def run(self, document: Document) -> dict[str, Any]:
        members = ("run_id", "plan_id", "status", "steps", "kept", "cost", "started_at", "ended_at", "archived_at")
        org = document["org_id"]
        results = {
            name: {**result, **({"outputs": self.assets(org, result["outputs"])} if "outputs" in result else {})}
            for name, result in document.get("results", {}).items()
        }
        return {**pick(document, members), "results": results}


def money(jobs: Sequence[Document]) -> tuple[int, int]:
    """What is reserved for the jobs that still live, and what was captured by those that ended and not given back."""
    reserved = sum(job["reserved"] for job in jobs if job["status"] not in ENDED)
    captured = sum(job.get("captured", 0) - job.get("refunded", 0) for job in jobs)
    return reserved, captured
