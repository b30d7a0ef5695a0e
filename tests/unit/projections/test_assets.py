"""An asset's document is the same, whichever of the events that name it comes first: they stand on two topics."""

from __future__ import annotations

from events.assets import AssetRef
from events.canvas.plan_events import StepSucceeded
from events.jobs.events import JobSucceeded
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from tests.unit.projections.given import ORG, documents, on

FILE = AssetRef(asset_id="ast_1", sha256="ab" * 32, bytes=7, media_type="image/png", width=4, height=2)


def test_a_steps_result_may_be_named_by_its_plan_before_its_job() -> None:
    by_the_job = on(
        EVENTS_JOBS, "job_1", JobSucceeded(job_id="job_1", org_id=ORG, lease=1, outputs=(FILE,), captured=4), first=6
    )
    step = StepSucceeded(
        plan_id="pln_X.1", run_id="run_X.1.1", step_id="stp_X.1.s1", job_id="job_1", outputs=(FILE,), cost=4
    )
    by_the_plan = on(EVENTS_CANVAS, "pln_X.1", step, first=10)
    one, other = documents([*by_the_job, *by_the_plan]), documents([*by_the_plan, *by_the_job])
    assert one["assets"] == other["assets"] != {}
