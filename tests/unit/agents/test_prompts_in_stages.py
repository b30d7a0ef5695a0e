"""A session is told what is published when it begins, and keeps it: what the model heard is what the log says."""

from __future__ import annotations

from dataclasses import replace

from events.canvas.plan_events import PlanDrafted
from events.canvas.session_events import PromptBeside, StageBegun
from events.catalog.current import CatalogEntry, CurrentPrompts, PromptVariant, PromptVersion, prompts_key
from processors.agents.asking.published import Published
from processors.agents.reactor import Agents
from tests.unit.agents.play import ORG, Play
from tests.unit.agents.test_reactor import PLAN

ANEW = '{"decision": "NEW"}'


class Lab(Play):
    """A play whose prompts are published while it runs."""

    def __init__(self, *script: str) -> None:
        super().__init__(*script)
        self.entries: dict[str, CatalogEntry] = {}

    def publish(
        self, owner: str, variant: str, *versions: int, model: str | None = None, agent: str = "planner"
    ) -> None:
        texts = tuple(PromptVersion(version=n, text=f"{owner} {variant} {n}", model=model) for n in versions)
        variants = (PromptVariant(variant=variant, weight=1, versions=texts),)
        self.entries[prompts_key(owner, agent)] = CurrentPrompts(owner=owner, agent=agent, variants=variants, version=1)

    def agents(self, name: str = "workers") -> Agents:
        return Agents(replace(super().agents(name)._rooms, prompts=Published(self.entries.get)))

    def begun(self) -> list[StageBegun]:
        return [one for one in self.log.of(StageBegun) if one.agent == "planner"]

    def used(self) -> list[tuple[str | None, str, int]]:
        return [(one.prompt_owner, one.variant, one.prompt_version) for one in self.begun()]

    def heard_by_the_planner(self) -> list[str]:
        asked = zip(self.script.agents, self.script.asked, strict=True)
        return [str(messages[0]["content"]) for agent, messages in asked if agent == "planner"]


async def test_what_is_published_meanwhile_is_for_the_sessions_that_begin_then() -> None:
    lab = Lab(PLAN, ANEW, PLAN)
    lab.publish("platform", "default", 1)
    await lab.agents().handle(await lab.says("a fox"))
    lab.publish("platform", "default", 1, 2)
    lab.publish(ORG, "ours", 1)
    await lab.agents().handle(await lab.says("and a wolf"))
    assert lab.used() == [("platform", "default", 1)] * 2
    assert lab.heard_by_the_planner() == ["platform default 1"] * 2
    drafted = lab.log.of(PlanDrafted)[0].drafted_by
    assert (drafted.variant, drafted.prompt_version, drafted.prompt_owner) == ("default", 1, "platform")


async def test_where_the_pinned_text_is_kept_no_more_the_log_says_what_was_told_in_its_place() -> None:
    lab = Lab(PLAN, ANEW, PLAN)
    lab.publish("platform", "default", 1)
    await lab.agents().handle(await lab.says("a fox"))
    lab.publish("platform", "default", 7, 8)
    await lab.agents().handle(await lab.says("and a wolf"))
    assert lab.heard_by_the_planner() == ["platform default 1", "platform default 8"]
    assert lab.used()[-1] == ("platform", "default", 8)
    assert [(one.attempt, one.prompt_version) for one in lab.begun()] == [(1, 1), (1, 1), (2, 8)]


async def test_a_variants_own_model_is_asked_before_the_configured_one() -> None:
    lab = Lab(PLAN)
    lab.publish(ORG, "ours", 1, model="small")
    await lab.agents().handle(await lab.says("a fox"))
    assert dict(zip(lab.script.agents, lab.script.preferred, strict=True)) == {"planner": "small", "validator": None}


async def test_what_goes_with_the_planners_prompt_in_full_mode_is_pinned_and_recorded_too() -> None:
    lab = Lab(PLAN, ANEW, PLAN)
    lab.publish("platform", "default", 1)
    lab.publish("platform", "wide", 3, agent="planner_full")
    await lab.agents().handle(await lab.says("a fox", mode="full"))
    lab.publish("platform", "wide", 3, 4, agent="planner_full")
    await lab.agents().handle(await lab.says("and a wolf", mode="full"))
    assert lab.heard_by_the_planner() == ["platform default 1\n\nplatform wide 3"] * 2
    beside = PromptBeside(agent="planner_full", variant="wide", version=3, owner="platform")
    assert [one.beside for one in lab.begun()] == [beside] * 2
    lab.publish("platform", "wide", 9, agent="planner_full")
    lab.script.script += [ANEW, PLAN]
    await lab.agents().handle(await lab.says("and a bear", mode="full"))
    assert lab.heard_by_the_planner()[-1] == "platform default 1\n\nplatform wide 9"
    assert lab.begun()[-1].beside == beside.model_copy(update={"version": 9})


async def test_without_full_mode_nothing_goes_with_it() -> None:
    lab = Lab(PLAN)
    lab.publish("platform", "wide", 3, agent="planner_full")
    await lab.agents().handle(await lab.says("a fox"))
    assert [one.beside for one in lab.begun()] == [None]
