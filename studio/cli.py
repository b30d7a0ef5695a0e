"""The command `studio`: names the verbs, which live in `studio.verbs`."""

import typer

from studio.verbs.lazily import lazily, no_options

VERBS = {
    "up": "studio.verbs.platform:up",
    "down": "studio.verbs.platform:down",
    "status": "studio.verbs.platform:status",
    "doctor": "studio.verbs.platform:doctor",
    "logs": "studio.verbs.platform:logs",
    "run": "studio.verbs.run:run",
    "models": "studio.verbs.models:models",
    "jobs": "studio.verbs.jobs:app",
    "dlq": "studio.verbs.dlq:app",
    "prompts": "studio.verbs.prompts:app",
    "credits": "studio.verbs.credits:app",
    "audit": "studio.verbs.audit:app",
    "events": "studio.verbs.events:app",
}

app = typer.Typer(
    cls=lazily(VERBS),
    callback=no_options,
    help="AI Studio: a sentence becomes a plan, and a plan becomes media.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

if __name__ == "__main__":
    app()
