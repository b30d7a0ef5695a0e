"""The model selector: layer by layer of the graph, side by side within a layer; rules where rules can tell.

Asked of a model is only a step for which several would do. Not asked: text and utility steps, what the plan names,
what has one candidate, and `cheapest`, which is a rule. An answer that cannot be is corrected to the nearest that can.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from itertools import islice
from typing import Any, Final

from processors.agents.asking.call import Call, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog, media_out
from processors.agents.fitting.assembly import Outputs, known_to, output
from processors.agents.fitting.choices import read
from processors.agents.fitting.policies import Policy, policy_of
from processors.agents.fitting.selector import Choice, Rated, asked_for, by_rules, ranked, rate
from processors.agents.llm import LlmFailed, Message
from processors.agents.plan import PlannedStep
from processors.agents.telling.blocks import block
from processors.agents.telling.context import Briefing, request
from processors.agents.words.references import Known

log = logging.getLogger(__name__)

AGENT: Final = "model_selector"
CALL: Final = Call(AGENT, "select", timeout_s=20.0, least_s=5.0, small=True)
"""A stage of its own for each step: one that begins takes the place of an unfinished one of its name."""
ASKED_MAX: Final = 16
"""Steps of one message; of the others rules choose. A session holds the answers of its last 32 calls."""
OFFERED_MAX: Final = 12
BY_RULES: Final = frozenset({"text", "utility"})


@dataclass(slots=True)
class Selecting:
    stages: Stages
    briefing: Briefing
    catalog: Catalog
    asked: int = field(default=0, init=False)
    given: Mapping[str, Choice] = field(default_factory=dict, init=False)

    async def choose(
        self, steps: Sequence[PlannedStep], new: Callable[[str], bool], given: Mapping[str, Choice] | None = None
    ) -> Mapping[str, Choice]:
        """By step. Steps that are not `new` keep what they have, and those with a model that was chosen already, that.
        Raises `Unavailable`."""
        self.given = given or {}
        by_id = {step.id: step for step in steps}
        sorter = TopologicalSorter({step.id: step.depends_on for step in steps})
        sorter.prepare()
        outputs: Outputs = {}
        chosen: dict[str, Choice] = {}
        while sorter.is_active():
            layer = [by_id[name] for name in sorter.get_ready()]
            found = await self._layer(layer, outputs, new)
            for step, choice in zip(layer, found, strict=True):
                outputs[step.id] = output(choice, step)
                if choice is not None:
                    chosen[step.id] = choice
                sorter.done(step.id)
        return chosen

    async def _layer(
        self, layer: Sequence[PlannedStep], outputs: Outputs, new: Callable[[str], bool]
    ) -> list[Choice | None]:
        try:
            async with asyncio.TaskGroup() as group:
                choices = [
                    group.create_task(self._choice(step, self._known(step, outputs), new(step.id))) for step in layer
                ]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [choice.result() for choice in choices]

    def _known(self, step: PlannedStep, outputs: Outputs) -> Known:
        return known_to(step, outputs, self.briefing.files, said=self.briefing.said)

    async def _choice(self, step: PlannedStep, known: Known, new: bool) -> Choice | None:
        if (given := self.given.get(step.id)) is not None and given.model.id == step.model:
            return given
        policy = policy_of(self.briefing.request, self.briefing.said_before)
        named, flags = asked_for(step, known, self.catalog, policy)
        if named is not None:
            return named
        rated = self._candidates(step, known, policy)
        if not rated:
            return None
        first = by_rules(rated, policy, flags)
        alike = (one for one in rated if (one.unwanted, one.fit.media) == (rated[0].unwanted, rated[0].fit.media))
        offered = list(islice(alike, OFFERED_MAX))
        decided = len(offered) == 1 or policy == "cheapest" or step.agent_type in BY_RULES
        if decided or not new or self.briefing.mode == "full" or self.asked >= ASKED_MAX:
            return first
        self.asked += 1
        sections = told(step, known, offered, policy, self.briefing)

        def messages(prompt: Prompt) -> list[Message]:
            return [{"role": "system", "content": prompt.text}, {"role": "user", "content": sections}]

        try:
            said = await self.stages.ask(replace(CALL, stage=f"select {step.id}", round=f"step {step.id}"), messages)
        except LlmFailed as error:
            log.info("a model was chosen by rules (%s)", error.category)
            return first
        return corrected(said.text, offered, first)

    def _candidates(self, step: PlannedStep, known: Known, policy: Policy) -> list[Rated]:
        """None that gives less than the steps after this one were found to do with."""
        rated = rate(step, known, self.catalog)
        usual = ranked(rated, "balanced")
        least = media_out(usual[0].model) if usual else frozenset()
        return [one for one in ranked(rated, policy) if media_out(one.model) >= least]


def told(step: PlannedStep, known: Known, offered: Sequence[Rated], policy: str, briefing: Briefing) -> str:
    """The request last: it may say what models are to be like, or which."""
    upstream = [{"id": one.label, "gives": sorted(one.media), **one.hint} for one in known.steps]
    wanted = {key: value for key, value in step.as_json().items() if key != "model"}
    return "\n".join(
        [
            block("models", [_offer(one) for one in offered]),
            block("upstream", upstream),
            block("policy", policy),
            block("step", {**wanted, "input": dict(step.input)}),
            request(briefing),
        ]
    )


def _offer(one: Rated) -> dict[str, Any]:
    model = one.model
    return {
        "id": model.id,
        "title": model.title,
        "description": model.description[:300],
        "tags": list(model.tags),
        "fields": sorted(model.input_schema.get("properties", {})),
        "fit": one.fit.as_json(),
        "cost": one.cost,
    }


def corrected(answer: str, offered: Sequence[Rated], first: Choice) -> Choice:
    """What was meant, if that is among what was offered; else what rules choose first, and a flag that says so."""
    found = read(answer, [one.model for one in offered])
    if found is None:
        return Choice(first.model, first.reason, (*first.flags, "choice-unread"))
    best = min((one for one in offered if one.model.id in found.unsaid), key=lambda one: found.unsaid[one.model.id])
    return Choice(best.model, _reason(best, len(offered)), (*first.flags, *(() if found.sure else ("model-garbled",))))


def _reason(one: Rated, of: int) -> str:
    takes = ", takes " + " and ".join(sorted(one.used)) if one.used else ""
    return f"chosen by the model selector, of {of} models{takes}"
