"""A fingerprint of code: what was stored by other code is not to be read by this one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType


def of_package(package: ModuleType, *, leave_out: frozenset[str] = frozenset()) -> str:
    """Hex SHA-256 over all Python sources of a package, but for the named sub-packages."""
    [root] = [Path(place) for place in package.__path__]
    digest = hashlib.sha256()
    for source in sorted(root.rglob("*.py")):
        name = source.relative_to(root)
        if name.parts[0] not in leave_out:
            digest.update(f"{name.as_posix()}\0".encode() + source.read_bytes() + b"\0")
    return digest.hexdigest()
