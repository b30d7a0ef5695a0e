"""Finds and ends the processes of a local platform by the mark in their environment."""

from pathlib import Path

import psutil

from studio.local.supervisor import MARK

TERMINATE_S = 5.0
KILL_S = 10.0


def marked(data_dir: Path) -> list[psutil.Process]:
    """Every process that a supervisor of this data directory started, or that one of those did."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(data_dir) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # ended meanwhile, or another person's
    return found


def sweep(data_dir: Path) -> int:
    """Ends what a dead supervisor or a hasty stop has left; answers how many there were."""
    processes = marked(data_dir)
    for process in processes:
        signal_if_alive(process, "terminate")
    _, alive = psutil.wait_procs(processes, timeout=TERMINATE_S)
    for process in alive:
        signal_if_alive(process, "kill")
    _, immortal = psutil.wait_procs(alive, timeout=KILL_S)
    if immortal:
        raise RuntimeError(f"cannot end processes {[process.pid for process in immortal]}")
    return len(processes)


def signal_if_alive(process: psutil.Process, how: str) -> None:
    """Sends a signal to a process that may be gone by now."""
    try:
        getattr(process, how)()
    except psutil.NoSuchProcess:
        return
