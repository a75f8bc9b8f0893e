"""What ``flask`` alone of all programs can do: commands, changes of the schema, simulated days. A program that serves pages
does without what they load."""

from flask import Flask

from backoffice import commands
from backoffice.app import schema, simulating
from backoffice.commands import simulate


def install(app: Flask) -> None:
    commands.install(app)
    schema.attach(app)
    app.cli.add_command(simulate.command(simulating.furnished, simulating.live_all))
