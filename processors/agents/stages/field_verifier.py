"""The field verifier: rules first (`fields.py`), and a model for what they leave open; then the rules again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from processors.agents.answers.objects import read_object
from processors.agents.asking.call import Call, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import Fitted
from processors.agents.llm import LlmFailed, Message
from processors.agents.stages.field_questions import Question, questions, settled
from processors.agents.telling.blocks import block
from processors.agents.telling.context import Briefing, files, request

log = logging.getLogger(__name__)

CALL: Final = Call("field_verifier", "verify", timeout_s=30.0, small=True)


async def settle(stages: Stages, briefing: Briefing, catalog: Catalog, fitted: Sequence[Fitted]) -> list[Fitted]:
    """The inputs as far as they can be settled. Without a question no model is asked; without an answer they stay."""
    attached = [upload for upload in briefing.uploads if upload.label in briefing.attached]
    asked = questions(fitted, catalog, attached)
    if not asked:
        return list(fitted)

    def told(prompt: Prompt) -> list[Message]:
        return [{"role": "system", "content": prompt.text}, {"role": "user", "content": _told(briefing, asked)}]

    try:
        said = await stages.ask(CALL, told)
    except LlmFailed as error:
        log.info("inputs stay as the rules left them (%s)", error.category)
        return list(fitted)
    return settled(fitted, asked, read_object(said.text))


def _told(briefing: Briefing, asked: Sequence[Question]) -> str:
    steps = block("steps", [question.as_json() for question in asked])
    return "\n".join([*files(briefing), steps, request(briefing)])
