"""The command `studio`: registers the verbs, which live in `studio.verbs`."""

import typer

from studio.verbs import audit, dlq, jobs, platform, prompts
from studio.verbs import credits as credit_verbs
from studio.verbs import events as event_verbs
from studio.verbs.models import models
from studio.verbs.run import run

app = typer.Typer(
    help="AI Studio: a sentence becomes a plan, and a plan becomes media.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("up")(platform.up)
app.command("down")(platform.down)
app.command("status")(platform.status)
app.command("doctor")(platform.doctor)
app.command("logs")(platform.logs)
app.command("run")(run)
app.command("models")(models)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dlq.app, name="dlq")
app.add_typer(prompts.app, name="prompts")
app.add_typer(credit_verbs.app, name="credits")
app.add_typer(audit.app, name="audit")
app.add_typer(event_verbs.app, name="events")

if __name__ == "__main__":
    app()
