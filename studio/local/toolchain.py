"""Fetches what no wheel carries, once: Kafka's jars and the emulator's node modules."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from studio.local.layout import TOOLCHAIN
from studio.local.locks import locked

LOCAL = Path(__file__).resolve().parent
KAFKA = LOCAL / "kafka"
FIRESTORE = LOCAL / "firestore"
KAFKA_JARS = TOOLCHAIN / "kafka" / "libs"
COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
FETCH_TIMEOUT_S = 600


def fetch_kafka() -> None:
    """Copies the jars that the pom names into the tool chain."""
    # A folder that already holds another version's jars would put both on the class path.
    shutil.rmtree(KAFKA_JARS, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(KAFKA / "pom.xml"), COPY_DEPENDENCIES]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={KAFKA_JARS}"]
    subprocess.run(command, check=True, stdout=sys.stderr, timeout=FETCH_TIMEOUT_S)


def fetch_firestore() -> None:
    """Installs exactly what the lock file names."""
    command = ["npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts", "--silent"]
    subprocess.run(command, check=True, cwd=FIRESTORE, stdout=sys.stderr, timeout=FETCH_TIMEOUT_S)


PARTS = {
    "kafka": (KAFKA / "pom.xml", KAFKA_JARS, fetch_kafka),
    "firestore": (FIRESTORE / "package-lock.json", FIRESTORE / "node_modules", fetch_firestore),
}


def missing() -> list[str]:
    """The parts that are not there, or were fetched for another version of their list."""
    return [name for name, (source, target, _) in PARTS.items() if not is_current(name, source, target)]


def is_current(name: str, source: Path, target: Path) -> bool:
    """Whether a part was fetched from the list as it is now."""
    stamp = TOOLCHAIN / f"{name}.stamp"
    return target.is_dir() and stamp.exists() and stamp.read_text() == digest(source)


def digest(source: Path) -> str:
    """What a part's stamp holds."""
    return hashlib.sha256(source.read_bytes()).hexdigest()


def ensure() -> None:
    """Fetches the missing parts."""
    if not missing():
        return
    TOOLCHAIN.mkdir(exist_ok=True)
    with locked(TOOLCHAIN / "fetch.lock", FETCH_TIMEOUT_S):
        for name in missing():
            source, _, fetch = PARTS[name]
            fetch()
            (TOOLCHAIN / f"{name}.stamp").write_text(digest(source))


if __name__ == "__main__":
    ensure()
