"""The command `studio`: names the verbs, which live in `studio.verbs`."""

from typing import Any

import typer

from studio.verbs.lazily import LazyGroup, no_options

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


class Studio(LazyGroup):
    """All verbs; a setting that a person mistyped ends each of them with a line that names it."""

    places = VERBS

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            from studio.settings import complaint
            from studio.verbs.output import progress

            told = complaint(error)
            if told is None:
                raise
            progress.print(f"failed: {told}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=Studio,
    callback=no_options,
    help="AI Studio: a sentence becomes a plan, and a plan becomes media.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

if __name__ == "__main__":
    app()
