"""One message on its way to a plan: does it go on or begin anew, what shall be made, is it right, with which models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from commands.canvas.commands import RejectPlan
from commands.ports import ERASED
from commands.refusals import Refusal
from events.canvas.session_events import MessagePosted
from events.canvas.session_state import Session
from events.envelope import Recorded
from events.ids import step_id as step_id_of
from processors.agents.asking.call import Stages
from processors.agents.asking.rooms import Rooms
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import feasible, fit
from processors.agents.fitting.selector import Choice
from processors.agents.fitting.unknown_models import unknown_models
from processors.agents.fitting.validator import Checked
from processors.agents.plan import PlannedStep
from processors.agents.stages import field_verifier, planner, repricing
from processors.agents.stages.context_classifier import classify
from processors.agents.stages.edit_planner import Asked, edit
from processors.agents.stages.editing import Edited, changed
from processors.agents.stages.model_selector import Selecting
from processors.agents.stages.named_models import named_models
from processors.agents.stages.revising import Revising, Version, unplanned
from processors.agents.telling import apologies, changes, present, proposals
from processors.agents.telling.briefing import anew, brief
from processors.agents.telling.context import Briefing
from processors.agents.telling.present import Present, label_of
from processors.agents.words.web import addresses

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    rooms: Rooms
    event: Recorded
    message: MessagePosted
    session: Session
    stages: Stages
    catalog: Catalog
    """Of the moment that the message was taken up: what changes meanwhile holds for the next."""
    making: list[str] = field(default_factory=list, init=False)
    """Plans that have no models yet, and are given up where nothing comes of them."""
    rechosen: dict[str, Choice] = field(default_factory=dict, init=False)
    """By step, models that another price led to."""

    async def run(self) -> None:
        """Raises LlmFailed, `Unavailable`, or what the decider refuses with."""
        now = await present.before(self.rooms.vault, self.rooms.sessions, self.message)
        plans = await self.rooms.sessions.plans(self.session.session_id, self.message.after_plan)
        briefing = await brief(self.rooms.vault, self.session, self.message, plans, now)
        if briefing.request == ERASED:
            return
        if now is None or await classify(self.stages, briefing, now) == "NEW":
            if now is not None and now.status == "drafting":
                await self._give_up(now.plan_id)
            await self._plan(anew(briefing, now))
        elif now.status == "running":
            await self.say(apologies.STILL_RUNNING, "still-running")
        else:
            await self._edit(replace(briefing, goes_on=True), now)
        if asked_for := addresses(briefing.request):
            await self.say(apologies.not_fetched(asked_for), "not-fetched")

    async def say(self, text: str, purpose: str) -> None:
        """Never a silent session."""
        word = await proposals.word(self.stages, text, self.event.envelope.id, purpose)
        await self.stages.send(word, f"say {purpose}")

    async def end(self, text: str, purpose: str) -> None:
        """Says why nothing comes of the message; a plan that was being made for it does not stay half made."""
        for plan_id in dict.fromkeys(self.making):
            await self._give_up(plan_id)
        await self.say(text, purpose)

    async def _plan(self, briefing: Briefing) -> None:
        catalog = self._wished(briefing)
        parsed, said = await planner.plan(self.stages, briefing, catalog)
        checked = feasible(parsed.steps, catalog, briefing.files, briefing.said)
        best = Version(parsed.title, checked, said, planned=parsed.steps, lost=unplanned(parsed))
        if parsed.steps:
            best = await Revising(self.stages, briefing, catalog).settle(best)
        if not best.checked.steps:
            await self.say(apologies.no_plan(parsed, checked), "no-plan")
            return
        draft = await proposals.draft(self.stages, best.called, best.checked.steps, best.said, said)
        drafted = await self.stages.send(draft, f"draft {best.said.call.attempt}")
        checked = await self._held(drafted.result, best)
        untold = apologies.left_out(best.taken, best.checked.steps)
        await self._complete(str(drafted.result["plan_id"]), checked, briefing, lambda _: True, untold)

    async def _edit(self, briefing: Briefing, now: Present) -> None:
        if now.status == "drafting":
            self.making.append(now.plan_id)
        catalog = self._wished(briefing)
        done = await edit(self.stages, Asked(briefing, catalog, now))
        if not done.parsed.steps:
            if not repricing.to_choose_anew(briefing, catalog, now, now.planned):
                await self._stays(briefing, now, apologies.no_edit(done.parsed), "no-edit")
                return
            done = replace(done, edited=Edited(now.planned))
        checked = feasible(done.edited.steps, catalog, briefing.files, briefing.said)
        self.rechosen.update(await repricing.rechosen(self.stages, briefing, catalog, now, checked.steps))
        checked = replace(checked, steps=repricing.with_choices(checked.steps, self.rechosen))
        title, lost = done.parsed.title or now.title, unplanned(done.parsed)
        best = Version(title, checked, done.said, planned=done.edited.steps, lost=lost)
        different = changed(now.planned, checked.steps) or done.edited.removed or not checked.steps
        if done.edited.steps and different:
            best = await Revising(self.stages, briefing, catalog, now).settle(best)
        if not best.checked.steps:
            await self._stays(briefing, now, apologies.no_plan(done.parsed, checked), "no-plan")
            return
        steps = best.checked.steps
        left = {step.id for step in steps}
        new = changed(now.planned, steps) | now.unchosen & left
        untold = apologies.left_out(best.taken, steps)
        revision = await proposals.revision(self.stages, now.plan_id, best.called, steps, new, best.said)
        revised = await self.stages.send(revision, f"revise {best.said.call.attempt}")
        if not new:
            await self._tell_left_out(untold)
        if new:
            checked = await self._held(revised.result, best)
            new = now.unchosen & left | {label_of(step_id) for step_id in revised.result["changed"]}
            if not await self._complete(now.plan_id, checked, briefing, new.__contains__, untold):
                return
        elif tuple(step.id for step in steps) == tuple(step.id for step in now.planned):
            await self.say(self._unchanged(briefing, steps, left & set(done.edited.restored)), "unchanged")
            return
        other = changed(now.planned, steps)
        await self.say(changes.told(now.planned, steps, other), f"edited {now.plan_id}")
        if doubtful := left & set(done.edited.restored) & set(done.parsed.removed):
            await self.say(apologies.kept(steps, doubtful), "kept")

    def _unchanged(self, briefing: Briefing, steps: Sequence[PlannedStep], restored: Collection[str]) -> str:
        if unknown := unknown_models(briefing.request, self.catalog):
            return apologies.no_such_model(unknown, (), self.catalog.models)
        return apologies.kept(steps, restored) if restored else apologies.NOTHING_CHANGED

    async def _tell_left_out(self, words: str) -> None:
        """What of the request the plan does not do stands in the chat, and not in the thoughts alone."""
        if words:
            await self.say(words, "left-out")

    async def _held(self, decided: Mapping[str, Any], best: Version) -> Checked:
        """The version as the plan has it now: before a restart it was made with the catalog of that moment."""
        if not self.stages.resumed or "version" not in decided:
            return best.validated
        plan = await self.rooms.sessions.plan(str(decided["plan_id"]), int(decided["version"]))
        if plan is None:
            return best.validated
        steps = await present.held(self.rooms.vault, plan, best.checked.steps)
        return replace(best.validated, steps=steps)

    def _wished(self, briefing: Briefing) -> Catalog:
        """With the models last that the person does not want."""
        return self.catalog.avoiding(named_models(briefing.said, self.catalog).refused)

    async def _stays(self, briefing: Briefing, now: Present, word: str, purpose: str) -> None:
        """Nothing comes of an edit; a plan whose making this message cut short is made ready all the same."""
        if now.status == "drafting":
            await self._complete(now.plan_id, Checked(now.planned, ()), briefing, now.unchosen.__contains__)
        await self.say(word, purpose)

    async def _give_up(self, plan_id: str) -> None:
        """A plan whose making was cut short, and that nothing goes on with."""
        try:
            reject = self.stages.command(RejectPlan, plan_id=plan_id, while_drafting=True)
            await self.stages.send(reject, f"give up {plan_id}")
        except Refusal as error:
            log.info("the plan was ready already: %s", error)

    async def _complete(
        self, plan_id: str, checked: Checked, briefing: Briefing, new: Callable[[str], bool], untold: str = ""
    ) -> bool:
        """Models and inputs for what is new or other than it was; then, when the person has been told what is
        `untold`, the plan waits for a yes, or runs. False where it had to be given up."""
        self.making.append(plan_id)
        catalog, steps, ids = self._wished(briefing), checked.steps, partial(step_id_of, plan_id)
        self.stages.along(await proposals.validation(self.stages, plan_id, checked), "validate")
        chosen = await Selecting(self.stages, briefing, catalog).choose(steps, new, self.rechosen)
        fitted = [one for one in fit(steps, catalog, briefing.files, ids, briefing.said, chosen) if new(one.step.id)]
        if len(fitted) < sum(1 for step in steps if new(step.id)):
            await self.end(apologies.MODEL_GONE, "model-gone")
            return False
        fitted = await field_verifier.settle(self.stages, briefing, catalog, fitted)
        await self._tell_left_out(untold)
        await self.stages.send(await proposals.selection(self.stages, plan_id, fitted), "select")
        if unknown := unknown_models(briefing.request, self.catalog):
            await self.say(apologies.no_such_model(unknown, fitted, self.catalog.models), "no-such-model")
        return True
