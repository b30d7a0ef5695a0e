"""Verbs that are imported when they are called: nobody waits for what they did not ask for."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command


class Lazy(UserDict[str, Any]):
    """Commands by name. What is a text, `module:attribute`, becomes its command when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, str):
            found = self.data[name] = command_at(name, found)
        return found


def command_at(name: str, place: str) -> Any:
    """The command of a function, or of a Typer with several."""
    module, _, attribute = place.partition(":")
    verb = getattr(import_module(module), attribute)
    parent = typer.Typer(add_completion=False, callback=no_options)
    if isinstance(verb, typer.Typer):
        parent.add_typer(verb, name=name)
    else:
        parent.command(name)(verb)
    group = get_command(parent)
    assert isinstance(group, TyperGroup)
    return group.commands[name]


def no_options() -> None:
    """What Typer asks for where a group may be without commands."""


class LazyGroup(TyperGroup):
    """A group that has these commands too, by the place of each."""

    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = Lazy({**self.commands, **self.places})
