"""The jump box: from whatever somebody reads out (a number, a name, a reference) to the page it belongs to.

Each guess is one look through an index; the shape of what was typed says which are worth it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, or_, select

from backoffice.admin import access, badges, whose
from backoffice.audit.models import AuditEntry
from backoffice.cases.models import Case
from backoffice.catalog import search
from backoffice.catalog.models import Product, Variant
from backoffice.core.db import session
from backoffice.core.formatting import money
from backoffice.core.ports import ports
from backoffice.customers import finding
from backoffice.customers import service as customers
from backoffice.customers.models import Person
from backoffice.disputes.models import Dispute
from backoffice.fulfilment.models import Shipment
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.invoices.models import Invoice
from backoffice.mail.models import Mail
from backoffice.orders.models import Order
from backoffice.payment_methods.models import PaymentMethod
from backoffice.payments.models import Payment
from backoffice.reconciliation.models import Break, Payout, ProviderLine
from backoffice.refunds.models import Refund
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import Right
from backoffice.tasks.models import Task
from backoffice.webhooks.models import WebhookEvent

LONGEST = 120
MOST = 10  # hits of one kind
REFERENCE = re.compile(r"^([a-z]{3})_[0-9a-z]+$")
EMAIL = re.compile(r"^\S*@\S*$")
# What people say before a number: "order 10001", "No. 10001", "#10001".
CALLED = re.compile(r"^(?:(?:order|invoice|payment|number|no|nr)\b[.:]?\s*)*#?\s*(?=\S*[0-9])", re.IGNORECASE)
PHONE = re.compile(r"^[+0-9 ()/.\-]+$")


@dataclass(frozen=True)
class Hit:
    kind: str
    title: str
    more: str
    address: str

    @property
    def is_personal(self) -> bool:
        """Whether it says something of a customer."""
        return self.kind in ("Customer", "Order", "Invoice", "Credit note", "Parcel")


def find(text: str) -> list[Hit]:
    """What the text can mean, among what the colleague may see; the likeliest first, nothing twice."""
    wish = CALLED.sub("", text.strip()[:LONGEST])
    if not wish:
        return []
    hits = list(_exact(wish)) or list(_worded(wish)) or list(_lines(wish)) or list(_requests(wish))
    return list({hit.address: hit for hit in reversed(hits)}.values())[::-1]


def _exact(wish: str) -> Iterator[Hit]:
    """What bears exactly this number, address or reference."""
    if REFERENCE.match(wish):
        yield from _by_reference(wish)
    elif EMAIL.match(wish):
        yield from _people(finding.by_email(wish, MOST))
        yield from _orders(Order.id.in_(whose.others_with(customers.normalised(wish))))
    elif PHONE.match(wish):
        digits = re.sub(r"\D", "", wish)
        if digits == wish.replace(" ", "") and not digits.startswith("0") and 0 < len(digits) < 19:
            yield from _orders(Order.number == int(digits))
        yield from _parcels(wish)
        if len(digits) >= finding.FEWEST_DIGITS:
            yield from _people(finding.by_phone(wish, MOST))
        yield from _papers(wish)
    elif "_" in wish:  # providers name things so, and nobody else does
        yield from _papers(wish)
    elif " " not in wish and re.search(r"[0-9\-]", wish):
        yield from _papers(wish)
        yield from _parcels(wish)
        yield from _articles(Variant.sku == wish.upper())


def _worded(wish: str) -> Iterator[Hit]:
    """Whose names, or what products, have these words."""
    if not PHONE.match(wish) and not EMAIL.match(wish):
        yield from _people(finding.by_words(wish, MOST))
        yield from _products(wish)


def _by_reference(wish: str) -> Iterator[Hit]:
    kinds: dict[str, Callable[[], Iterator[Hit]]] = {
        "ord": lambda: _orders(Order.ref == wish),
        "inv": lambda: _invoices(Invoice.ref == wish),
        "rfd": lambda: _refunds(Refund.ref == wish),
        "dsp": lambda: _disputes(Dispute.ref == wish),
        "brk": lambda: _plain("Difference", select(Break).where(Break.ref == wish), Right.SEE_MONEY, "breaks"),
        "pyt": lambda: _payouts(Payout.ref == wish),
        "crn": lambda: _credit_notes(CreditNote.ref == wish),
        "pay": lambda: _payments(Payment.ref == wish),
        "per": lambda: _people(_rows(select(Person).where(Person.ref == wish), Right.SEE_SALES)),
        "shp": lambda: _shipments(Shipment.ref == wish),
        "var": lambda: _articles(Variant.ref == wish),
        "prd": lambda: _goods(select(Product).where(Product.ref == wish)),
        "req": lambda: _requests(wish),
        "cas": lambda: _plain("Case", select(Case).where(Case.ref == wish), Right.SEE_INBOX, "cases"),
        "tsk": lambda: _plain("Task", select(Task).where(Task.ref == wish), Right.SEE_RECORDS, "tasks"),
        "mai": lambda: _plain("Mail", select(Mail).where(Mail.ref == wish), Right.SEE_RECORDS, "mails"),
        "whk": lambda: _plain(
            "Event", select(WebhookEvent).where(WebhookEvent.ref == wish), Right.SEE_RECORDS, "webhooks"
        ),
        "stf": lambda: _plain(
            "Colleague", select(StaffMember).where(StaffMember.ref == wish), Right.SEE_STAFF, "staff"
        ),
    }
    kind = kinds.get(wish[:3])
    yield from kind() if kind else _papers(wish)


def _papers(wish: str) -> Iterator[Hit]:
    """Numbers that stand on papers and in the provider's dashboard."""
    yield from _invoices(Invoice.number == wish.upper())
    yield from _credit_notes(CreditNote.number == wish.upper())
    yield from _payments(Payment.provider_ref == wish)
    if not PHONE.match(wish):  # a provider's ids have letters
        yield from _refunds(Refund.provider_ref == wish)
        yield from _disputes(Dispute.provider_ref == wish)
    if "pm_" in wish[:4]:  # as providers call ways to pay
        yield from _kept(wish)
    if "po_" in wish[:4]:  # as providers call payouts
        yield from _payouts(Payout.provider_ref == wish)
    event = select(WebhookEvent).where(WebhookEvent.event_key == wish)
    yield from _plain("Event", event, Right.SEE_RECORDS, "webhooks")


def _kept(wish: str) -> Iterator[Hit]:
    """Ways to pay that a customer keeps, by the provider's id."""
    port = ports().payments
    ours = (PaymentMethod.provider == port.name, PaymentMethod.account == port.account, PaymentMethod.mode == port.mode)
    for row in _rows(select(PaymentMethod).where(*ours, PaymentMethod.provider_ref == wish), Right.SEE_SALES):
        yield Hit("Kept card", row.name, row.person.name, _at("customers", row.person))


def _orders(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Order).where(condition), Right.SEE_SALES):
        yield Hit(
            "Order", f"Order {row.number}", f"{row.name}, {money(row.total)}, {_state(row.state)}", _at("orders", row)
        )


def _invoices(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Invoice).where(condition), Right.SEE_MONEY):
        title = f"Invoice {row.number}" if row.number else "Draft invoice"
        yield Hit("Invoice", title, f"{row.buyer['name']}, {money(row.gross)}", _at("invoices", row))


def _credit_notes(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(CreditNote).where(condition), Right.SEE_MONEY):
        yield Hit("Credit note", row.number, f"{row.buyer['name']}, {money(row.gross)}", _at("credit_notes", row))


def _refunds(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Refund).where(condition), Right.SEE_MONEY):
        yield Hit("Refund", f"{money(row.money)} back", _state(row.state), _at("refunds", row))


def _disputes(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Dispute).where(condition), Right.SEE_MONEY):
        yield Hit("Dispute", f"{money(row.money)} disputed", _state(row.state), _at("disputes", row))


def _payouts(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Payout).where(condition), Right.SEE_MONEY):
        yield Hit("Payout", f"{money(row.money)} paid out", _state(row.state), _at("payouts", row))


def _payments(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Payment).where(condition), Right.SEE_MONEY):
        yield Hit("Payment", row.ref, f"{money(row.asked_for)}, {_state(row.state)}", _at("payments", row))


def _people(rows: list[Any]) -> Iterator[Hit]:
    if access.has(Right.SEE_SALES):
        for row in rows:
            yield Hit("Customer", row.name, row.email, _at("customers", row))


def _parcels(wish: str) -> Iterator[Hit]:
    yield from _shipments(Shipment.tracking == wish)


def _shipments(condition: Any) -> Iterator[Hit]:
    for row in _rows(select(Shipment).where(condition), Right.SEE_SALES):
        yield Hit("Parcel", row.tracking or row.ref, row.carrier, _at("shipments", row))


def _articles(condition: Any) -> Iterator[Hit]:
    query = select(Product).where(Product.id.in_(select(Variant.product_id).where(condition)))
    yield from _goods(query)


def _products(wish: str) -> Iterator[Hit]:
    yield from _goods(select(Product).where(search.in_office(wish)))


def _goods(query: Select[Any]) -> Iterator[Hit]:
    for row in _rows(query, Right.SEE_CATALOGUE):
        yield Hit("Product", row.name, row.summary, _at("products", row))


def _lines(wish: str) -> Iterator[Hit]:
    """Lines of the provider's statement, by their own ids or those of what they are about: fees and charges have no page."""
    if "_" not in wish:
        return
    port = ports().payments
    ours = (ProviderLine.provider == port.name, ProviderLine.account == port.account, ProviderLine.mode == port.mode)
    of_theirs = or_(ProviderLine.source_ref == wish, and_(*ours, ProviderLine.line_ref == wish))
    for row in _rows(select(ProviderLine).where(of_theirs), Right.SEE_MONEY):
        yield Hit("Provider's line", row.description or row.ref, money(row.moved), _at("provider_lines", row))


def _requests(wish: str) -> Iterator[Hit]:
    """A proxy may call a request anything."""
    if " " not in wish and _rows(select(AuditEntry).where(AuditEntry.request_id == wish), Right.SEE_RECORDS):
        yield Hit("Request", wish, "everything that happened in it", f"/admin/audit/?request={wish}")


def _plain(kind: str, query: Select[Any], right: Right, desk: str) -> Iterator[Hit]:
    for row in _rows(query, right):
        yield Hit(kind, row.ref, "", _at(desk, row))


def _rows(query: Select[Any], right: Right) -> list[Any]:
    return list(session.scalars(query.limit(MOST))) if access.has(right) else []


def _state(state: Any) -> str:
    return badges.words(state).lower()


def _at(desk: str, row: Any) -> str:
    return f"/admin/{desk}/{row.ref}"
