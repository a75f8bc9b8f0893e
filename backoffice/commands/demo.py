"""``flask demo seed``: the demo shop, and years of history in bulk."""

from datetime import timedelta

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from backoffice.catalog import version
from backoffice.catalog.models import Category, Product
from backoffice.core import clock, units
from backoffice.core.actor import Origin, coming_from, new_request_id
from backoffice.core.db import engine, session
from backoffice.core.errors import CounterfoilError
from backoffice.demo import bulk, mirror, pictures, seed, shelves
from backoffice.demo.history import YEARS, History

demo_group = AppGroup("demo", help="The demo shop.")
PIECES = (12, 240)  # of each variant of a large catalogue
SHELF = "shelf-0"  # stands there once a large catalogue was written


@demo_group.command("seed")
@click.option("--pictures/--no-pictures", "draw", default=True, help="Draw the pictures too, which takes some seconds.")
@click.option("--products", type=click.IntRange(0, 100_000), default=0, help="So many products beside the shop's own.")
@click.option("--categories", type=click.IntRange(1, 500), default=50, show_default=True, help="Shelves for them.")
@click.option(
    "--customers",
    type=click.IntRange(0, 1_000_000),
    default=0,
    help="So many customers; else one for four orders.",
)
@click.option("--orders", type=click.IntRange(0, 5_000_000), default=0, help="Years of history with so many orders.")
@click.option(
    "--seed",
    "number",
    type=click.IntRange(0, 1023),
    default=1,
    show_default=True,
    help="The same seed, the same story.",
)
def seed_demo(draw: bool, products: int, categories: int, customers: int, orders: int, number: int) -> None:
    """Fill an empty database with the demo shop; on a filled one, do nothing. With --orders, write a history too.

    A history that was interrupted goes on where it stopped."""
    with coming_from(Origin(new_request_id(), "command")):
        click.echo("The demo shop is ready." if units.write(seed.seed) else "The demo shop was there already.")
        pictures.attach()
        if draw:
            click.echo(f"{pictures.hang()} pictures drawn.")
        if products:
            click.echo(f"{_catalogue(products, categories, number)} products stand on their shelves.")
        if orders:
            click.echo(f"{_history(customers or max(orders // 4, 1), orders, number)} orders are in the books.")
            _mirror(number)


def _catalogue(products: int, categories: int, number: int) -> int:
    """Write the large catalogue, once."""
    with units.read():
        there = session.scalar(select(Category.id).where(Category.slug == SHELF))
    if not there:
        since = clock.now() - timedelta(days=365.25 * YEARS + 2)  # before the first order of a history
        with (
            click.progressbar(length=products, label="Filling shelves", show_pos=True) as bar,
            engine().begin() as connection,
        ):
            shelves.fill(connection, categories, products, number, since=since, pieces=PIECES, told=bar.update)
        units.write(version.bump)
    with units.read():
        return session.scalar(select(func.count()).select_from(Product)) or 0


def _history(customers: int, orders: int, number: int) -> int:
    with click.progressbar(length=orders, label="Writing history", show_pos=True) as bar:
        known = [0]

        def told(count: int) -> None:
            bar.update(count - known[0])
            known[0] = count

        try:
            history = History(bulk.writer(engine()), seed=number, customers=customers, orders=orders)
            return history.write(told)
        except CounterfoilError as error:
            raise click.ClickException(str(error)) from None


def _mirror(number: int) -> None:
    """The provider's books get the same payments, where the sandbox runs; where it does not, that is said and no failure."""
    try:
        with click.progressbar(length=mirror.settled(number), label="Telling the provider") as bar:
            count = mirror.mirror(number, bar.update)
    except CounterfoilError as error:
        click.echo(str(error), err=True)
    else:
        click.echo(f"{count} payments are in the provider's books; flask reconcile --all takes its side of them in.")
