"""The table that says which process runs which roles."""

import sys
from dataclasses import dataclass
from pathlib import Path

from studio.local.supervisor import PLATFORM, Program


@dataclass(frozen=True)
class Packed:
    """One process: its name and the roles that share its event loop."""

    name: str
    roles: tuple[str, ...]
    niceness: int = 0
    data_dir: Path | None = None
    """Of its own, where it is a second one of a kind that keeps something there."""


# Two cores like few processes. Deciders share one only with deciders, because a fenced
# producer takes its whole process down.
PACKING = (
    Packed("decider", ("decider",)),
    Packed(
        "workers",
        ("agents", "executor", "scheduler", "dispatcher", "notifier", "alerts", "sweepers", "signer", "catalog"),
    ),
    Packed("projectors", ("projector_mongo", "projector_firestore"), niceness=10),
    Packed("gateway", ("gateway",)),
    Packed("standins", ("standins",)),
    Packed("gpu-worker-1", ("gpu_worker",)),
    Packed("gpu-worker-2", ("gpu_worker",)),
)
SERVER_NICENESS = {"firestore": 15, "mongo": 5}
# An answer waits for the log alone. Read models follow it, and nobody waits for the mirror; a fleet's worker answers at
# once, its engines are the ones that yield.

WORKER_DRAIN_S = 10  # less than the supervisor waits before it kills
GPU_WORKER = "gpu_worker"  # has a main of its own: it is also started alone, on machines with a GPU


def port_names(packing: tuple[Packed, ...]) -> list[str]:
    """The port that each process needs for its health, by the process's name."""
    return [packed.name for packed in packing]


def program(packed: Packed, port: int) -> Program:
    """How the supervisor starts a process."""
    if packed.roles == (GPU_WORKER,):
        command = [sys.executable, "-m", "gpu_workers"]
        environment = {"STUDIO_WORKER_ID": packed.name, "STUDIO_WORKER_PORT": str(port)}
        environment["STUDIO_WORKER_DRAIN_S"] = str(WORKER_DRAIN_S)
    else:
        command = [sys.executable, "-m", "studio.processes", *packed.roles]
        environment = {"STUDIO_PROCESS_NAME": packed.name, "STUDIO_HEALTH_PORT": str(port)}
    if packed.data_dir is not None:
        environment["STUDIO_DATA_DIR"] = str(packed.data_dir)
    return Program(packed.name, PLATFORM, command, environment, packed.niceness)


def ready_path(packed: Packed) -> str:
    """Where a process says whether it is ready: ours, or Cog's for a worker of the fleet."""
    return "/health-check" if packed.roles == (GPU_WORKER,) else "/readyz"
