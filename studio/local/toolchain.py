"""Fetches what no wheel carries, once: Kafka's jars and the emulator's node modules; and makes Kafka quick to start."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from studio.local.layout import KAFKA_CLASSES, KAFKA_JARS, TOOLCHAIN
from studio.local.locks import locked
from studio.local.ports import assign
from studio.local.servers import kafka

LOCAL = Path(__file__).resolve().parent
KAFKA = LOCAL / "kafka"
FIRESTORE = LOCAL / "firestore"
COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
FETCH_TIMEOUT_S = 600
ARCHIVE_TIMEOUT_S = 120


def fetch_kafka() -> None:
    """Copies the jars that the pom names into the tool chain."""
    # A folder that already holds another version's jars would put both on the class path.
    shutil.rmtree(KAFKA_JARS, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(KAFKA / "pom.xml"), COPY_DEPENDENCIES]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={KAFKA_JARS}"]
    subprocess.run(command, check=True, stdout=sys.stderr, timeout=FETCH_TIMEOUT_S)


def archive_kafka() -> None:
    """Starts a broker once and keeps its loaded classes (AppCDS): later ones are ready in 60 % of the time and CPU.

    A JVM of another version passes the archive by.
    """
    with tempfile.TemporaryDirectory(prefix="studio-kafka-") as folder:
        ports = assign(["kafka", "controller"], {})
        broker = kafka.server(Path(folder), ports["kafka"], ports["controller"])
        broker.prepare()
        java, *arguments = broker.command
        command = [java, f"-XX:ArchiveClassesAtExit={KAFKA_CLASSES}", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
            watch = threading.Timer(ARCHIVE_TIMEOUT_S, running.kill)
            watch.start()
            assert running.stdout is not None
            for line in running.stdout:
                if kafka.STARTED in line:
                    running.terminate()
            watch.cancel()
    if not KAFKA_CLASSES.exists():
        raise RuntimeError(f"Kafka did not leave its classes in {KAFKA_CLASSES} when it ended")


def fetch_firestore() -> None:
    """Installs exactly what the lock file names."""
    command = ["npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts", "--silent"]
    subprocess.run(command, check=True, cwd=FIRESTORE, stdout=sys.stderr, timeout=FETCH_TIMEOUT_S)


PARTS = {
    "kafka": (KAFKA / "pom.xml", KAFKA_JARS, fetch_kafka),
    "kafka-classes": (KAFKA / "pom.xml", KAFKA_CLASSES, archive_kafka),
    "firestore": (FIRESTORE / "package-lock.json", FIRESTORE / "node_modules", fetch_firestore),
}


def missing() -> list[str]:
    """The parts that are not there, or were fetched for another version of their list."""
    return [name for name, (source, target, _) in PARTS.items() if not is_current(name, source, target)]


def is_current(name: str, source: Path, target: Path) -> bool:
    """Whether a part was fetched from the list as it is now."""
    stamp = TOOLCHAIN / f"{name}.stamp"
    return target.exists() and stamp.exists() and stamp.read_text() == digest(source)


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
