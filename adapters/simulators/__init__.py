"""Simulators of providers' wires: real HTTP, small real files, and failures on demand."""

from adapters.simulators.app import app

__all__ = ["app"]
