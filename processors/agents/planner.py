"""The planner: what it is told, with the catalog beside it where it chooses the models itself (full mode)."""

from __future__ import annotations

from typing import Final

from processors.agents.catalog import Catalog
from processors.agents.context import Briefing, blocks, request
from processors.agents.llm import Message
from processors.agents.parser import parse_plan
from processors.agents.plan import ParsedPlan
from processors.agents.prompting import Prompt
from processors.agents.stage import Call, Said, Stages

CALL: Final = Call("planner", "plan", timeout_s=120.0, drafts=True)
FULL_MODE: Final = "planner_full"
"""What a planner is told beside its prompt where it chooses the models itself."""


async def plan(stages: Stages, briefing: Briefing, catalog: Catalog) -> tuple[ParsedPlan, Said]:
    """Raises LlmFailed."""

    def told(prompt: Prompt) -> list[Message]:
        beside = f"\n\n{stages.prompt(FULL_MODE).text}" if briefing.mode == "full" else ""
        user = "\n".join([*blocks(briefing, catalog), request(briefing)])
        return [{"role": "system", "content": f"{prompt.text}{beside}"}, {"role": "user", "content": user}]

    said = await stages.ask(CALL, told)
    return parse_plan(said.text), said
