"""Sessions, messages, plans, steps and runs as events make them."""

from __future__ import annotations

from typing import Any

from events.assets import AssetRef
from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanDrafted,
    PlanEvent,
    PlanRejected,
    PlanRevised,
    PlanRolledBack,
    PlanValidated,
    RunArchived,
    RunCancelled,
    RunCompleted,
    RunStarted,
    Step,
    StepAwaitingApproval,
    StepBlocked,
    StepCancelled,
    StepDrafted,
    StepFailed,
    StepReady,
    StepRestored,
    StepStarted,
    StepSucceeded,
)
from events.canvas.session_events import FileUploaded, MessagePosted, SessionStarted
from events.envelope import Recorded
from events.topics import EVENTS_CANVAS
from projections.session_events import recorded
from tests.unit.projections.given import ORG, documents, on, sealed

SES, PLN, RUN = "ses_X", "pln_X.1", "run_X.1.1"
ONE, TWO = "stp_X.1.s1", "stp_X.1.s2"
FILE = AssetRef(asset_id="ast_1", sha256="ab" * 32, bytes=7, media_type="image/png", width=4, height=2)


def session(*more: Any) -> list[Recorded]:
    started = SessionStarted(session_id=SES, org_id=ORG, title=sealed("A lamp"), user_id="usr_ann")
    return on(EVENTS_CANVAS, SES, started, *more)


def plan(*more: PlanEvent) -> list[Recorded]:
    drafted = PlanDrafted(
        plan_id=PLN,
        session_id=SES,
        org_id=ORG,
        message_id="msg_1",
        title=sealed("Lamp film"),
        step_ids=(ONE, TWO),
        approval="assist",
    )
    return on(EVENTS_CANVAS, PLN, drafted, step(ONE), step(TWO, ONE), *more)


def step(step_id: str, *depends_on: str) -> StepDrafted:
    made = Step(
        step_id=step_id,
        title=sealed(f"Title of {step_id}"),
        description=sealed("Does it"),
        agent_type="image",
        depends_on=depends_on,
    )
    return StepDrafted(plan_id=PLN, step=made)


def selected(step_id: str) -> ModelSelected:
    said = sealed('{"prompt": "a lamp"}')
    return ModelSelected(plan_id=PLN, step_id=step_id, model="local/picture", input=said, estimate=500, reason="cheap")


def ready(step_id: str, job_id: str, run_id: str = RUN) -> StepReady:
    return StepReady(
        plan_id=PLN,
        run_id=run_id,
        step_id=step_id,
        attempt=1,
        job_id=job_id,
        org_id=ORG,
        session_id=SES,
        agent_type="image",
        model="local/picture",
        title=sealed("t"),
        description=sealed("d"),
    )


def running() -> tuple[PlanEvent, ...]:
    return (
        selected(ONE),
        selected(TWO),
        FieldsVerified(plan_id=PLN, step_ids=(ONE, TWO)),
        PlanApproved(plan_id=PLN, approved_by="key_1"),
        RunStarted(plan_id=PLN, run_id=RUN, steps=(ONE, TWO)),
        ready(ONE, "job_1"),
        StepStarted(plan_id=PLN, run_id=RUN, step_id=ONE, job_id="job_1"),
    )


def done(step_id: str, job_id: str, run_id: str = RUN) -> StepSucceeded:
    return StepSucceeded(plan_id=PLN, run_id=run_id, step_id=step_id, job_id=job_id, outputs=(FILE,), cost=400)


def test_a_session_holds_its_uploads_and_an_upload_begins_an_asset() -> None:
    upload = FileUploaded(
        session_id=SES, upload_id="upl_1", asset=FILE, file_name=sealed("lamp.png"), medium="image", label="image_1"
    )
    found = documents(session(upload))
    read = found["sessions"][SES]
    assert (read["title"], read["user_id"], read["_v"]) == ("A lamp", "usr_ann", 2)
    assert [(one["name"], one["label"], one["width"]) for one in read["uploads"]] == [("lamp.png", "image_1", 4)]
    assert found["assets"]["ast_1"]["upload_id"] == "upl_1"


def test_a_message_is_opened_and_keeps_its_cause() -> None:
    said = MessagePosted(
        session_id=SES,
        message_id="msg_1",
        role="assistant",
        text=sealed("Here it is"),
        assets=(FILE,),
        in_reply_to="msg_0",
    )
    read = documents(session(said))["messages"]["msg_1"]
    assert (read["text"], read["in_reply_to"], read["assets"][0]["asset_id"]) == ("Here it is", "msg_0", "ast_1")
    assert "plan_id" not in read


def test_a_draft_waits_for_a_yes_once_its_fields_are_verified() -> None:
    found = documents(plan(PlanValidated(plan_id=PLN, verdict="PASS"), selected(ONE)))
    assert found["plans"][PLN]["status"] == "drafting"
    found = documents(plan(selected(ONE), FieldsVerified(plan_id=PLN, step_ids=(ONE, TWO))))
    assert found["plans"][PLN]["status"] == "awaiting_approval"
    read = found["steps"][ONE]
    assert (read["model"], read["input"], read["estimate"]) == ("local/picture", {"prompt": "a lamp"}, 500)
    assert found["steps"][TWO]["depends_on"] == [ONE]


def test_a_rejected_plan() -> None:
    found = documents(plan(PlanRejected(plan_id=PLN, rejected_by="key_1")))
    assert (found["plans"][PLN]["status"], found["steps"][ONE]["status"]) == ("rejected", "planned")


def test_a_run_that_succeeds() -> None:
    events = (*running(), done(ONE, "job_1"), ready(TWO, "job_2"), done(TWO, "job_2"))
    found = documents(plan(*events, RunCompleted(plan_id=PLN, run_id=RUN, status="succeeded", cost=800)))
    assert (found["plans"][PLN]["status"], found["plans"][PLN]["run_id"]) == ("succeeded", RUN)
    assert [found["steps"][one]["status"] for one in (ONE, TWO)] == ["succeeded", "succeeded"]
    assert found["steps"][ONE]["captured"] == 400
    assert (found["runs"][RUN]["status"], found["runs"][RUN]["cost"]) == ("succeeded", 800)
    assert found["runs"][RUN]["results"]["s1"]["outputs"][0]["asset_id"] == "ast_1"


def test_a_failure_blocks_what_is_below_and_says_why() -> None:
    failed = StepFailed(plan_id=PLN, run_id=RUN, step_id=ONE, category="outage", error=sealed("no answer"))
    blocked = StepBlocked(plan_id=PLN, run_id=RUN, step_id=TWO, because=ONE)
    found = documents(plan(*running(), failed, blocked))
    assert found["steps"][ONE]["error"] == {"category": "outage", "detail": "no answer"}
    assert (found["steps"][TWO]["status"], found["steps"][TWO]["because"]) == ("blocked", ONE)
    assert found["runs"][RUN]["results"]["s1"]["error"] == {"category": "outage"}


def test_a_cancelled_run() -> None:
    events = (
        RunCancelled(plan_id=PLN, run_id=RUN, org_id=ORG, job_ids=("job_1",)),
        StepCancelled(plan_id=PLN, run_id=RUN, step_id=ONE, job_id="job_1"),
        StepCancelled(plan_id=PLN, run_id=RUN, step_id=TWO),
        RunCompleted(plan_id=PLN, run_id=RUN, status="cancelled", cost=0),
    )
    found = documents(plan(*running(), *events))
    assert {found["plans"][PLN]["status"], *(one["status"] for one in found["steps"].values())} == {"cancelled"}


def test_a_partial_rerun_keeps_the_results_of_the_rest() -> None:
    first = (*running(), done(ONE, "job_1"), ready(TWO, "job_2"), done(TWO, "job_2"))
    again = "run_X.1.2"
    rerun = (
        RunCompleted(plan_id=PLN, run_id=RUN, status="succeeded", cost=800),
        RunArchived(plan_id=PLN, run_id=RUN),
        RunStarted(plan_id=PLN, run_id=again, steps=(TWO,), kept={ONE: RUN}),
        ready(TWO, "job_3", again),
    )
    found = documents(plan(*first, *rerun))
    assert (found["steps"][ONE]["status"], found["steps"][ONE]["job_id"]) == ("succeeded", "job_1")
    assert (found["steps"][TWO]["status"], found["steps"][TWO]["job_id"]) == ("ready", "job_3")
    assert "outputs" not in found["steps"][TWO]
    assert "archived_at" in found["runs"][RUN]
    assert found["runs"][again]["kept"] == {"s1": RUN}


def test_a_repeated_version_changes_nothing() -> None:
    events = plan(*running(), done(ONE, "job_1"))
    once, twice = documents(events), documents(events, events)
    assert once.collections == twice.collections


def test_the_stored_stream_gives_back_every_event_as_it_was() -> None:
    events = [*session(), *plan(*running(), done(ONE, "job_1"))]
    stored = documents(events)["session_events"]
    assert {one["session_id"] for one in stored.values()} == {SES}
    again = [recorded(stored[f"{one.stream.subject}:{one.version}"]) for one in events]
    assert again == events


def test_the_stored_stream_holds_no_opened_text() -> None:
    stored = documents(session())["session_events"]
    assert all("A lamp" not in one["data"] for one in stored.values())


def test_a_step_that_is_revised_has_no_more_what_it_has_lost() -> None:
    marked = step(ONE).step.model_copy(update={"needs_approval": True, "model": "m"})
    found = documents(plan(PlanRevised(plan_id=PLN, step=marked)))["steps"][ONE]
    assert found["needs_approval"] is True
    after = documents(plan(PlanRevised(plan_id=PLN, step=marked), PlanRevised(plan_id=PLN, step=step(ONE).step)))
    assert "needs_approval" not in after["steps"][ONE]
    assert "model" not in after["steps"][ONE]


def test_a_step_waits_for_a_yes_and_a_restored_one_is_as_its_run_left_it() -> None:
    started = RunStarted(plan_id=PLN, run_id=RUN, steps=(ONE, TWO))
    waiting = StepAwaitingApproval(plan_id=PLN, run_id=RUN, step_id=ONE)
    assert documents(plan(started, waiting))["steps"][ONE]["status"] == "awaiting_approval"
    back = PlanRolledBack(plan_id=PLN, run_id=RUN, from_run_id="run_X.1.2", status="partial", cost=7)
    first = StepRestored(plan_id=PLN, run_id=RUN, step_id=ONE, status="failed", job_id="job_1", why="outage")
    second = StepRestored(plan_id=PLN, run_id=RUN, step_id=TWO, status="blocked", why=ONE)
    found = documents(plan(started, waiting, back, first, second))
    assert (found["plans"][PLN]["status"], found["plans"][PLN]["run_id"]) == ("partial", RUN)
    assert found["steps"][ONE]["error"] == {"category": "outage"}
    assert found["steps"][TWO]["because"] == ONE


def test_a_step_that_fell_back_begins_its_next_run_with_its_own_model() -> None:
    other = ready(ONE, "job_2").model_copy(update={"attempt": 2, "model": "local/other"})
    fell = (*running(), other, done(ONE, "job_2"))
    found = documents(plan(*fell))["steps"][ONE]
    assert (found["model"], found["ran_with"]) == ("local/picture", "local/other")
    again = RunStarted(plan_id=PLN, run_id="run_X.1.2", steps=(ONE, TWO))
    back = StepRestored(
        plan_id=PLN, run_id=RUN, step_id=ONE, status="succeeded", tried=("local/picture", "local/other"), job_id="job_2"
    )
    assert "ran_with" not in documents(plan(*fell, again))["steps"][ONE]
    assert documents(plan(*fell, again, back))["steps"][ONE]["ran_with"] == "local/other"
