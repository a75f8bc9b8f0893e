"""All that the page of a customer shows, in few looks, however much there is of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select, union_all

from backoffice.admin import flags
from backoffice.core import clock
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money
from backoffice.customers.models import Person, SavedAddress
from backoffice.invoices.models import Invoice
from backoffice.logins.models import Holder, LoginSession
from backoffice.mail.models import Mail
from backoffice.orders.models import Order, OrderState
from backoffice.payment_methods.models import SHOWN, PaymentMethod
from backoffice.payments.models import Payment

LATEST = 20  # orders on the page


class Written(NamedTuple):
    """A mail about the account."""

    ref: str
    subject_line: str
    at: datetime


class Seen(NamedTuple):
    """A program that is logged in as the customer."""

    device: str
    network: str
    seen_at: datetime


@dataclass(frozen=True)
class Acquaintance:
    person: Person
    flags: str  # as `flags.OF_PERSON` says
    orders: Sequence[Order]  # the latest
    has_more: bool
    papers: dict[int, Invoice]  # of an order
    kept: Sequence[PaymentMethod]
    saved: Sequence[SavedAddress]
    mails: Sequence[Written]
    sessions: Sequence[Seen]
    bought: Sequence[tuple[Money, int]]  # what they paid for, by currency, and in how many orders
    returned: Sequence[Money]  # what went back to them, or is on its way, by currency


def of(ref: str) -> Acquaintance:
    """Raises NotFound."""
    person, found, kept, saved = _person(ref)
    latest = session.execute(
        select(Order, Invoice)
        .outerjoin(Invoice, Invoice.order_id == Order.id)
        .where(Order.person_id == person.id)
        .order_by(Order.id.desc())
        .limit(LATEST + 1)
    ).all()
    mails, sessions = _account(person)
    bought, returned = _sums(person)
    return Acquaintance(
        person=person,
        flags=found,
        orders=[row[0] for row in latest[:LATEST]],
        has_more=len(latest) > LATEST,
        papers={row[0].id: row[1] for row in latest if row[1]},
        kept=kept,
        saved=saved,
        mails=mails,
        sessions=sessions,
        bought=bought,
        returned=returned,
    )


def _person(ref: str) -> tuple[Person, str, list[PaymentMethod], list[SavedAddress]]:
    """A customer with the few cards and addresses that each of them may keep; the preferred ones first."""
    rows = session.execute(
        select(Person, flags.OF_PERSON, PaymentMethod, SavedAddress)
        .outerjoin(PaymentMethod, (PaymentMethod.person_id == Person.id) & PaymentMethod.state.in_(SHOWN))
        .outerjoin(SavedAddress, SavedAddress.person_id == Person.id)
        .where(Person.ref == ref)
        .order_by(PaymentMethod.id.desc(), SavedAddress.preferred.desc(), SavedAddress.id.desc())
    ).all()
    if not rows:
        raise NotFound("customer")
    kept = list(dict.fromkeys(row[2] for row in rows if row[2]))
    saved = list(dict.fromkeys(row[3] for row in rows if row[3]))
    return rows[0][0], rows[0][1], sorted(kept, key=lambda row: not row.is_preferred), saved


def _account(person: Person) -> tuple[list[Written], list[Seen]]:
    """What was written about the account, oldest first, and where it is logged in, the latest first."""
    mails = select(
        literal("mail").label("source"), Mail.id.label("id"), Mail.ref.label("ref"), Mail.subject_line.label("words"),
        literal("").label("network"), func.coalesce(Mail.sent_at, Mail.created_at).label("at"),
    ).where(Mail.about_ref == person.ref)  # fmt: skip
    held = LoginSession
    sessions = select(
        literal("session"), held.id, literal(""), held.device, held.network, held.seen_at
    ).where(
        held.holder == Holder.CUSTOMER, held.holder_id == person.id, held.ended_at.is_(None), held.expires_at > clock.now()
    )  # fmt: skip
    rows: list[Any] = sorted(session.execute(union_all(mails, sessions)), key=lambda row: row.id)
    written = [Written(row.ref, row.words, row.at) for row in rows if row.source == "mail"]
    return written, [Seen(row.words, row.network, row.at) for row in reversed(rows) if row.source == "session"]


def _sums(person: Person) -> tuple[list[tuple[Money, int]], list[Money]]:
    paid = (
        select(
            literal("bought").label("source"), Order.currency, func.sum(Order.total_amount).label("amount"),
            func.count().label("often"),
        )
        .where(Order.person_id == person.id, Order.state == OrderState.PAID)
        .group_by(Order.currency)
    )  # fmt: skip
    returned = (
        select(literal("returned"), Payment.currency, func.sum(Payment.refunded_amount), literal(0))
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Order, Order.id == Invoice.order_id)
        .where(Order.person_id == person.id, Payment.refunded_amount > 0)
        .group_by(Payment.currency)
    )
    rows = session.execute(union_all(paid, returned)).all()
    bought = [(Money(int(row.amount), row.currency), row.often) for row in rows if row.source == "bought"]
    return bought, [Money(int(row.amount), row.currency) for row in rows if row.source == "returned"]
