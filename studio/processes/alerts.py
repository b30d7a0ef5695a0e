"""The alerter's process: tells operators of what they must see to."""

from typing import Final

from adapters.alerts.channels import channels
from events.topics import EVENTS_JOBS
from processors.alerts.alerter import TYPES, Alerter, key_of, wants
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "alerts"
PATIENCE_MS: Final = 500


async def run(settings: Settings, process: Process) -> None:
    """Tells until the process is to stop."""
    smtp = settings.alerts_smtp_url
    alerter = Alerter(
        channels(
            webhook_url=settings.alerts_webhook_url,
            chat_url=settings.alerts_chat_url,
            smtp_url=smtp.get_secret_value() if smtp is not None else None,
            sender=settings.alerts_mail_from,
            receivers=settings.alerts_mail_to,
        ),
        {str(name): told for name, told in settings.alerts_routes.items()},
    )
    reactor = Reactor(
        await parts.log(process, settings),
        GROUP,
        [EVENTS_JOBS],
        alerter.handle,
        key_of=key_of,
        types=TYPES,
        wants=wants,
        patience_ms=PATIENCE_MS,
        instance_id=settings.process_name,
    )

    async def ready() -> None:
        await reactor.ready()
        process.ready("alerts")

    await together(process.stop, reactor.run, once(ready))
