"""The agents' prompts as they are shipped: one file each, with its version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Shipped:
    name: str
    agent: str
    version: int
    text: str


@cache
def shipped(name: str) -> Shipped:
    """The prompt in `<name>.md`: a head of `key: value` lines between `---`, then its text."""
    source = resources.files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    _, head, text = source.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return Shipped(name, fields["agent"], int(fields["version"]), text.strip())


def all_shipped() -> Mapping[str, str]:
    """The texts of all of them, by name."""
    files = resources.files(__package__).iterdir()
    names = sorted(file.name.removesuffix(".md") for file in files if file.name.endswith(".md"))
    return {name: shipped(name).text for name in names}
