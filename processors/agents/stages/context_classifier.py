"""Does a message go on with the present plan, or begin something new? Asked of a model, and biased to SAME."""

from __future__ import annotations

import logging
import re
from typing import Any, Final, Literal

from commands.canvas.commands import RecordContext
from processors.agents.answers.fences import without_thoughts
from processors.agents.answers.objects import read_object
from processors.agents.asking.call import Call, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.llm import LlmFailed, Message
from processors.agents.telling.blocks import block
from processors.agents.telling.context import Briefing, request, within
from processors.agents.telling.present import Present

log = logging.getLogger(__name__)

Decision = Literal["SAME", "NEW"]
CALL: Final = Call("context_classifier", "context", timeout_s=20.0, small=True)
HISTORY_CHARS: Final = 3_000
_SAYS_NEW = re.compile(r"[\W_]*(?:decision[\W_]+)?new[\W_]*", re.IGNORECASE)


async def classify(stages: Stages, briefing: Briefing, present: Present | None) -> Decision:
    """NEW without a question where there is no plan to go on with; SAME where no clear answer is to be had."""
    if present is None:
        return "NEW"

    def told(prompt: Prompt) -> list[Message]:
        return [{"role": "system", "content": prompt.text}, {"role": "user", "content": _told(briefing, present)}]

    try:
        said = await stages.ask(CALL, told)
    except LlmFailed as error:
        log.info("the context was not classified (%s): it goes on", error.category)
        return "SAME"
    decision = read(said.text)
    record = stages.command(
        RecordContext, call_id=said.call.call_id, message_id=stages.message.message_id, decision=decision
    )
    await stages.send(record, "context")
    return decision


def read(answer: str) -> Decision:
    """NEW only where nothing else is said."""
    found = read_object(answer)
    said: Any
    if found is not None:
        said = next((value for key, value in found.items() if key.strip().lower() == "decision"), "")
    else:
        said = without_thoughts(answer)
    return "NEW" if isinstance(said, str) and _SAYS_NEW.fullmatch(said) else "SAME"


def _told(briefing: Briefing, present: Present) -> str:
    steps = [{"agent_type": one.step.agent_type, "title": one.step.title} for one in present.steps]
    plan = {"title": present.title, "status": present.status, "steps": steps}
    history = [{"role": one.role, "text": one.text} for one in within(briefing.history, HISTORY_CHARS)]
    return "\n".join([block("plan", plan), block("history", history), request(briefing)])
