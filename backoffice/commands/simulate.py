"""``flask simulate``: days of a shop in which everything goes wrong, on all cores, and what did not hold in the end."""

import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from backoffice.invariants.checks import CHECKS
from backoffice.simulation import journal as journals
from backoffice.simulation.service import Life
from backoffice.simulation.world import PROFILES, Profile

SHARE = 4  # days that one process lives before it reports
SHARES = 100  # of each process, after which it gives way to a fresh one: what it holds grows with every shop it makes
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one; a folder of our own below it
Furnished = Callable[[Path, str], AbstractContextManager[Any]]
LiveAll = Callable[[Sequence[str], Path, Any, Profile], list[Life]]


def command(furnished: Furnished, live_all: LiveAll) -> click.Command:
    """The command over a shop that is furnished once and lived in by several processes."""

    @click.command("simulate")
    @click.option("--runs", default=200, show_default=True, help="How many days.")
    @click.option("--seed", default="1", show_default=True, help="The same seed is the same days.")
    @click.option("--only", default=None, type=int, help="One day of the seed, by its number: to replay a failure.")
    @click.option("--profile", type=click.Choice(list(PROFILES)), default="rough", show_default=True)
    @click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="Processes that live days.")
    @click.option(
        "--server", default="", help="A MariaDB or MySQL to live on (mysql+pymysql://user:password@host:port)."
    )
    @click.option(
        "--journal",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A file that keeps each day; those in it are not lived again, so that a long run can be stopped and go on.",
    )
    def simulate(
        runs: int, seed: str, only: int | None, profile: str, workers: int, server: str, journal: Path | None
    ) -> None:
        """Live days of a shop with crashes, lost answers, late webhooks and two operators; check every promise after each.

        Ends with 1 where one does not hold, and names the day: --seed S --only N lives it again. With --profile overlapping
        everybody acts at the same time, on a --server where databases may be made; those days are never quite the same."""
        if PROFILES[profile].at_once and not server:
            raise click.UsageError("What happens at the same time needs a --server; SQLite lets one write at a time.")
        days = [f"{seed}:{number}" for number in (range(runs) if only is None else [only])]
        kept = journals.read(journal, days, profile) if journal else []
        known = {life.seed for life in kept}
        left = [day for day in days if day not in known]

        def keep(lives: list[Life]) -> None:
            if journal:
                journals.keep(journal, lives, profile)

        begun = time.perf_counter()
        with (
            tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
            furnished(Path(folder) / "template", server) as template,
        ):
            lived = _live(left, Path(folder), template, PROFILES[profile], workers, live_all, keep)
        lives = kept + lived
        _report(lives, len(lived), time.perf_counter() - begun)
        broken = [life for life in lives if life.problems]
        if broken:
            raise click.ClickException(f"{len(broken)} of {len(lives)} days ended with a promise broken.")

    return simulate


def _live(
    days: Sequence[str],
    folder: Path,
    template: Any,
    profile: Profile,
    workers: int,
    live_all: LiveAll,
    keep: Callable[[list[Life]], None],
) -> list[Life]:
    """Every day, by processes that give way to fresh ones together: a pool that replaces its workers one by one
    (``max_tasks_per_child``) comes to a stop on Python 3.11 to 3.14, https://github.com/python/cpython/issues/115634."""
    shares = [(folder / f"share{first}", days[first : first + SHARE]) for first in range(0, len(days), SHARE)]
    lives: list[Life] = []
    context = multiprocessing.get_context("spawn")
    with click.progressbar(length=len(days), label="Days") as bar:
        for first in range(0, len(shares), workers * SHARES):
            with ProcessPoolExecutor(workers, mp_context=context) as pool:
                asked = [
                    pool.submit(live_all, share, place, template, profile)
                    for place, share in shares[first : first + workers * SHARES]
                ]
                for done in as_completed(asked):
                    keep(done.result())
                    for life in done.result():
                        lives.append(life)
                        bar.update(1)
                        if life.problems:
                            click.echo(f"\n{life.seed}\n  " + "\n  ".join(life.problems[:8]))
    return lives


def _report(lives: Sequence[Life], lived: int, seconds: float) -> None:
    """Of all days; how quick it was is said of those lived now."""
    borders: Counter[str] = sum((life.borders for life in lives), Counter())
    faults: Counter[str] = sum((life.faults for life in lives), Counter())
    lines: list[tuple[str, Any]] = [
        ("days", len(lives)),
        ("payments begun", sum(life.orders for life in lives)),
        ("borders crossed", sum(borders.values())),
        ("crashes", sum(count for name, count in faults.items() if name.startswith("crash"))),
        (
            "faults and twists",
            sum(count for name, count in faults.items() if not name.startswith(("crash", "refused"))),
        ),
        ("refusals read", sum(count for name, count in faults.items() if name.startswith("refused"))),
        ("checks", f"{sum(life.checked for life in lives)} ({len(CHECKS)} and the provider's books, each day)"),
        ("days a second", f"{lived / seconds:.2f}"),
    ]
    for name, value in lines:
        click.echo(f"{name:20} {value}")
    for name, count in faults.most_common():
        click.echo(f"  {count:7} {name}")
    click.echo("Not checked yet: subscriptions, contracts, payouts that arrive.")
