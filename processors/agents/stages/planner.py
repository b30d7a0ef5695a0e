"""The planner: what it is told, with the catalog beside it where it chooses the models itself (full mode)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from processors.agents.answers.parser import parse_plan
from processors.agents.asking.call import Call, Said, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog
from processors.agents.fitting.unknown_models import spoken_names, without_names
from processors.agents.llm import Message
from processors.agents.plan import ParsedPlan
from processors.agents.stages.named_models import named_models, with_models
from processors.agents.stages.trust import trusted
from processors.agents.telling.context import Briefing, blocks, request

CALL: Final = Call("planner", "plan", timeout_s=120.0, drafts=True)
FULL_MODE: Final = "planner_full"
"""What a planner is told beside its prompt where it chooses the models itself."""


async def plan(stages: Stages, briefing: Briefing, catalog: Catalog) -> tuple[ParsedPlan, Said]:
    """Raises LlmFailed."""

    def asked(prompt: Prompt) -> list[Message]:
        return told(prompt.whole, briefing, catalog)

    said = await stages.ask(replace(CALL, beside=beside(briefing)), asked)
    parsed = trusted(parse_plan(said.text), briefing, catalog)
    wished = "\n".join([*briefing.said_before, briefing.request])
    named = named_models(wished, catalog)
    names = spoken_names(wished, named.wanted, catalog)
    steps = with_models(parsed.steps, named, catalog, parsed.steps, lambda step: step.model is None)
    steps = tuple(without_names(step, names) for step in steps)
    return replace(parsed, steps=steps), said


def beside(briefing: Briefing) -> str | None:
    """The prompt that goes with a planner's own where it chooses the models itself."""
    return FULL_MODE if briefing.mode == "full" else None


def told(system: str, briefing: Briefing, catalog: Catalog) -> list[Message]:
    """All that the model reads."""
    user = "\n".join([*blocks(briefing, catalog), request(briefing)])
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]
