"""The withdrawal function that the law asks of every shop: a declaration is taken down as it comes, and confirmed by mail
at once. Nobody learns from the answer whether an order exists."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, references
from backoffice.core.actor import SYSTEM, customer
from backoffice.core.db import session
from backoffice.customers import service as customers
from backoffice.entities import service as entities
from backoffice.mail import service as mail
from backoffice.orders import finding
from backoffice.orders.models import Order, Withdrawal

MOST_UNMATCHED = 3  # confirmations a day to one address that has no such order: somebody else may type it


@dataclass(frozen=True)
class Declaration:
    order_number: str
    email: str
    name: str
    words: str = ""


def receive(declaration: Declaration, *, request_key: str) -> Withdrawal:
    """Take a declaration down, open its case, confirm it by mail with the moment it arrived. The same key and
    words do it once."""
    content = hashlib.sha256(repr(declaration).encode()).hexdigest()[:12]
    key = f"{request_key[:47]}:{content}"  # pressing twice is once; a corrected declaration is another one
    known = session.scalars(select(Withdrawal).where(Withdrawal.request_key == key)).one_or_none()
    if known:
        return known
    order = finding.as_told(declaration.order_number, declaration.email)
    row = Withdrawal(
        ref=references.new("wdr"),
        request_key=key,
        order_id=order.id if order else None,
        order_number=declaration.order_number,
        email=declaration.email,
        name=declaration.name,
        words=declaration.words,
        received_at=clock.now(),
    )
    session.add(row)
    by = customer(customers.get(order.person_id).ref) if order else SYSTEM
    audit.record(Tag.WITHDRAWAL_RECEIVED, row, by=by, order=order.ref if order else None)
    if order:
        audit.record(Tag.WITHDRAWAL_RECEIVED, order, by=by, withdrawal=row.ref)
    cases.open_case(
        CaseKind.WITHDRAWAL, order or row, at_risk=order.total if order else None, order=declaration.order_number
    )
    if order or _unmatched_today(declaration.email) <= MOST_UNMATCHED:
        mail.queue(
            "withdrawal_received",
            to=declaration.email,
            about=order or row,
            key=f"withdrawal_received:{row.ref}",
            withdrawal=row,
            repeats=order is not None,  # nobody writes to strangers through us: of what they typed a number is all
            numbered=order is not None or row.order_number.isdigit(),
            entity=entities.seller(),
        )
    return row


def _unmatched_today(email: str) -> int:
    day = clock.now() - timedelta(days=1)
    query = select(func.count()).where(
        Withdrawal.email == email, Withdrawal.order_id.is_(None), Withdrawal.received_at > day
    )
    return session.scalar(query) or 0


def declared(order_ids: Sequence[int]) -> set[int]:
    """Of these orders, those that a declaration is about."""
    query = select(Withdrawal.order_id).where(Withdrawal.order_id.in_(list(order_ids)))
    return {order_id for order_id in session.scalars(query) if order_id} if order_ids else set()


def of(order: Order) -> list[Withdrawal]:
    return list(session.scalars(select(Withdrawal).where(Withdrawal.order_id == order.id).order_by(Withdrawal.id)))
