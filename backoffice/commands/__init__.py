"""Commands: ``flask --app wsgi …``. Exit status 0 means it was done; anything else says what was not."""

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from backoffice.catalog import listings
from backoffice.commands.demo import demo_group
from backoffice.core import holders, maintenance, units
from backoffice.core.actor import SYSTEM, Origin, coming_from, new_request_id
from backoffice.core.errors import CounterfoilError
from backoffice.core.formatting import money
from backoffice.core.ports import ports
from backoffice.invariants import service as invariants
from backoffice.reconciliation import advice, rounds
from backoffice.reconciliation import service as reconciliation
from backoffice.staff import accounts
from backoffice.staff.roles import Role
from backoffice.tasks import runner
from integrations.payments.port import PaymentsError

staff_group = AppGroup("staff", help="Accounts of the people who work here.")
catalog_group = AppGroup("catalog", help="What the shop shows.")
tasks_group = AppGroup("tasks", help="Durable tasks.")
payments_group = AppGroup("payments", help="The payment provider.")
invariants_group = AppGroup("invariants", help="What must hold, whatever happened.")
maintenance_group = AppGroup("maintenance", help="Close the shop for work on it, and open it again.")


def install(app: Flask) -> None:
    for group in (
        staff_group,
        demo_group,
        catalog_group,
        tasks_group,
        payments_group,
        invariants_group,
        maintenance_group,
    ):
        app.cli.add_command(group)
    app.cli.add_command(reconcile)


@staff_group.command("create")
@click.argument("email")
@click.option("--name", default="", help="As shown in the office; the address by default.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.ADMINISTRATOR.value)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
def create_staff(email: str, name: str, role: str, password: str) -> None:
    """Create a staff account for EMAIL; the password is asked for unless given."""
    with coming_from(Origin(new_request_id(), "command")):
        try:
            units.write(lambda: accounts.create(email, name or email, password, by=SYSTEM, role=Role(role)))
        except CounterfoilError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{email} can log in at /admin/ now.")


@catalog_group.command("rebuild")
def rebuild_catalog() -> None:
    """Derive shelves and search words anew: after an upgrade from the first release, or a restored backup."""
    with coming_from(Origin(new_request_id(), "command")):
        click.echo(f"{listings.rebuild()} products stand on their shelves.")


@tasks_group.command("run")
def run_tasks() -> None:
    """Run all tasks that are due, without a queue."""
    with coming_from(Origin(new_request_id(), "command")):
        click.echo(f"{runner.run_due()} tasks run.")


@payments_group.command("check")
def check_payments() -> None:
    """Ask the provider what our key opens, and compare it with what is configured."""
    port = ports().payments
    try:
        found = port.describe()
    except PaymentsError as error:
        raise click.ClickException(f"The provider did not say: {error}") from None
    for name, value in found.items():
        if name != "problems":
            click.echo(f"{name:10} {value}")
    if unlike := holders.unlike(port, found["account"], found["mode"]):
        raise click.ClickException(unlike)
    if found["problems"]:
        raise click.ClickException(f"The key opens what is configured, but:\n{found['problems']}")
    click.echo("The key opens what is configured.")


@invariants_group.command("check")
def check_invariants() -> None:
    """Look for what does not fit together; nothing is changed. Ends with 1 where something does not hold."""
    with coming_from(Origin(new_request_id(), "command")):
        findings = invariants.check()
    for finding in findings:
        mark = "ok  " if finding.holds else "FAIL"
        click.echo(f"{mark} {finding.milliseconds:6} ms  {finding.check.words}")
        for what in finding.refs or ([finding.error] if finding.error else []):
            click.echo(f"                    {what}")
    broken = sum(not finding.holds for finding in findings)
    if broken:
        raise click.ClickException(f"{broken} of {len(findings)} checks do not hold.")
    click.echo(f"All {len(findings)} checks hold.")


@click.command("reconcile")
@click.option(
    "--all", "everything", is_flag=True, help="Read and compare all there is, not only what moved since the last round."
)
@with_appcontext
def reconcile(everything: bool) -> None:
    """Compare the provider's books with ours. Ends with 1 where they differ, or where the provider does not show them."""
    with coming_from(Origin(new_request_id(), "command")):
        outcome = reconciliation.run(everything=everything)
        with units.read():
            found, last = reconciliation.open_breaks(), rounds.last()
            sums = rounds.balances(last) if last else []
            lines = [f"{item.found_at:%Y-%m-%d}  {item.ref}  {advice.sentence(item)}" for item in found]
    if outcome.failure:
        raise click.ClickException(f"The provider did not show its books: {outcome.failure}")
    click.echo(f"{outcome.new_lines} new lines, {outcome.compared} things compared.")
    for item in sums:
        click.echo(f"{item.theirs.currency}  provider {money(item.theirs)}, our clearing account {money(item.ours)}")
    for line in lines:
        click.echo(line)
    if lines:
        raise click.ClickException(f"{len(lines)} {'difference is' if len(lines) == 1 else 'differences are'} open.")
    if any(item.difference for item in sums):
        click.echo(
            "No difference is open. What only one side has is too young to be one, or older than what was compared: "
            "--all reads and compares everything."
        )
    else:
        click.echo("Both books agree.")


@maintenance_group.command("on")
@click.argument("notice", default="")
def close_shop(notice: str) -> None:
    """Answer every page of the shop with 503 and NOTICE ("We open again at 14:30."); the office stays open."""
    maintenance.begin(notice)
    click.echo("The shop is closed on this host.")


@maintenance_group.command("off")
def open_shop() -> None:
    """Open the shop again."""
    click.echo("The shop is open." if maintenance.end() else "The shop was open.")
