"""The edit planner: the present plan with what came of it, the instruction, and the plan as it shall be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from processors.agents.answers.parser import parse_plan
from processors.agents.asking.call import Call, Said, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog
from processors.agents.fitting.validator import Issue
from processors.agents.llm import Message
from processors.agents.plan import ParsedPlan
from processors.agents.stages.editing import Edited, merge, repair
from processors.agents.stages.planner import beside
from processors.agents.stages.trust import trusted
from processors.agents.telling.blocks import block
from processors.agents.telling.context import Briefing, blocks, request
from processors.agents.telling.present import Present

AGENT: Final = "edit_planner"
CALL: Final = Call(AGENT, "edit", timeout_s=120.0, drafts=True)
REPAIR: Final = replace(CALL, stage="revise", least_s=20.0)


@dataclass(frozen=True, slots=True)
class Edit:
    edited: Edited
    parsed: ParsedPlan
    said: Said


async def edit(
    stages: Stages, briefing: Briefing, catalog: Catalog, present: Present, *, issues: Sequence[Issue] = (),
    turn: int = 0, kept: Collection[str] = (),
) -> Edit:  # fmt: skip
    """`issues` are what is wrong with the plan, in the `turn`-th round of repairing it; steps in `kept` the person had
    before, so that no repair takes them away. Raises LlmFailed."""

    def told(prompt: Prompt) -> list[Message]:
        sections = blocks(briefing, catalog, present)
        if issues:
            sections.append(block("issues", [str(issue) for issue in issues]))
        user = "\n".join([*sections, request(briefing)])
        return [{"role": "system", "content": prompt.whole}, {"role": "user", "content": user}]

    call = replace(REPAIR, round=f"round {turn}") if issues else CALL
    said = await stages.ask(replace(call, beside=beside(briefing)), told)
    parsed = trusted(parse_plan(said.text), briefing, catalog)
    if issues:
        return Edit(repair(present.planned, parsed, issues, kept), parsed, said)
    return Edit(merge(present.planned, parsed, briefing.request), parsed, said)
