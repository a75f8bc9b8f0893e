"""One simulated day: stories interleaved with workers, crons, couriers and faults; then it settles, and everything is checked
against the provider's own books."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case
from backoffice.core import borders, clock, units
from backoffice.core.actor import Origin, coming_from
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.disputes.models import Dispute
from backoffice.invariants import service as invariants
from backoffice.payments.models import OPEN, Payment
from backoffice.reconciliation import advice, rounds
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.models import BreakKind
from backoffice.refunds.models import OPEN as REFUNDING
from backoffice.refunds.models import Refund
from backoffice.simulation.customers import Customer
from backoffice.simulation.operators import Operators
from backoffice.simulation.world import Clock, Profile, Provider, World
from backoffice.tasks import runner
from backoffice.tasks.models import Task, TaskState
from backoffice.webhooks import service as webhooks
from integrations.payments.port import PaymentsError

MONEY_WITHOUT_INVOICE = (CaseKind.UNEXPECTED_MONEY, CaseKind.AMOUNT_DIFFERS)

STEPS = 60  # beyond those that customers take
ROUNDS_TO_SETTLE = 140
REFUSALS = (CounterfoilError, PaymentsError)  # part of the story: somebody reads a sentence


@dataclass
class Life:
    """What one run did, and what did not hold in the end."""

    seed: str
    problems: list[str] = field(default_factory=list)
    borders: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    checked: int = 0


def live(seed: str, profile: Profile, provider_of: Callable[[Clock], Provider]) -> Life:
    """Live one day on the shop that is configured, with a provider on the day's clock. The same seed is the same day.

    Runs inside an application whose port is that provider."""
    now = Clock()
    world = World(random.Random(seed), now, provider_of(now), profile)  # noqa: S311 - a story, no secret
    random.seed(seed)  # what the programs draw by lot, too
    life = Life(seed, borders=world.borders, faults=world.faults)
    with clock.running_on(now), coming_from(Origin("req_simulated", "code")):
        courier = world.provider.courier(lambda _url, body, headers: _receive(world, body, headers))
        with borders.watched_by(world.crossed):
            _day(world, courier)
        world.calm_down()
        _settle(world, courier)
        life.problems = [*world.errors, *_against_the_books(world), *_left_over(), *_unreconciled(world)]
        for finding in invariants.check():
            life.checked += 1
            if not finding.holds:
                life.problems.append(f"{finding.check.words}: {', '.join(finding.refs) or finding.error}")
        life.orders = len(world.provider.books.payments(limit=10_000))
    return life


def _day(world: World, courier: object) -> None:
    customers = [Customer(world, number) for number in range(world.profile.customers)]
    operators = Operators(world)
    machines: list[Callable[[], object]] = [
        courier.round,  # type: ignore[attr-defined]
        lambda: runner.run_due(1),
        lambda: runner.run_due(1),
        webhooks.poll,
        reconciliation.run,
        world.provider.books.advance,
    ]
    acts = STEPS + sum(len(customer.left) for customer in customers)
    for _ in range(acts):
        world.disturb()
        waiting = [customer for customer in customers if customer.left]
        what = world.draw.random()
        if waiting and what < 0.5:
            _do(world, world.draw.choice(waiting).left.pop(0))
        elif what < 0.65:
            _do(world, operators.act)
        else:
            _do(world, world.draw.choice(machines))
        world.clock.forward(seconds=world.draw.choice((1, 2, 5, 20, 60, 200, 700)))
        if world.chance(world.profile.outage / 2):
            world.clock.forward(hours=world.draw.choice((1, 6, 26)))
            world.faults["clock jump"] += 1


def _do(world: World, act: Callable[[], object]) -> None:
    with world.mortal():
        try:
            act()
        except REFUSALS as error:
            world.faults[f"refused: {type(error).__name__}"] += 1
        except Exception as error:
            world.errors.append(f"an error nobody expected: {type(error).__name__}: {str(error)[:200]}")


def _receive(world: World, body: bytes, headers: dict[str, str]) -> int:
    """The webhook endpoint; a process that dies here answers nothing."""
    status = webhooks.receive("sandbox", body, headers)
    if world.chance(world.profile.flood):
        webhooks.receive("sandbox", body, headers)
        world.faults["webhook twice"] += 1
    return status


def _settle(world: World, courier: object) -> None:
    """Let everything come to rest: minutes first, then hours, until nothing is open and nothing is due."""
    for round_ in range(ROUNDS_TO_SETTLE):
        world.clock.forward(minutes=4 if round_ < 60 else 45)
        world.provider.books.advance()
        courier.round()  # type: ignore[attr-defined]
        webhooks.poll()
        runner.run_due()
        if round_ > 20 and not _left_over():
            return


def _left_over() -> list[str]:
    with units.read():
        found = [
            f"a payment that never ends: {ref}"
            for ref in session.scalars(select(Payment.ref).where(Payment.state.in_(OPEN)))
        ]
        found += [
            f"a refund that never ends: {ref}"
            for ref in session.scalars(select(Refund.ref).where(Refund.state.in_(REFUNDING)))
        ]
        due = clock.now() - timedelta(minutes=10)
        found += [
            f"a task that never ends: {name}"
            for name in session.scalars(select(Task.name).where(Task.state == TaskState.WAITING, Task.due_at < due))
        ]
        found += [
            f"a task that gave up: {name}: {error[:120]}"
            for name, error in session.execute(
                select(Task.name, Task.last_error).where(Task.state == TaskState.GAVE_UP)
            )
        ]
    return found


def _disputes_against_the_books(world: World) -> list[str]:
    """Dispute by dispute: we know of each, where it stands, and what was taken."""
    with units.read():
        ours = {row.provider_ref: row for row in session.scalars(select(Dispute))}
    problems = []
    for row in world.provider.books.disputes.all():
        dispute = ours.get(row["id"])
        if dispute is None:
            problems.append(f"the provider has a dispute that we do not know: {row['id']}")
        elif (dispute.state.value, dispute.withdrawn_amount) != (row["status"], row["withdrawn"]):
            problems.append(
                f"{dispute.ref}: they say {row['status']} and took {row['withdrawn']}, "
                f"we say {dispute.state.value} and {dispute.withdrawn_amount}"
            )
    return problems


def _unreconciled(world: World) -> list[str]:
    """Line by line: both books agree, but for money that the day left without an invoice, which has its own case. What the
    provider holds is what our clearing account says."""
    world.clock.forward(hours=2)
    world.provider.books.advance()  # a payout that is made while lines are listed is in the next list
    outcome = reconciliation.run(everything=True)
    problems = [f"the books could not be compared: {outcome.failure}"] if outcome.failure else []
    with units.read():
        with_case = select(Payment.id).join(Case, Case.about_ref == Payment.ref)
        told = set(session.scalars(with_case.where(Case.kind.in_(MONEY_WITHOUT_INVOICE))))
        for item in reconciliation.open_breaks():
            if item.kind != BreakKind.INVOICE or not told & set(_payments_of(item.about_id)):
                problems.append(f"the books differ: {advice.sentence(item)}")
        last = rounds.last()
        sums = rounds.balances(last) if last else []
    with world.provider.books.transaction() as db:
        held = dict(db.execute("SELECT currency, SUM(amount - fee) FROM balance GROUP BY currency").fetchall())
    for sum_ in sums:
        if not sum_.theirs.amount == sum_.ours.amount == held.get(sum_.theirs.currency, 0):
            problems.append(f"clearing: they hold {held}, their lines {sum_.theirs}, our account {sum_.ours}")
    return problems


def _payments_of(invoice_id: int) -> list[int]:
    return list(session.scalars(select(Payment.id).where(Payment.invoice_id == invoice_id)))


def _against_the_books(world: World) -> list[str]:
    """Payment by payment: what the provider captured and gave back is what we say it did."""
    problems = []
    with units.read():
        ours = {payment.ref: payment for payment in session.scalars(select(Payment))}
        refunds = {row.provider_ref: row for row in session.scalars(select(Refund))}
    charged: Counter[int] = Counter()
    for row in world.provider.books.payments(limit=10_000):
        payment = ours.get(row["reference"])
        if payment is None:
            problems.append(f"the provider has a payment that we do not know: {row['reference']}")
            continue
        if payment.captured_amount != row["captured"]:
            problems.append(f"{payment.ref}: they captured {row['captured']}, we say {payment.captured_amount}")
        if payment.refunded_amount != row["refunded"]:
            problems.append(f"{payment.ref}: they gave back {row['refunded']}, we say {payment.refunded_amount}")
        charged[payment.invoice_id] += bool(row["captured"])
        for item in world.provider.books.refunds.of(row["id"]):
            if item["id"] not in refunds and item["status"] not in ("failed", "cancelled"):
                problems.append(f"the provider gave back what we do not know of: {item['id']}")
    problems += _disputes_against_the_books(world)
    late = world.faults["late capture"]
    for invoice_id, count in charged.items():
        if count > 1 + late:
            problems.append(f"invoice {invoice_id} was charged {count} times")
    return problems
