"""The Firestore emulator, which keeps its documents in memory."""

from pathlib import Path

from studio.local.servers.server import NotReady, Server
from studio.local.toolchain import FIRESTORE

CHECK_TIMEOUT_S = 3.0
DATABASE = b"projects/studio-local/databases/(default)"
PROBE = DATABASE + b"/documents/probe/probe"


def server(data: Path, port: int) -> Server:
    """The emulator on 127.0.0.1."""

    async def check() -> None:
        await check_firestore(f"127.0.0.1:{port}")

    return Server(
        name="firestore",
        command=["node", "--max-old-space-size=128", str(FIRESTORE / "start.mjs"), str(port)],
        setting="firestore_emulator",
        address=f"127.0.0.1:{port}",
        check=check,
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
    )


async def check_firestore(address: str) -> None:
    """Passes when a document can be asked for; that it is missing is the expected answer.

    The request is written by hand (field 1: database, field 2: documents), because importing the
    client costs more than a second of start-up.
    """
    import grpc

    request = b"\x0a" + bytes([len(DATABASE)]) + DATABASE + b"\x12" + bytes([len(PROBE)]) + PROBE
    async with grpc.aio.insecure_channel(address) as channel:
        get = channel.unary_stream("/google.firestore.v1.Firestore/BatchGetDocuments")
        try:
            async for _ in get(request, timeout=CHECK_TIMEOUT_S):
                return
        except grpc.aio.AioRpcError as error:
            raise NotReady(f"Firestore emulator at {address}: {error.details()}") from error
    raise NotReady(f"Firestore emulator at {address} gave no answer")
