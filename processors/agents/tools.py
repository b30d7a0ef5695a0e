"""What the tools among the models do, each one thing: by their ids, titles and tags. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from events.catalog.events import ModelSpec
from processors.agents.operations import TOGETHER, asked_for, named_in, same
from processors.agents.plan import PlannedStep
from processors.executor.slots import media_slots, resolved

KIND: Final = "utility"
"""The agent type whose models are tools: none takes another's place."""
_WORD: Final = re.compile(r"[a-z0-9]+")
_SAYS_NOTHING: Final = frozenset({
    "utility", "tool", "tools", "model", "cpu", "gpu", "ai", "local", "image", "images", "picture", "photo", "video",
    "videos", "clip", "film", "audio", "sound", "voice", "music", "text", "file", "files", "mesh", "and", "the", "for",
    "of", "with", "from", "to", "in", "on", "by", "pro", "fast", "plus", "lite", "standard", "edit", "background",
})  # fmt: skip
"""Words of a tool's names that say nothing of what it does."""


@dataclass(frozen=True, slots=True)
class Tool:
    does: frozenset[str]
    """Operations that are known by name."""
    called: frozenset[str] = frozenset()
    """Of a tool that does none of these: its own words."""
    several: bool = False
    """It cannot do with one file: it puts several together."""

    @classmethod
    def of(cls, spec: ModelSpec) -> Tool:
        names = (spec.id.rpartition("/")[2], spec.title, *spec.tags)
        does = frozenset(operation for name in names for operation in named_in(name))
        own = frozenset(_WORD.findall(" ".join(names).lower())) - _SAYS_NOTHING - {spec.id.partition("/")[0].lower()}
        return cls(does, frozenset() if does else own, _files_needed(spec) > 1)

    @property
    def names(self) -> frozenset[str]:
        """For planners."""
        return self.does or self.called


@dataclass(frozen=True, slots=True)
class Asked:
    """What a step asks of a tool, read once for all that are compared."""

    operation: str | None
    words: frozenset[str]

    @classmethod
    def of(cls, step: PlannedStep) -> Asked:
        operation = step.input.get("operation")
        said = operation if isinstance(operation, str) else ""
        told = asked_for(said, step.title, step.description)
        return cls(told, frozenset(_WORD.findall(f"{said} {step.title} {step.description}".lower())))

    def by(self, tool: Tool) -> bool:
        """Whether that tool does it."""
        if self.words & tool.called:
            return True
        if self.operation == TOGETHER:
            return tool.several
        return self.operation is not None and bool(same(self.operation) & tool.does)


def _files_needed(spec: ModelSpec) -> int:
    schema = spec.input_schema
    needed = 0
    for slot in media_slots(schema):
        rule = resolved(schema.get("properties", {}).get(slot.path[0], {}), schema)
        needed += max(1, int(rule.get("minItems", 1))) if slot.required else 0
    return needed
