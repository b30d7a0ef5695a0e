"""The bus: `ask(command)` over Kafka, for the gateway and for every reactor."""

from __future__ import annotations

from types import TracebackType

from commands.ask import Answer, CommandFailed, Unavailable
from commands.model import Command, CommandEnvelope
from commands.wire import decode_reply, encode_command, is_remembered
from events.log.request_reply import NoReply, RequestReply, RequestTooLarge


class CommandBus:
    """An `Ask`. `instance` names the process.

    An async context manager that works like a task group: when the bus can work no more, its body is cancelled
    and it raises, for the process must start anew.
    """

    def __init__(self, bootstrap: str, instance: str) -> None:
        self._requests = RequestReply(bootstrap, instance)

    async def __aenter__(self) -> CommandBus:
        await self._requests.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._requests.__aexit__(kind, error, trace)

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        """Raises the Refusal that was decided, CommandFailed, or Unavailable."""
        value, headers = encode_command(command, envelope)
        topic = f"commands.{type(command).context}"
        try:
            reply = await self._requests.request(
                topic, command.route.encode(), value, headers, timeout_s=timeout_s, remembered=is_remembered
            )
        except NoReply as error:
            raise Unavailable(str(error)) from error
        except RequestTooLarge as error:
            raise CommandFailed(str(error)) from error
        return decode_reply(reply)
