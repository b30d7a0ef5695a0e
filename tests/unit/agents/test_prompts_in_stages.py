"""A session is told what is published when it begins, and keeps it: what the model heard is what the log says."""

from __future__ import annotations

from dataclasses import replace

from commands.canvas.commands import PostMessage
from events.canvas.plan_events import PlanDrafted
from events.canvas.session_events import StageBegun
from events.catalog.current import CatalogEntry, CurrentPrompts, PromptVariant, PromptVersion, prompts_key
from events.envelope import Recorded
from processors.agents.published import Published
from processors.agents.reactor import Agents
from tests.unit.agents.test_reactor import ORG, PLAN, SESSION, Play


class Lab(Play):
    """A play whose prompts are published while it runs."""

    def __init__(self, messages: int) -> None:
        super().__init__(*[PLAN] * messages)
        self.entries: dict[str, CatalogEntry] = {}

    def publish(self, owner: str, variant: str, *versions: int, model: str | None = None) -> None:
        texts = tuple(PromptVersion(version=n, text=f"{owner} {variant} {n}", model=model) for n in versions)
        variants = (PromptVariant(variant=variant, weight=1, versions=texts),)
        self.entries[prompts_key(owner, "planner")] = CurrentPrompts(
            owner=owner, agent="planner", variants=variants, version=1
        )

    def agents(self, name: str = "workers") -> Agents:
        return Agents(replace(super().agents(name)._rooms, prompts=Published(self.entries.get)))

    async def says_more(self, number: int) -> Recorded:
        words = await self.vault.seal(ORG, "usr_1", "and a wolf")
        self.log.world.handle(PostMessage(org_id=ORG, session_id=SESSION, message_id=f"msg_{number}", text=words))
        return self.log.records()[-1]

    def used(self) -> list[tuple[str | None, str, int]]:
        return [(one.prompt_owner, one.variant, one.prompt_version) for one in self.log.of(StageBegun)]

    def heard_by_the_model(self) -> list[str]:
        return [str(messages[0]["content"]) for messages in self.model.asked]


async def test_what_is_published_meanwhile_is_for_the_sessions_that_begin_then() -> None:
    lab = Lab(2)
    lab.publish("platform", "default", 1)
    await lab.agents().handle(await lab.says("a fox"))
    lab.publish("platform", "default", 1, 2)
    lab.publish(ORG, "ours", 1)
    await lab.agents().handle(await lab.says_more(2))
    assert lab.used() == [("platform", "default", 1)] * 2
    assert lab.heard_by_the_model() == ["platform default 1"] * 2
    drafted = lab.log.of(PlanDrafted)[0].drafted_by
    assert (drafted.variant, drafted.prompt_version, drafted.prompt_owner) == ("default", 1, "platform")


async def test_where_the_pinned_text_is_kept_no_more_the_log_says_what_was_told_in_its_place() -> None:
    lab = Lab(2)
    lab.publish("platform", "default", 1)
    await lab.agents().handle(await lab.says("a fox"))
    lab.publish("platform", "default", 7, 8)
    await lab.agents().handle(await lab.says_more(2))
    assert lab.heard_by_the_model() == ["platform default 1", "platform default 8"]
    assert lab.used()[-1] == ("platform", "default", 8)
    assert [(one.attempt, one.prompt_version) for one in lab.log.of(StageBegun)] == [(1, 1), (1, 1), (2, 8)]


async def test_a_variants_own_model_is_asked_before_the_configured_one() -> None:
    lab = Lab(1)
    lab.publish(ORG, "ours", 1, model="small")
    await lab.agents().handle(await lab.says("a fox"))
    assert lab.model.preferred == ["small"]
