"""What the agents are handed by their process."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from commands.ask import Ask
from commands.ports import Storage, Vault
from processors.agents.asking.narrator import Send, Telling
from processors.agents.asking.prompting import BuiltIn, Prompts
from processors.agents.asking.turnstile import Turnstile
from processors.agents.catalog import Catalog
from processors.agents.llm import LanguageModel
from processors.agents.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Rooms:
    ask: Ask
    vault: Vault
    sessions: Sessions
    catalog: Callable[[], Catalog]
    model: LanguageModel
    send: Send
    owner: str
    """`<process name>/<start>`: fresh with every start of the process."""
    storage: Storage
    """For answers that are too large for the log."""
    prompts: Prompts = field(default_factory=BuiltIn)
    small_model: str | None = None
    """Asked before the primary one where a call is a small one."""
    refused: Callable[[str], Collection[str]] = lambda _org_id: ()
    """Models that are refused to an organisation."""
    telling: Telling = field(default_factory=Telling)
    planning: Turnstile = field(default_factory=Turnstile)
    """For what is made of an answer: hundreds of them may come at the same moment."""
