"""Ready steps become jobs, jobs become results, and whatever is refused becomes a failed step."""

from __future__ import annotations

import orjson
import pytest
from prometheus_client import REGISTRY

from commands.ask import Answer, CommandFailed
from commands.canvas.commands import CancelRun, CancelStep, RecordStepResult, RecordUpload
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import CancelJob
from events.canvas.plan_events import StepFailed
from events.canvas.run_state import OPEN
from events.canvas.session_events import MessagePosted
from events.jobs.events import JobCancelled, JobDispatched, JobRefunded, JobSucceeded
from processors.executor.executor import key_of, reads, wants
from tests.given import ORG, PLAN, SESSION, asset, message, sealed, step
from tests.unit.executor.house import House, Steps, said


async def test_the_sentence_runs_step_after_step_to_its_files() -> None:
    house = House()
    house.plan()
    await house.react()
    assert set(house.jobs) == {"s1"}
    await house.work("s1", "s2", "s3")
    assert house.statuses == {"s1": "succeeded", "s2": "succeeded", "s3": "succeeded"}
    assert house.present.status == "succeeded"
    assert house.present.run is not None
    assert house.present.run.cost == 300


async def test_a_jobs_input_is_wired_sealed_and_priced() -> None:
    house = House()
    house.plan()
    await house.react()
    await house.work("s1")
    job = house.jobs["s2"]
    wired = orjson.loads(said(job.input))
    assert wired["image"]["$asset"]["media_type"] == "image/png"
    assert (wired["prompt"], wired["duration"]) == ("Animate it", 5)
    assert (job.model, job.provider, job.reserved, job.max_runtime_s) == ("motion", "fleet", 100, 180)
    assert (job.cause.session_id, job.cause.run_id) == (SESSION, "run_X.1.1")


async def test_a_step_may_name_any_file_of_its_session_however_old() -> None:
    house = House()
    for command in message("auto"):
        house.canvas.handle(command)
    for n in range(1, 41):
        house.canvas.handle(
            RecordUpload(
                org_id=ORG, session_id=SESSION, upload_id=f"upl_{n}", asset=asset(n=n), file_name=sealed(),
                medium="image",
            )
        )  # fmt: skip
    house.drafted({"s1": ("motion", "video", (), "Move it", {"image": "upload:image_1"})})
    await house.react()
    assert orjson.loads(said(house.jobs["s1"].input))["image"]["$asset"]["asset_id"] == "ast_1"
    assert [one.data.name for one in house.recorded(house.canvas) if reads(one)] == ["step_ready"]
    assert house.streams_read == [SESSION]


async def test_a_step_runs_once_its_job_is_dispatched() -> None:
    house = House()
    house.plan()
    await house.react()
    assert house.statuses["s1"] == "ready"
    house.dispatch("s1")
    await house.react()
    assert house.statuses["s1"] == "running"


async def test_the_files_come_back_as_the_assistants_words() -> None:
    house = House()
    house.plan()
    await house.react()
    await house.work("s1", "s2", "s3")
    (told,) = [event for event in house.canvas.events(SESSION) if isinstance(event, MessagePosted) and event.plan_id]
    assert said(told.text) == "“Bottle” is done: 1 image, 2 videos."
    assert [one.media_type for one in told.assets] == ["image/png", "video/mp4", "video/mp4"]
    assert (told.role, told.in_reply_to, told.plan_id) == ("assistant", "msg_1", PLAN)
    assert house.streams_read == []


async def test_a_failed_job_fails_its_step_and_blocks_only_what_is_below() -> None:
    house = House()
    steps: Steps = {
        "a": ("painter", "image", (), "A bottle", {}),
        "b": ("motion", "video", ("a",), "Move it", {}),
        "c": ("painter", "image", (), "A glass", {}),
    }
    house.plan(steps)
    await house.react()
    house.dispatch("a")
    house.fail("a")
    await house.react()
    await house.work("c")
    assert house.statuses == {"a": "failed", "b": "blocked", "c": "succeeded"}
    (told,) = [event for event in house.canvas.events(SESSION) if isinstance(event, MessagePosted) and event.plan_id]
    assert (
        said(told.text)
        == "“Bottle” is done in part: 1 image. Failed: a (the provider refused the content). Not started: b."
    )


def failure(house: House) -> tuple[str, str]:
    (failed,) = [event for event in house.canvas.events(PLAN) if isinstance(event, StepFailed)]
    return failed.category, said(failed.error)


async def test_without_credit_the_step_fails_and_the_run_ends() -> None:
    house = House(credit=1)
    house.plan()
    await house.react()
    assert failure(house)[0] == "insufficient_credit"
    assert house.present.status == "failed"
    assert house.jobs == {}


async def test_what_cannot_be_wired_fails_before_any_job() -> None:
    house = House()
    house.plan({"s1": ("motion", "video", (), "Animate nothing", {})})
    await house.react()
    assert failure(house) == ("input_validation", "image: needs image; there is nothing to take it from")
    assert house.jobs == {}


@pytest.mark.parametrize("gone", [True, False])
async def test_a_model_that_is_gone_or_inactive_fails_the_step(gone: bool) -> None:
    house = House()
    house.plan()
    if gone:
        del house.models["painter"]
    else:
        house.models["painter"] = house.models["painter"].model_copy(update={"active": False})
    await house.react()
    assert failure(house) == ("input_validation", "the model painter is not available")


async def test_a_forgotten_persons_step_fails() -> None:
    house = House()
    house.plan()
    await house.vault.forget(ORG, "usr_1")
    await house.react()
    assert failure(house) == ("input_validation", "the person who asked is forgotten")


async def test_a_job_that_was_accepted_long_ago_is_not_submitted_again() -> None:
    """The answer is no longer remembered, and the job's id is taken: by the step's own job."""
    house = House()
    house.plan()
    await house.react()
    house.forget_answers()
    await house.repeat()
    assert house.statuses["s1"] == "ready"
    await house.work("s1", "s2", "s3")
    assert house.present.status == "succeeded"


def cancel(house: House) -> None:
    house.canvas.handle(CancelRun(org_id=ORG, session_id=SESSION, plan_id=PLAN))


async def test_a_cancelled_run_cancels_its_jobs() -> None:
    house = House()
    house.plan()
    await house.react()
    house.dispatch("s1")
    await house.react()
    cancel(house)
    await house.react()
    assert any(isinstance(event, JobCancelled) for _, event in house.orgs.log)
    assert house.present.status == "cancelled"


async def test_a_result_that_comes_after_the_cancel_is_given_back() -> None:
    house = House()
    house.plan()
    await house.react()
    house.dispatch("s1")
    await house.react()
    house.succeed("s1")
    cancel(house)
    await house.react()
    assert house.present.run is not None
    assert (house.statuses["s1"], house.present.run.cost) == ("cancelled", 0)
    assert (house.book.spent, house.book.reserved) == (0, 0)
    assert await house.repeat() == []


@pytest.mark.parametrize("known", ["nothing yet", "accepted", "failed", "succeeded"])
async def test_a_no_to_a_step_holds_whatever_its_job_has_come_to(known: str) -> None:
    """Also while its acceptance, its failure or its success is still on its way to the plan."""
    house = House()
    house.models["mild"] = house.models["painter"].model_copy(update={"id": "mild", "provider": "b", "safe": True})
    house.plan()
    if known != "nothing yet":
        await house.react()
    if known in ("failed", "succeeded"):
        house.dispatch("s1")
        house.fail("s1") if known == "failed" else house.succeed("s1")
    house.canvas.handle(CancelStep(org_id=ORG, session_id=SESSION, plan_id=PLAN, step_id=step("s1")))
    await house.react(jobs_first=True)
    assert house.statuses == {"s1": "cancelled", "s2": "blocked", "s3": "blocked"}
    assert (house.book.spent, house.book.reserved) == (0, 0)


async def test_a_job_dispatched_for_a_step_that_is_closed_is_cancelled() -> None:
    house = House()
    house.plan()
    await house.react()
    house.dispatch("s1")
    cancel(house)
    for recorded in house.recorded(house.orgs):
        if isinstance(recorded.data, JobDispatched):
            await house.executor.handle(recorded)
    assert any(isinstance(event, JobCancelled) for _, event in house.orgs.log)


async def test_a_job_that_was_accepted_ends_with_its_step_that_a_repeat_finds_unfit() -> None:
    """Killed after its job was accepted, and the model is gone by the time the step is read again."""
    house = House()
    house.plan()
    await house.react()
    house.dispatch("s1")
    await house.react()
    del house.models["painter"]
    await house.repeat()
    assert house.statuses["s1"] == "failed"
    assert [type(event) for _, event in house.orgs.log if isinstance(event, JobCancelled)] == [JobCancelled]


async def test_a_cancelled_job_cancels_its_step() -> None:
    house = House()
    house.plan()
    await house.react()
    house.orgs.handle(CancelJob(org_id=ORG, job_id=house.jobs["s1"].job_id))
    await house.react()
    assert house.statuses == {"s1": "cancelled", "s2": "blocked", "s3": "blocked"}


async def test_a_repeat_of_everything_asks_nothing_new() -> None:
    house = House()
    house.plan()
    await house.react()
    await house.work("s1", "s2", "s3")
    before = (len(house.canvas.log), len(house.orgs.log))
    assert await house.repeat() == []
    assert (len(house.canvas.log), len(house.orgs.log)) == before


async def test_a_replayed_dead_letter_stands_for_itself() -> None:
    house = House()
    house.plan()
    await house.react()
    house.dispatch("s1")
    job = house.jobs["s1"]
    (dispatched,) = [one for one in house.recorded(house.orgs) if isinstance(one.data, JobDispatched)]
    assert wants(dispatched)
    replayed = dispatched.data.model_copy(update={"job_id": "job_again"})
    assert not wants(dispatched.__class__(dispatched.envelope, replayed, 0, 0))
    assert key_of(dispatched) == job.job_id


class Overfull(House):
    """Its decider sets aside each success of an open step: what would follow from it is larger than the log takes."""

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        if isinstance(command, RecordStepResult) and command.status == "succeeded" and self.is_open(command.step_id):
            raise CommandFailed("ValueError in canvas.RecordStepResult")
        return await super().__call__(command, envelope, timeout_s=timeout_s)

    def is_open(self, step_id: str) -> bool:
        return self.statuses[step_id.rsplit(".", 1)[1]] in OPEN


async def test_a_result_that_cannot_be_decided_fails_its_step_and_the_run_ends() -> None:
    house = Overfull()
    house.plan()
    await house.react()
    await house.work("s1")
    assert house.statuses == {"s1": "failed", "s2": "blocked", "s3": "blocked"}
    assert house.present.status == "failed"
    assert house.book.spent == 0


async def test_a_death_before_the_money_goes_back_leaves_it_to_the_next_reading() -> None:
    """Killed between the failure of the step and the cancel of its job: its step is closed by then."""
    house = Overfull()
    house.plan()
    await house.react()
    house.dispatch("s1")
    await house.react()
    house.succeed("s1")
    await house.react_until_killed(0)
    assert house.statuses["s1"] == "failed"
    assert house.book.spent == 100
    await house.react()
    await house.repeat()
    assert [event.amount for _, event in house.orgs.log if isinstance(event, JobRefunded)] == [100]
    assert house.book.spent == 0


async def test_a_success_that_comes_to_a_step_that_is_closed_already_gives_nothing_back() -> None:
    """What takes the money of a cancelled step back is its cancel; a step that has succeeded keeps it."""
    house = House()
    house.plan()
    await house.react()
    await house.work("s1")
    house.forget_answers()
    house.dispatch("s2")
    await house.react()
    house.succeed("s2")
    house.canvas.handle(CancelStep(org_id=ORG, session_id=SESSION, plan_id=PLAN, step_id=step("s2")))
    for recorded in house.recorded(house.orgs):
        if isinstance(recorded.data, JobSucceeded):
            await house.executor.handle(recorded)
    assert not any(isinstance(command, CancelJob) for _, command in house.asked)
    assert (house.statuses["s1"], house.statuses["s2"]) == ("succeeded", "cancelled")


async def test_what_raises_in_the_wiring_fails_its_step_and_not_the_process() -> None:
    house = House()
    nowhere = {"type": "object", "properties": {}, "allOf": [{"$ref": "#/$defs/nowhere"}]}
    house.models["painter"] = house.models["painter"].model_copy(update={"input_schema": nowhere})
    before = alarms()
    house.plan()
    await house.react()
    assert house.statuses["s1"] == "failed"
    (failed, *_) = [event for event in house.canvas.events(PLAN) if isinstance(event, StepFailed)]
    assert failed.category == "input_validation"
    assert alarms() == before + 1


def alarms() -> float:
    return REGISTRY.get_sample_value("studio_reactor_poison_total", {"group": "executor"}) or 0.0
