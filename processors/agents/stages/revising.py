"""The validator's loop: a plan that is not right goes to the edit planner with what is wrong, a few times at most.

The rules come first: what they find needs no model to see it. What they pass is shown to the validator's model. A plan
of which the rules leave no step is shown to the edit planner as it was answered. Of all versions the best goes on: of
those with steps the one with the fewest grave issues; among those, the one with the fewest objections; then with the
fewest other repairs; then the earliest.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from processors.agents.asking.call import Said, Stages
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import feasible
from processors.agents.fitting.validator import GRAVE, LEFT_OUT, LOSSLESS, STILL_LOST, Checked, Issue, retitled
from processors.agents.llm import LlmFailed
from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.stages.edit_planner import Asked, edit
from processors.agents.stages.plan_validator import objections
from processors.agents.telling.context import Briefing
from processors.agents.telling.present import Present, PresentStep

log = logging.getLogger(__name__)

ROUNDS_MAX: Final = 2
"""Revisions of one plan."""
UNPLANNED: Final = "unplanned"
"""Code of what a planner itself says that it leaves out."""


@dataclass(frozen=True)
class Version:
    """A plan as one answer left it: what the rules made of it, and what the model objects to."""

    title: str
    checked: Checked
    said: Said
    objections: tuple[Issue, ...] = ()
    planned: tuple[PlannedStep, ...] = ()
    """As it was answered, where the rules left no step of it."""
    lost: tuple[Issue, ...] = ()
    """What its planner says that it leaves out, and what the rules took away of an earlier version that this one does
    not have either."""

    @cached_property
    def grave(self) -> tuple[Issue, ...]:
        return tuple(issue for issue in self.checked.issues if issue.code in GRAVE)

    @property
    def wrong(self) -> tuple[Issue, ...]:
        """What the edit planner is told; nothing where the version is right."""
        return self.grave or self.objections

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """The smaller, the better."""
        return not self.checked.steps, len(self.grave), len(self.objections), len(self.checked.issues)

    @property
    def validated(self) -> Checked:
        issues = (*self.lost, *self.checked.issues, *self.objections)
        return replace(self.checked, issues=tuple(dict.fromkeys(issues)))

    @property
    def called(self) -> str:
        """Its title, which names no length that could not be had."""
        title = self.title
        for issue in self.validated.issues:
            title = retitled(title, issue)
        return title

    @property
    def taken(self) -> tuple[Issue, ...]:
        """What it has not of what was planned, or has otherwise, as the rules would have it."""
        return tuple(one for one in (*self.lost, *self.checked.issues) if one.code not in LOSSLESS)

    def after(self, earlier: Sequence[Version]) -> Version:
        """Knowing what was lost on the way."""
        lost = [issue for version in earlier for issue in version.taken if self._lacks(issue, version)]
        return replace(self, lost=tuple(dict.fromkeys([*lost, *self.lost])))

    def _lacks(self, issue: Issue, earlier: Version) -> bool:
        """A step that was left out is still not there, one that was cut down by the rules is still as they left it."""
        if issue.step_id is None:
            return issue.code != UNPLANNED or not any(one.code == UNPLANNED for one in self.lost)
        now = next((step for step in self.checked.steps if step.id == issue.step_id), None)
        if now is None or issue.code not in STILL_LOST:
            return now is None and issue.code in LEFT_OUT
        return any(_same(step, now) for step in earlier.checked.steps)

    def present(self, before: Present | None) -> Present:
        """The version as the plan to be judged and changed; a step that is as it was keeps what came of it."""
        was = {one.step.id: one for one in before.steps} if before is not None else {}
        steps = tuple(
            one if (one := was.get(step.id)) is not None and _same(one.step, step) else PresentStep(step, "planned")
            for step in self.checked.steps or self.planned
        )
        if before is not None:
            return replace(before, title=self.called, steps=steps)
        return Present("", self.called, "drafting", "", steps)


@dataclass(frozen=True, slots=True)
class Revising:
    stages: Stages
    briefing: Briefing
    catalog: Catalog
    before: Present | None = None
    """The plan that is edited; None for a new one."""

    async def settle(self, first: Version) -> Version:
        """The best version; without steps where no version has any. Raises `Unavailable`."""
        versions = [await self._judged(first, 0)]
        for turn in range(1, ROUNDS_MAX + 1):
            if not versions[-1].wrong:
                break
            revised = await self._revised(versions[-1], turn)
            if revised is None:
                break
            versions.append(await self._judged(revised, turn))
        best = min(versions, key=lambda one: one.rank)
        return best.after(versions[: versions.index(best)])

    async def _judged(self, version: Version, turn: int) -> Version:
        """What the rules find grave is not shown to the model: it has to be other in any case."""
        if version.grave:
            return version
        found = await objections(self.stages, self.briefing, self.catalog, version.present(self.before), turn)
        return replace(version, objections=found)

    async def _revised(self, version: Version, turn: int) -> Version | None:
        """None where nothing came of it. A repair by rules that the edit planner leaves as it is has been agreed to."""
        present = version.present(self.before)
        kept = {step.id for step in self.before.planned} if self.before is not None else frozenset[str]()
        asked = Asked(self.briefing, self.catalog, present, version.wrong, kept)
        try:
            done = await edit(self.stages, asked, turn)
        except LlmFailed as error:
            log.info("the plan was not revised (%s): it goes on as it is", error.category)
            return None
        checked = feasible(done.edited.steps, self.catalog, self.briefing.files, self.briefing.said)
        if not done.parsed.steps or not checked.steps:
            return None
        if not version.grave and _all_same(checked.steps, version.checked.steps):
            return None
        return Version(done.parsed.title or version.title, checked, done.said, lost=unplanned(done.parsed))


def unplanned(parsed: ParsedPlan) -> tuple[Issue, ...]:
    """The planner's own word for what of the request no step does."""
    return (Issue(UNPLANNED, parsed.left_out),) if parsed.left_out else ()


def _same(one: PlannedStep, other: PlannedStep) -> bool:
    return replace(one, unchanged=False) == replace(other, unchanged=False)


def _all_same(steps: Sequence[PlannedStep], others: Sequence[PlannedStep]) -> bool:
    return len(steps) == len(others) and all(map(_same, steps, others))
