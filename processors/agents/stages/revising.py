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
from processors.agents.fitting.validator import GRAVE, Checked, Issue
from processors.agents.llm import LlmFailed
from processors.agents.plan import PlannedStep
from processors.agents.stages.edit_planner import Asked, edit
from processors.agents.stages.plan_validator import objections
from processors.agents.telling.context import Briefing
from processors.agents.telling.present import Present, PresentStep

log = logging.getLogger(__name__)

ROUNDS_MAX: Final = 2
"""Revisions of one plan."""


@dataclass(frozen=True)
class Version:
    """A plan as one answer left it: what the rules made of it, and what the model objects to."""

    title: str
    checked: Checked
    said: Said
    objections: tuple[Issue, ...] = ()
    planned: tuple[PlannedStep, ...] = ()
    """As it was answered, where the rules left no step of it."""

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
        return replace(self.checked, issues=(*self.checked.issues, *self.objections))

    def present(self, before: Present | None) -> Present:
        """The version as the plan to be judged and changed; a step that is as it was keeps what came of it."""
        was = {one.step.id: one for one in before.steps} if before is not None else {}
        steps = tuple(
            one if (one := was.get(step.id)) is not None and _same(one.step, step) else PresentStep(step, "planned")
            for step in self.checked.steps or self.planned
        )
        if before is not None:
            return replace(before, title=self.title, steps=steps)
        return Present("", self.title, "drafting", "", steps)


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
        return min(versions, key=lambda one: one.rank)

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
        return Version(done.parsed.title or version.title, checked, done.said)


def _same(one: PlannedStep, other: PlannedStep) -> bool:
    return replace(one, unchanged=False) == replace(other, unchanged=False)


def _all_same(steps: Sequence[PlannedStep], others: Sequence[PlannedStep]) -> bool:
    return len(steps) == len(others) and all(map(_same, steps, others))
