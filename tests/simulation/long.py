"""Seed after seed for as long as there is time, on every core: `make simulate SECONDS_TO_RUN=180 SEED=…`."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Final

from tests.simulation.run import Report, run
from tests.simulation.scenario import drawn

AT_ONCE: Final = 10
SAY_EVERY_S: Final = 20.0


def chunk(first: int) -> list[Report]:
    """Both modes of each seed; the stories stay where they are."""
    return [run(drawn(seed, heals=heals)).told() for seed in range(first, first + AT_ONCE) for heals in (True, False)]


def search(seconds: float, first: int | None) -> int:
    """How many runs have broken something. Without a first seed they begin where nobody has been, and say where."""
    first = int(time.time()) * 1000 if first is None else first
    say(f"seeds from {first} on, for {seconds:g} s")
    total = Total(first)
    until, say_at = time.monotonic() + seconds, time.monotonic() + SAY_EVERY_S
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running: set[Future[list[Report]]] = set()
        while running or time.monotonic() < until:
            while time.monotonic() < until and len(running) < (os.cpu_count() or 1):
                running.add(pool.submit(chunk, total.next()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                total.take(future.result())
            if time.monotonic() >= say_at:
                say(str(total))
                say_at = time.monotonic() + SAY_EVERY_S
    say(str(total))
    return total.broken


class Total:
    def __init__(self, first: int) -> None:
        self._next = first
        self._runs = self._effects = self.broken = 0
        self._seconds = 0.0
        self._ended: Counter[str] = Counter()

    def next(self) -> int:
        first, self._next = self._next, self._next + AT_ONCE
        return first

    def take(self, reports: list[Report]) -> None:
        for report in reports:
            self._runs += 1
            self._effects += report.effects
            self._seconds += report.seconds
            self._ended.update(report.ended)
            if report.violation is not None:
                self.broken += 1
                mode = "" if report.scenario.heals else " safety"
                say(f"{report.violation}\n    again: python -m tests.simulation {report.scenario.seed}{mode}")

    def __str__(self) -> str:
        hours = self._seconds / 3600
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self._ended.items()))
        return (
            f"{self._runs} runs, {hours:.1f} virtual hours, {self._effects} effects, {ends}; {self.broken} broke a rule"
        )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
