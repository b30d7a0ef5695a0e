"""The edit planner: the present plan with what came of it, the instruction, and the plan as it shall be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from processors.agents.answers.parser import parse_plan
from processors.agents.asking.call import Call, Said, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog
from processors.agents.fitting.unknown_models import spoken_names, without_names
from processors.agents.fitting.validator import Issue
from processors.agents.llm import Message
from processors.agents.plan import ParsedPlan
from processors.agents.stages.editing import Edited, changed, merge, repair
from processors.agents.stages.named_models import named_models, with_models
from processors.agents.stages.planner import beside
from processors.agents.stages.trust import trusted
from processors.agents.telling.blocks import block
from processors.agents.telling.context import Briefing, blocks, request
from processors.agents.telling.present import Present

AGENT: Final = "edit_planner"
CALL: Final = Call(AGENT, "edit", timeout_s=120.0, drafts=True)
ISSUES_MAX: Final = 50
"""That it is told."""
ISSUE_CHARS_MAX: Final = 1_000
REPAIR: Final = replace(CALL, stage="revise", least_s=20.0)


@dataclass(frozen=True, slots=True)
class Edit:
    edited: Edited
    parsed: ParsedPlan
    said: Said


@dataclass(frozen=True, slots=True)
class Asked:
    """What it is asked, and what its answer makes of the plan.

    `issues` are what is wrong with the plan, in a round of repairing it; steps in `kept` the person had before, so that
    no repair takes them away.
    """

    briefing: Briefing
    catalog: Catalog
    present: Present
    issues: Sequence[Issue] = ()
    kept: Collection[str] = ()

    def __call__(self, prompt: Prompt) -> list[Message]:
        sections = blocks(self.briefing, self.catalog, self.present)
        if self.issues:
            sections.append(block("issues", _in_short(self.issues)))
        user = "\n".join([*sections, request(self.briefing)])
        return [{"role": "system", "content": prompt.whole}, {"role": "user", "content": user}]

    def read(self, answer: str) -> tuple[Edited, ParsedPlan]:
        parsed = trusted(parse_plan(answer), self.briefing, self.catalog)
        if self.issues:
            return self._with_models(repair(self.present.planned, parsed, self.issues, self.kept), parsed), parsed
        named = named_models(self.briefing.request, self.catalog)
        names = spoken_names(self.briefing.request, named.wanted, self.catalog)
        parsed = replace(parsed, steps=tuple(without_names(step, names) for step in parsed.steps))
        edited = merge(self.present.planned, parsed, self.briefing.request)
        new = changed(self.present.planned, edited.steps)
        kinds = {step.agent_type for step in edited.steps if step.id in new}
        steps = with_models(
            edited.steps, named, self.catalog, parsed.steps, lambda step: step.id in new or step.agent_type not in kinds
        )
        return self._with_models(replace(edited, steps=steps), parsed), parsed

    def _with_models(self, edited: Edited, parsed: ParsedPlan) -> Edited:
        """Steps that have no model yet have what the person has wanted of this plan so far."""
        named = named_models("\n".join([*self.briefing.said_before, self.briefing.request]), self.catalog)
        steps = with_models(edited.steps, named, self.catalog, parsed.steps, lambda step: step.model is None)
        return replace(edited, steps=steps)


async def edit(stages: Stages, asked: Asked, turn: int = 0) -> Edit:
    """`turn` is the round of repairing the plan. Raises LlmFailed."""
    call = replace(REPAIR, round=f"round {turn}") if asked.issues else CALL
    said = await stages.ask(replace(call, beside=beside(asked.briefing)), asked)
    edited, parsed = asked.read(said.text)
    return Edit(edited, parsed, said)


def _in_short(issues: Sequence[Issue]) -> list[str]:
    """The first of them, and how many more there are."""
    told = [str(issue)[:ISSUE_CHARS_MAX] for issue in issues[:ISSUES_MAX]]
    return [*told, f"and {len(issues) - ISSUES_MAX} more like these"] if len(issues) > ISSUES_MAX else told
