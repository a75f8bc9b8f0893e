"""What is looked for once a simulated day has come to rest: what is still open, and where the provider's own books say
something else than ours. Each answer is a list of sentences, empty where all is well."""

from collections import Counter
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select

from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case
from backoffice.core import clock, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.disputes.models import Dispute
from backoffice.payment_methods.models import SHOWN, WAITING, MethodSetup, MethodState, PaymentMethod
from backoffice.payments.models import OPEN, Payment
from backoffice.reconciliation import advice, breaks, rounds
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.models import Break, BreakKind, BreakState, ProviderLine
from backoffice.refunds.models import OPEN as REFUNDING
from backoffice.refunds.models import Refund
from backoffice.simulation.world import World
from backoffice.tasks.models import Task, TaskState
from backoffice.webhooks.models import EventState, WebhookEvent

MONEY_WITHOUT_INVOICE = (CaseKind.UNEXPECTED_MONEY, CaseKind.AMOUNT_DIFFERS)


def left_over() -> list[str]:
    with units.read():
        found = [
            f"a payment that never ends: {ref}"
            for ref in session.scalars(select(Payment.ref).where(Payment.state.in_(OPEN)))
        ]
        found += [
            f"a refund that never ends: {ref}"
            for ref in session.scalars(select(Refund.ref).where(Refund.state.in_(REFUNDING)))
        ]
        waiting = WebhookEvent.state.in_((EventState.ARRIVED, EventState.RECEIVED))
        found += [
            f"an event that nobody handled: {ref}" for ref in session.scalars(select(WebhookEvent.ref).where(waiting))
        ]
        found += [
            f"a page for a card that never ends: {ref}"
            for ref in session.scalars(select(MethodSetup.ref).where(MethodSetup.state.in_(WAITING)))
        ]
        removing = PaymentMethod.state == MethodState.REMOVING
        found += [
            f"a card that is never forgotten: {ref}"
            for ref in session.scalars(select(PaymentMethod.ref).where(removing))
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


def compare(world: World) -> list[str]:
    """Payment by payment: what the provider captured and gave back is what we say it did."""
    problems = []
    with units.read():
        ours = {payment.ref: payment for payment in session.scalars(select(Payment))}
        refunds = {row.provider_ref: row for row in session.scalars(select(Refund))}
    charged: Counter[int] = Counter()
    for row in world.provider.books.payments(limit=10_000):
        payment = ours.get(row["reference"])
        if row["id"] in world.elsewhere:
            problems += (
                [] if _is_told(row["id"]) else [f"money came that is not ours, and no case says so: {row['id']}"]
            )
            continue
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
    late: Counter[int] = Counter()
    for ref, count in world.late.items():
        late[ours[ref].invoice_id] += count
    for invoice_id, count in charged.items():
        if count > 1 + late[invoice_id]:
            problems.append(f"invoice {invoice_id} was charged {count} times")
    return problems


def _is_told(provider_payment: str) -> bool:
    """Whether a case says that the provider holds money for a payment that is not ours: of its event, or, where nobody heard of
    one and nobody asked for events while the provider still listed them, of its line in the provider's books."""
    events = select(WebhookEvent.id).where(WebhookEvent.object_id == provider_payment)
    by_event = select(Case.id).join(WebhookEvent, WebhookEvent.ref == Case.about_ref)
    by_event = by_event.where(Case.kind == CaseKind.UNMATCHED_MONEY, WebhookEvent.object_id == provider_payment)
    by_line = (
        select(Case.id).join(Break, Break.ref == Case.about_ref).join(ProviderLine, ProviderLine.id == Break.line_id)
    )
    by_line = by_line.where(Case.kind == CaseKind.RECONCILIATION_BREAK, ProviderLine.payment_ref == provider_payment)
    with units.read():
        is_heard = session.scalar(events.limit(1)) is not None
        return session.scalar((by_event if is_heard else by_line).limit(1)) is not None


def answered(event: str) -> list[str]:
    """At the moment at which a webhook was answered: an event that is not stored would be found by the poller later, and nobody
    would know."""
    with units.read():
        known = session.scalars(select(WebhookEvent.id).where(WebhookEvent.event_key == event)).first()
    return [] if known else [f"an event that was answered and is not stored: {event}"]


def kept_once() -> list[str]:
    """What a unique index keeps from being there twice: it would show only as a second effect."""
    twice = (
        select(WebhookEvent.event_key)
        .group_by(WebhookEvent.provider, WebhookEvent.event_key)
        .having(func.count() > 1)
        .order_by(WebhookEvent.event_key)
    )
    with units.read():
        return [f"an event that was stored twice: {key}" for key in session.scalars(twice)]


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


def cards(world: World) -> list[str]:
    """Card by card: whoever keeps one here keeps it there, as good as it is, and none that its bank refused for good may be
    charged."""
    books = world.provider.books
    theirs = {row["id"]: row for row in books.methods.kept()}
    with units.read():
        ours = {
            row.provider_ref: row
            for row in session.scalars(select(PaymentMethod).where(PaymentMethod.state.in_(SHOWN)))
        }
    problems = [f"the provider keeps a card that we do not know: {ref}" for ref in theirs.keys() - ours.keys()]
    problems += [f"{ours[ref].ref}: the provider keeps it no more" for ref in ours.keys() - theirs.keys()]
    for ref in theirs.keys() & ours.keys():
        there, here = theirs[ref], ours[ref]
        said = (there["last4"], there["exp_year"] or None, there["exp_month"] or None, there["fingerprint"])
        known = (here.last4, here.expires_year, here.expires_month, here.fingerprint)
        if said != known:
            problems.append(f"{here.ref}: they say {said}, we say {known}")
    payments = books.payments(limit=10_000)
    never = {row["fingerprint"] for row in payments if row["decline"] and row["decline"]["family"] == "hard"}
    disputed = {
        row["payment"] for row in books.disputes.all() if row["status"] in ("needs_response", "under_review", "lost")
    }
    never |= {row["fingerprint"] for row in payments if row["id"] in disputed - world.elsewhere}
    usable = [row for row in ours.values() if row.state == MethodState.KEPT and row.fingerprint in never]
    return problems + [f"{row.ref}: its bank said never, and it may be charged" for row in usable]


def unreconciled(world: World) -> list[str]:
    """Line by line: both books agree, but for money that the day left without an invoice, which has its own case. What was
    never ours is a difference until finance explains it. What the provider holds is what our clearing account says."""
    world.clock.forward(hours=2)
    world.provider.books.advance()  # a payout that is made while lines are listed is in the next list
    reconciliation.run(everything=True)
    problems = _explain_what_is_not_ours(world)
    outcome = reconciliation.run(everything=True)
    problems += [f"the books could not be compared: {outcome.failure}"] if outcome.failure else []
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


def _explain_what_is_not_ours(world: World) -> list[str]:
    """What finance does about a charge in the dashboard. Each is one difference, whatever happened that day."""
    with units.read():
        lines = select(ProviderLine.id).where(ProviderLine.payment_ref.in_(world.elsewhere))
        foreign = session.scalars(select(Break).where(Break.kind == BreakKind.UNKNOWN_LINE, Break.line_id.in_(lines)))
        found = {item.ref: breaks.sums_of(item) for item in foreign if item.state == BreakState.OPEN}
    for ref, seen in found.items():
        units.write(partial(_explain, ref, seen))
    charged = len(world.elsewhere)
    return [] if len(found) == charged else [f"{charged} charges are not ours, and {len(found)} differences ask why"]


def _explain(ref: str, seen: str) -> None:
    breaks.explain(breaks.by_ref(ref), "Charged by telephone.", seen=seen, by=SYSTEM)


def _payments_of(invoice_id: int) -> list[int]:
    return list(session.scalars(select(Payment.id).where(Payment.invoice_id == invoice_id)))
