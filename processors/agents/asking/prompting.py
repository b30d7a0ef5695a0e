"""Where an agent's prompt comes from: which variant of it a session is given, in which version. Picking is pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from events.catalog.current import PLATFORM
from processors.agents.prompts import shipped

DEFAULT_VARIANT: Final = "default"


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a session was given before: it keeps the variant, and the version too where one is named."""

    variant: str
    version: int | None = None
    owner: str | None = None
    """`platform` or an org id; None: the shipped one."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system message of one call; `model` is the variant's own, where it has one."""

    agent: str
    variant: str
    version: int
    text: str
    model: str | None = None
    owner: str | None = None
    """`platform` or an org id; None: the shipped one."""
    beside: Prompt | None = None
    """What goes with it."""

    @property
    def whole(self) -> str:
        """The system message."""
        return self.text if self.beside is None else f"{self.text}\n\n{self.beside.text}"


def pin(prompt: Prompt) -> Pinned:
    return Pinned(prompt.variant, prompt.version, prompt.owner)


class Prompts(Protocol):
    """The prompts of this moment. Never waits: what it needs it holds in memory."""

    def pick(self, agent: str, org_id: str, pinned: Pinned | None, chance: float) -> Prompt:
        """The pinned variant; else the one that `chance`, from 0 up to 1, falls on by the variants' weights."""
        ...


class BuiltIn:
    """The prompts that are shipped with the platform: one variant of each."""

    def pick(self, agent: str, _org_id: str, _pinned: Pinned | None, _chance: float) -> Prompt:
        prompt = shipped(agent)
        return Prompt(agent, DEFAULT_VARIANT, prompt.version, prompt.text)


def platforms(prompts: Prompts, agent: str, about: str) -> Prompt:
    """The platform's, for who works for no session: the variants by weight, the same one for what it is about."""
    return prompts.pick(agent, PLATFORM, None, chance_of(about, agent))


def chance_of(session_id: str, agent: str) -> float:
    """From 0 up to 1, always the same for a session and an agent: a restart picks what was picked before."""
    digest = hashlib.sha256(f"{session_id}\x1f{agent}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)
