"""Answers as all agents of several sessions, by what each is told alone, and keeps single calls waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.llm_server import Asked, LlmServer, Wire, chunk, whole

HELD_WITHIN_S: Final = 60.0
AGENTS: Final = ("context_classifier", "planner", "edit_planner", "validator", "model_selector", "field_verifier")
FLAWED, FLAWLESS = "flawed", "flawless"
"""In a plan's words: what the validator objects to, and what the edit planner makes of that."""

PLANNED: Final = ("planner", "validator", "model_selector", "field_verifier")
REVISED: Final = ("planner", "validator", "edit_planner", "validator again", "model_selector", "field_verifier")
EDITED: Final = ("context_classifier", "edit_planner", "validator", "field_verifier")
"""The stages of a message in their order: it begins a plan, a flawed one, or changes the plan that there is."""


@dataclass
class Held:
    """A call that is kept waiting, with some of its answer's text said, until it is released or its caller is gone."""

    said: str = ""
    began: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Director:
    server: LlmServer = field(default_factory=LlmServer)
    asked: dict[str, list[str]] = field(default_factory=dict)
    """By the name of a session, the stages that were asked for, in that order."""
    holding: dict[tuple[str, str], list[Held]] = field(default_factory=dict)
    """By session and stage, one call after the other."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.server.always = dict.fromkeys(AGENTS, self._answer)

    def hold(self, name: str, stage: str, said: str = "") -> Held:
        """The next call of this stage that is not held yet."""
        held = Held(said)
        self.holding.setdefault((name, stage), []).append(held)
        return held

    async def until_asked(self, calls: Iterable[Held]) -> None:
        """Returns once all of them wait."""
        wanted = list(calls)
        async with asyncio.timeout(HELD_WITHIN_S), self._news:
            await self._news.wait_for(lambda: all(one.began for one in wanted))

    async def _answer(self, wire: Wire) -> None:
        told = told_to(wire.asked)
        name = next(name for name in self.asked if f", {name}." in told)
        stage = stage_of(wire.asked.agent, told)
        self.asked[name].append(stage)
        if waiting := self.holding.get((name, stage)):
            await self._keep_waiting(waiting.pop(0), wire)
        await whole(answer(wire.asked.agent, name, told))(wire)

    async def _keep_waiting(self, held: Held, wire: Wire) -> None:
        if held.said:
            await wire.event(chunk({"content": held.said}))
        async with self._news:
            held.began = True
            self._news.notify_all()
        await held.released.wait()


def told_to(asked: Asked) -> str:
    """All but the prompt."""
    return "\n".join(str(message["content"]) for message in asked.body["messages"][1:])


def stage_of(agent: str, told: str) -> str:
    return "validator again" if agent == "validator" and FLAWLESS in told else agent


def agent_of(stage: str) -> str:
    return stage.partition(" ")[0]


def answer(agent: str, name: str, told: str) -> str:
    match agent:
        case "planner":
            return plan(name, FLAWED if FLAWED in told else "red")
        case "edit_planner":
            return plan(name, FLAWLESS if FLAWED in told else "blue")
        case "validator" if FLAWED in told and FLAWLESS not in told:
            return json.dumps({"verdict": "REVISE", "issues": [{"step_id": "a", "problem": "it is not right"}]})
        case "validator":
            return json.dumps({"verdict": "PASS", "issues": []})
        case "context_classifier":
            return json.dumps({"decision": "SAME"})
        case "model_selector":
            return json.dumps({"model": "local/picture"})
    return json.dumps({"steps": [{"id": "a", "input": {"width": 64}}]})


def plan(name: str, which: str) -> str:
    """A picture whose width only a model can make sense of, and its thumbnail."""
    words = f"a {which} fox, {name}."
    steps: list[dict[str, Any]] = [
        {"id": "a", "title": "Fox", "description": words, "agent_type": "image", "depends_on": [],
         "input": {"prompt": words, "width": "wide", "height": 64}},
        {"id": "b", "title": "Small", "description": "a thumbnail of it", "agent_type": "utility",
         "depends_on": ["a"], "input": {"image": "a"}},
    ]  # fmt: skip
    return json.dumps({"title": "Fox", "steps": steps})


def half(text: str) -> str:
    """Of a plan: its first step, and the beginning of the second."""
    return text[: text.index('"b"') + 1]
