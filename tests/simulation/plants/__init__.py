"""Bugs that are planted in the house, each at the one seam where it would be made: the harness has to find them all.

A plant changes the real code as somebody might have written it. `rules` are the invariants that may catch it; a
scenario is one in which it has a chance to show, and in which the house as it is breaks nothing.
"""

from __future__ import annotations

from tests.simulation.plants.house import HOUSE
from tests.simulation.plants.log import LOG

PLANTS = (*LOG, *HOUSE)
