"""A session: begun once, its messages and uploads, its stages, and the project that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.canvas.plan_events import (
    DraftedBy,
    PlanDrafted,
    PlanRejected,
    StepDrafted,
)
from events.canvas.session_events import (
    AgentCallRecorded,
    FileUploaded,
    MessagePosted,
    SessionStarted,
    StageBegun,
)
from tests.given import ORG, SESSION, asset, draft, message, sealed
from tests.specification import Given
from tests.unit.commands.plans import BEGIN, CHAIN, PLANNED, RECORD, given


class TestSession:
    def test_a_session_takes_messages(self) -> None:
        start, post = message()
        given().when(start).then(SessionStarted)
        assert given(start).when(post).then(MessagePosted).result == {"message_id": "msg_1"}

    def test_another_organisations_session_is_not_found(self) -> None:
        start, post = message()
        given(start).when(post.model_copy(update={"org_id": "org_B"})).then_refused(NotFound)

    def test_uploads_are_numbered_by_medium(self) -> None:
        upload = c.RecordUpload(
            org_id=ORG, session_id=SESSION, upload_id="upl_1", asset=asset(), file_name=sealed(), medium="image"
        )
        second = upload.model_copy(update={"upload_id": "upl_2"})
        start, _ = message()
        event = given(start, upload).when(second).then(FileUploaded).events[0][1]
        assert isinstance(event, FileUploaded)
        assert event.label == "image_2"

    def test_a_message_names_only_uploads_of_its_session(self) -> None:
        start, post = message()
        given(start).when(post.model_copy(update={"upload_ids": ("upl_9",)})).then_refused(InvalidInput)


class TestStages:
    def test_the_first_owner_goes_and_is_told_what_it_must_have_read(self) -> None:
        decision = given(*message()).when(BEGIN).then(StageBegun)
        prompt = {"variant": "default", "version": 1}
        assert decision.result == {"go": 1, "versions": {SESSION: 3}, "prompt": prompt}

    def test_the_first_stage_of_an_agent_pins_its_prompt_for_the_session(self) -> None:
        brief = {"variant": "brief", "prompt_version": 2, "prompt_owner": "platform"}
        first = BEGIN.model_copy(update=brief)
        past = (*message(), first)
        told = {"variant": "brief", "version": 2, "owner": "platform"}
        assert self.prompt(past, BEGIN.model_copy(update={"call_id": "c2"})) == told
        others = BEGIN.model_copy(update={"call_id": "c2", **brief, "prompt_owner": ORG})
        assert self.prompt(past, others) == told
        assert self.prompt(past, first.model_copy(update={"call_id": "c2", "prompt_version": 3})) == told
        assert self.prompt(past, BEGIN.model_copy(update={"call_id": "c2", "agent": "validator"})) == {
            "variant": "default",
            "version": 1,
        }

    def test_a_pinned_text_that_is_kept_no_more_gives_way_to_another_for_the_rest_of_the_session(self) -> None:
        first = BEGIN.model_copy(update={"prompt_version": 1})
        lost = BEGIN.model_copy(update={"prompt_version": 6, "pin_lost": True})
        decision = given(*message(), first).when(lost).then(StageBegun)
        assert decision.result is not None
        assert (decision.result["go"], decision.result["prompt"]["version"]) == (2, 6)
        given(*message(), first, lost).when(lost).then_nothing()
        later = BEGIN.model_copy(update={"call_id": "c2"})
        assert self.prompt((*message(), first, lost), later) == {"variant": "default", "version": 6}

    def prompt(self, past: Sequence[c.CanvasCommand], begin: c.BeginStage) -> object:
        decision = given(*past).when(begin).then(StageBegun)
        [(_, event)] = decision.events
        assert isinstance(event, StageBegun)
        assert decision.result is not None
        told = decision.result["prompt"]
        assert (event.variant, event.prompt_version, event.prompt_owner) == (
            told["variant"],
            told["version"],
            told.get("owner"),
        )
        return told

    def test_a_plan_tells_which_prompt_it_was_drafted_with(self) -> None:
        brief = BEGIN.model_copy(update={"variant": "brief", "prompt_version": 2, "prompt_owner": "platform"})
        made = draft(CHAIN).model_copy(update={"made_from": c.AgentCall(call_id="c1", attempt=1)})
        decision = given(*message(), brief, RECORD).when(made).then(PlanDrafted, StepDrafted, StepDrafted, StepDrafted)
        drafted = decision.events[0][1]
        assert isinstance(drafted, PlanDrafted)
        assert drafted.drafted_by == DraftedBy(
            call_id="c1", agent="planner", variant="brief", prompt_version=2, prompt_owner="platform"
        )

    def test_another_instance_waits_for_the_time_out(self) -> None:
        other = BEGIN.model_copy(update={"owner": "agents-1/1"})
        assert given(*message(), BEGIN).when(other).then_nothing().result == {"busy": True}
        assert given(*message(), BEGIN, 60.0).when(other).then(StageBegun).result["go"] == 2  # type: ignore[index]

    def test_the_same_instance_started_anew_goes_at_once(self) -> None:
        anew = BEGIN.model_copy(update={"owner": "agents-0/2"})
        given(*message(), BEGIN).when(anew).then(StageBegun)

    def test_a_recorded_call_is_answered_from_the_log(self) -> None:
        given(*message(), BEGIN).when(RECORD).then(AgentCallRecorded)
        decision = given(*message(), BEGIN, RECORD).when(BEGIN).then_nothing()
        assert decision.result is not None
        assert decision.result["recorded"]["model"] == "m"

    def test_a_record_of_an_old_attempt_is_refused(self) -> None:
        anew = BEGIN.model_copy(update={"owner": "agents-0/2"})
        given(*message(), BEGIN, anew).when(RECORD).then_refused(IllegalState)


class TestProject:
    """A key that is of one project finds no session of another one, and none that is of no project."""

    @pytest.mark.parametrize("of", ["prj_1", None])
    def test_another_ones_session_is_not_found(self, of: str | None) -> None:
        start, post = message()
        past = (start.model_copy(update={"project_id": of}), post, draft({"a": ()}))
        for command in (
            post.model_copy(update={"message_id": "msg_2"}),
            c.ApprovePlan(**PLANNED),
            c.RejectPlan(**PLANNED),
        ):
            foreign = command.model_copy(update={"within_project": "prj_2"})
            Given(CANVAS, past).when(foreign).then_refused(NotFound)

    def test_its_own_is(self) -> None:
        start, post = message()
        past = (start.model_copy(update={"project_id": "prj_1"}), post, draft({"a": ()}))
        Given(CANVAS, past).when(c.RejectPlan(**PLANNED, within_project="prj_1")).then(PlanRejected)
