"""The queue, as the live jobs' copy shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from events.jobs.current import CurrentJob, Phase
from gateway.routes.queue import held, waiting

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def job(number: int, phase: Phase, age_s: float = 0.0) -> CurrentJob:
    at = (NOON - timedelta(seconds=age_s)).isoformat()
    return CurrentJob(
        job_id=f"job_{number}",
        org_id="org_A",
        phase=phase,
        lease=0 if phase == "queued" else 1,
        priority="NORMAL",
        model="m",
        provider="p",
        reserved=1,
        max_runtime_s=1,
        accepted_at=at,
        deadline_at=at,
    )


def test_what_has_ended_is_in_no_queue_though_its_slot_is_taken() -> None:
    jobs = [job(1, "queued", 5.0), job(2, "running"), job(3, "stopping")]
    item = {"model": "m", "priority": "NORMAL", "queued": 1, "running": 1, "oldest_s": 5.0}
    assert waiting(jobs, NOON) == [item]
    assert waiting([job(1, "stopping")], NOON) == []


def test_who_holds_a_slot_is_told_with_what_the_log_says_of_it() -> None:
    unstopped = job(4, "queued").model_copy(update={"lease": 1, "unstopped": True})
    jobs = {"job_1": job(1, "stopping"), "job_2": job(2, "queued"), "job_4": unstopped}
    holders = [("job_1.1", 1500.0), ("job_2.1", 900.0), ("job_3.1", 10.0), ("job_1.2", -1.0), ("job_4.1", 5.0)]
    assert held(holders, jobs.get) == [
        {"holder": "job_1.1", "left_s": 1.5, "model": "m", "provider": "p", "phase": "stopping"},
        {"holder": "job_2.1", "left_s": 0.9},
        {"holder": "job_3.1", "left_s": 0.01},
        {"holder": "job_4.1", "left_s": 0.005, "model": "m", "provider": "p", "phase": "queued"},
    ]
