"""The real servers that integration tests run against, started once for a whole test run."""

import asyncio
import base64
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from studio.local import addresses as addressbook
from studio.local.platform import LocalPlatform
from studio.local.ports import assign
from studio.local.servers import firestore, kafka, mongo, redis
from studio.local.servers.server import wait_until_ready
from studio.settings import Settings

MASTER_KEY = base64.urlsafe_b64encode(bytes(32)).decode()
"""One for all who share the servers: whoever reads the log must be able to open what others have sealed."""
IMAGES = {
    "kafka": "apache/kafka:4.1.1",
    "mongo": "mongo:6.0",
    "redis": "redis:6.2",
    "firestore": "google/cloud-sdk:emulators",
}


@dataclass(frozen=True)
class Servers:
    """Where the four servers of this test run are reached."""

    kafka_bootstrap: str
    mongo_url: str
    redis_url: str
    firestore_emulator: str


def isolated_settings(data_dir: Path) -> Settings:
    """Settings on which neither the environment nor a .env file has a say about servers."""
    return Settings(
        data_dir=data_dir,
        kafka_bootstrap=None,
        mongo_url=None,
        redis_url=None,
        firestore_emulator=None,
        firestore_project=None,
    )


def quiet(_name: str, _what: str) -> None:
    """Tests need no progress lines."""


@contextmanager
def running(data_dir: Path) -> Iterator[Servers]:
    """The servers, from docker where that is asked for and there, otherwise the embedded ones."""
    if os.environ.get("STUDIO_TEST_DOCKER") == "1" and docker_answers():
        with in_docker() as servers:
            yield servers
    else:
        with embedded(data_dir) as servers:
            yield servers


@contextmanager
def embedded(data_dir: Path) -> Iterator[Servers]:
    """Embedded servers that end with this process, whatever becomes of it."""
    platform = LocalPlatform(isolated_settings(data_dir), with_us=True)
    try:
        settings = asyncio.run(platform.up(quiet, servers_only=True))
        yield addresses_of(settings)
    finally:
        asyncio.run(put_down(platform))


async def put_down(platform: LocalPlatform) -> None:
    """At once, for nobody needs what it has stored: how one is stopped in good order has a test of its own."""
    if (pid := platform.supervisor.pid()) is not None:
        os.kill(pid, signal.SIGKILL)
    await platform.down(quiet)


def addresses_of(settings: Settings) -> Servers:
    """The addresses that `up` has filled in."""
    values = addressbook.environment(settings)
    return Servers(
        kafka_bootstrap=values["STUDIO_KAFKA_BOOTSTRAP"],
        mongo_url=values["STUDIO_MONGO_URL"],
        redis_url=values["STUDIO_REDIS_URL"],
        firestore_emulator=values["STUDIO_FIRESTORE_EMULATOR"],
    )


def docker_answers() -> bool:
    """Whether a docker daemon can be used."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=20).returncode == 0


@contextmanager
def in_docker() -> Iterator[Servers]:
    """The official images, on the host's network, so that what they advertise is what we reach."""
    from testcontainers.core.container import DockerContainer

    ports = assign(["kafka", "controller", "mongo", "redis", "firestore"], {})
    servers = Servers(
        kafka_bootstrap=f"127.0.0.1:{ports['kafka']}",
        mongo_url=f"mongodb://127.0.0.1:{ports['mongo']}/?replicaSet={mongo.REPLICA_SET}",
        redis_url=f"redis://127.0.0.1:{ports['redis']}/0",
        firestore_emulator=f"127.0.0.1:{ports['firestore']}",
    )
    commands = {
        "mongo": f"--bind_ip 127.0.0.1 --port {ports['mongo']} --replSet {mongo.REPLICA_SET}",
        "redis": f"redis-server --bind 127.0.0.1 --port {ports['redis']}",
        "firestore": f"gcloud emulators firestore start --host-port={servers.firestore_emulator}",
    }
    with ExitStack() as stack:
        for name, image in IMAGES.items():
            container = DockerContainer(image).with_kwargs(network_mode="host")
            if name == "kafka":
                properties = kafka.properties(Path("/var/lib/kafka/data"), ports["kafka"], ports["controller"])
                for key, value in kafka.as_environment(properties).items():
                    container = container.with_env(key, value)
            else:
                container = container.with_command(commands[name])
            stack.enter_context(container)
        asyncio.run(wait_for_docker(servers, ports))
        yield servers


async def wait_for_docker(servers: Servers, ports: dict[str, int]) -> None:
    """Waits until all four answer their protocols."""
    await asyncio.gather(
        wait_until_ready("kafka", lambda: kafka.check_kafka(servers.kafka_bootstrap)),
        wait_until_ready("mongo", lambda: mongo.ensure_primary("127.0.0.1", ports["mongo"])),
        wait_until_ready("redis", lambda: redis.check_redis(servers.redis_url)),
        wait_until_ready("firestore", lambda: firestore.check_firestore(servers.firestore_emulator)),
    )
