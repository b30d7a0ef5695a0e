"""Names every file and folder of a local platform's data directory."""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.settings import PROJECT_ROOT

TOOLCHAIN = PROJECT_ROOT / ".toolchain"
KAFKA_JARS = TOOLCHAIN / "kafka" / "libs"
KAFKA_CLASSES = TOOLCHAIN / "kafka" / "classes.jsa"
UNIX_SOCKET_PATH_LIMIT = 100  # the kernel's is 108 with the terminator; supervisord adds ".<pid>" first


@dataclass(frozen=True)
class Layout:
    """The data directory, by purpose."""

    data_dir: Path

    @property
    def run(self) -> Path:
        return self.data_dir / "run"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def lock(self) -> Path:
        return self.run / "up.lock"

    @property
    def ports(self) -> Path:
        return self.run / "ports.json"

    @property
    def addresses(self) -> Path:
        return self.run / "addresses.json"

    @property
    def secrets(self) -> Path:
        return self.data_dir / "secrets.json"

    @property
    def signing_key(self) -> Path:
        return self.data_dir / "signing.key"

    @property
    def dev(self) -> Path:
        return self.data_dir / "dev.json"

    @property
    def supervisor_config(self) -> Path:
        return self.run / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        """In the data directory where the path is short enough for a socket, otherwise in a private folder."""
        path = self.run / "supervisor.sock"
        if len(os.fsencode(path)) + len(".1234567") <= UNIX_SOCKET_PATH_LIMIT:
            return path
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"studio-{os.getuid()}-{digest}" / "supervisor.sock"

    def server(self, name: str) -> Path:
        return self.data_dir / "servers" / name

    def prepare(self) -> None:
        """Creates the folders, readable by their owner only: people's texts lie in them."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.logs, self.data_dir / "servers", self.supervisor_socket.parent):
            folder.mkdir(mode=0o700, exist_ok=True)

    def tidy(self) -> None:
        """Takes the private folder of the socket away, once nothing runs; another person's, or one in use, stays."""
        folder = self.supervisor_socket.parent
        if folder == self.run:
            return
        with suppress(OSError):
            for socket in folder.glob(f"{self.supervisor_socket.name}*"):
                socket.unlink()
            folder.rmdir()


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step; only its owner can read it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
