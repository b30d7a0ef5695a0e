"""Apache Kafka as one KRaft node that is broker and controller."""

import asyncio
import logging
import subprocess
from pathlib import Path

from studio.local.layout import KAFKA_CLASSES, KAFKA_JARS
from studio.local.servers.server import NotReady, Server

HERE = Path(__file__).resolve().parent.parent / "kafka"
CLUSTER_ID = "c3R1ZGlvLWxvY2FsLWthZg"  # any 16 bytes in URL-safe base64; the data folder is bound to it
HEAP = ["-Xms96m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:MaxMetaspaceSize=128m", "-Xshare:auto"]
QUICK = ["-XX:TieredStopAtLevel=1"]  # C1 alone: ready in half the time, and no slower at what one machine asks of it
STARTED = "Kafka Server started"
FORMAT_TIMEOUT_S = 60
CHECK_TIMEOUT_S = 5.0

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}

auto.create.topics.enable=false
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# Nothing expires unless its topic says so; the offsets of a group never do.
log.retention.ms=-1
offsets.retention.minutes=2147483647

group.initial.rebalance.delay.ms=0
# A killed broker may come back once its old session is over: keep that short on a single node.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# The defaults are for a machine of its own; these fit beside everything else in 256 MB of heap.
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
"""


def server(data: Path, port: int, controller_port: int) -> Server:
    """The broker, with its data in a folder and its two listeners on 127.0.0.1."""
    config = data / "server.properties"
    logging_config = HERE / "log4j2.properties"
    classes = [f"-XX:SharedArchiveFile={KAFKA_CLASSES}"] if KAFKA_CLASSES.exists() else []
    java = ["java", *HEAP, *QUICK, *classes, f"-Dlog4j2.configurationFile={logging_config}", "-cp", f"{KAFKA_JARS}/*"]

    def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        log = data / "log"
        config.write_text(properties(log, port, controller_port))
        if not (log / "meta.properties").exists():
            storage_tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted"]
            subprocess.run(
                [*java, *storage_tool, "--cluster-id", CLUSTER_ID, "--config", str(config)],
                check=True,
                capture_output=True,
                timeout=FORMAT_TIMEOUT_S,
            )

    async def check() -> None:
        await check_kafka(f"127.0.0.1:{port}")

    return Server(
        name="kafka",
        command=[*java, "kafka.Kafka", str(config)],
        setting="kafka_bootstrap",
        address=f"127.0.0.1:{port}",
        check=check,
        prepare=prepare,
    )


def properties(log: Path, port: int, controller_port: int) -> str:
    """The text of the broker's configuration file."""
    return PROPERTIES.format(port=port, controller_port=controller_port, data=log)


def as_environment(text: str) -> dict[str, str]:
    """The same configuration as the variables that Kafka's official container image reads."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = dict(line.split("=", 1) for line in lines)
    return {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in pairs.items()}


async def check_kafka(bootstrap: str) -> None:
    """Asks for the cluster's metadata and takes it for ready once a broker and a controller are in it."""
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    host, _, port = bootstrap.split(",")[0].rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    # The client reports every refused connection as an error of its own; here they are expected.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(CHECK_TIMEOUT_S * 1000))
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await admin.start()
            cluster = await admin.describe_cluster()
    except (KafkaError, TimeoutError) as error:
        raise NotReady(f"Kafka at {bootstrap}: {error!r}") from error
    finally:
        await admin.close()
        logging.getLogger("aiokafka").setLevel(logging.NOTSET)
    if not cluster["brokers"]:
        raise NotReady(f"Kafka at {bootstrap} has no broker yet")
