"""A process that runs the toy decider until SIGTERM, so that tests can kill and freeze it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop
from aiokafka.producer.sender import EndTxnHandler

from processors.runners.decider import DeciderRunner
from processors.runners.together import once, together
from tests.unit.runners.toy import REGISTRY, Names, Toy


def die_before_the_answer_to_end_txn(passage: int) -> None:
    """Ends the process when the broker has answered a commit and nobody here has read it yet."""
    passed = 0
    handle = EndTxnHandler.handle_response

    def handle_response(self: Any, response: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == passage:
            os._exit(137)
        return handle(self, response)

    EndTxnHandler.handle_response = handle_response


async def main(bootstrap: str, tag: str, folder: str, instance: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = DeciderRunner(
        bootstrap,
        Toy(Names(tag)).decider,
        data_dir=Path(folder),
        instance_id=instance,
        registry=REGISTRY,
        code="toy",
    )

    async def tell_ready() -> None:
        await runner.ready()
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    await together(stop, runner.run, once(tell_ready))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    if "DIE_AT_END_TXN" in os.environ:
        die_before_the_answer_to_end_txn(int(os.environ["DIE_AT_END_TXN"]))
    code = 0
    try:
        uvloop.run(main(*sys.argv[1:]))
    except Exception:
        logging.exception("crashed")
        code = 1
    os._exit(code)
