"""Invoices: drafted with the order, numbered and frozen when they are issued, paid when money has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import defer, joinedload

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.entering import enter
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.money import Money
from backoffice.core.states import StateTable
from backoffice.core.writes import put
from backoffice.entities import service as entities
from backoffice.entities.models import Entity
from backoffice.entities.service import Seller
from backoffice.invoices import numbering
from backoffice.invoices.models import CollectionState, Invoice, InvoiceLine, InvoicePaper, InvoiceState, InvoiceTax
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.orders.models import Order
from backoffice.orders.service import LineData
from backoffice.tasks import service as tasks
from backoffice.tax.arithmetic import Category, GrossLine, break_down

SERIES = "S"  # the shop's invoices

DOCUMENT_MOVES = StateTable(
    Invoice.state,
    {
        InvoiceState.DRAFT: frozenset({InvoiceState.ISSUED, InvoiceState.DISCARDED}),
        InvoiceState.ISSUED: frozenset[InvoiceState](),
        InvoiceState.DISCARDED: frozenset[InvoiceState](),
    },
)
COLLECTION_MOVES = StateTable(
    Invoice.collection_state,
    {
        CollectionState.OPEN: frozenset({CollectionState.PAID, CollectionState.PART_PAID, CollectionState.NOT_DUE}),
        CollectionState.PART_PAID: frozenset({CollectionState.PAID, CollectionState.NOT_DUE}),
        CollectionState.PAID: frozenset[CollectionState](),
        CollectionState.NOT_DUE: frozenset[CollectionState](),
    },
)

_FOR_ORDER = (
    select(Invoice).where(Invoice.order_id == bindparam("order_id")).options(joinedload(Invoice.taxes, innerjoin=True))
)

_WITH_ORDER = (
    select(Order, Invoice, Entity)
    .join(Invoice, Invoice.order_id == Order.id)
    .join(Entity, Entity.id == Order.entity_id)
    .where(Order.ref == bindparam("ref"))
    .options(
        joinedload(Order.lines, innerjoin=True), joinedload(Invoice.taxes, innerjoin=True),
        defer(Invoice.seller), defer(Invoice.buyer),
    )
)  # fmt: skip


class NoPaper(CounterfoilError):
    """Only what was issued has a paper."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "The invoice was not issued, so there is nothing to print. It is issued when the order is paid."
        )


@dataclass(frozen=True)
class Party:
    """Seller (BG-4) or buyer (BG-7) as printed."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    email: str
    vat_id: str = ""
    register_entry: str = ""
    phone: str = ""


def draft_for(order: Order, lines: Sequence[LineData], entity: Seller, *, by: Actor) -> Invoice:
    """Write the draft invoice of an order that was placed with these lines: everything but number and dates."""
    sums = break_down(
        [GrossLine(line.total, Category(line.rate.category, line.rate.hundredths)) for line in lines], order.currency
    )
    invoice = Invoice(
        ref=references.new("inv"),
        entity_id=entity.id,
        order_id=order.id,
        state=InvoiceState.DRAFT,
        series=None,
        year=None,
        position=None,
        number=None,
        issued_on=None,
        supplied_on=None,
        seller=vars(_seller(entity)),
        buyer=vars(Party(order.name, order.street, order.postcode, order.city, order.country, order.email)),
        currency=order.currency,
        net_amount=sums.net.amount,
        vat_amount=sums.vat.amount,
        gross_amount=sums.gross.amount,
        created_at=clock.now(),
        collection_state=CollectionState.OPEN,
        paid_amount=0,
        paid_at=None,
    )
    enter(invoice)
    written = [
        {
            "invoice_id": invoice.id,
            "position": position,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "unit_gross_amount": line.unit.amount,
            "net_amount": net.amount,
            "gross_amount": line.total.amount,
            "vat_category": line.rate.category,
            "vat_hundredths": line.rate.hundredths,
            "issued_at": None,
        }
        for position, (line, net) in enumerate(zip(lines, sums.line_nets, strict=True), start=1)
    ]
    put(InvoiceLine, written, of=invoice)
    taxes = [
        {
            "invoice_id": invoice.id,
            "vat_category": item.category.code,
            "vat_hundredths": item.category.hundredths,
            "net_amount": item.net.amount,
            "vat_amount": item.vat.amount,
            "issued_at": None,
        }
        for item in sums.categories
    ]
    put(InvoiceTax, taxes, of=invoice)
    audit.record(Tag.INVOICE_DRAFTED, invoice, by=by, gross=sums.gross, vat=sums.vat)
    return invoice


def issue_paid(invoice: Invoice, paid: Money, *, by: Actor) -> bool:
    """Issue the invoice and book the money that settles it; False if it was issued before.

    Call it last in its unit: the number is taken at the end, so that its counter is locked for the shortest time."""
    if invoice.state == InvoiceState.ISSUED:
        return False
    _pay(invoice, paid, by=by)
    entity = entities.get(invoice.entity_id)
    now = clock.now()
    parts: list[InvoiceLine | InvoiceTax] = [*invoice.lines, *invoice.taxes]
    for part in parts:
        part.issued_at = now
    session.flush()
    taken = numbering.take(entity, SERIES)
    numbering.enter(taken, entity, invoice)
    if not DOCUMENT_MOVES.move(
        invoice,
        InvoiceState.ISSUED,
        series=taken.series,
        year=taken.year,
        position=taken.position,
        number=taken.number,
        issued_on=taken.issued_on,
        supplied_on=taken.issued_on,
    ):
        return False
    state = (InvoiceState.DRAFT, InvoiceState.ISSUED)
    audit.record(Tag.INVOICE_ISSUED, invoice, by=by, number=taken.number, gross=invoice.gross, state=state)
    ledger.post(EntryKind.INVOICE_ISSUED, invoice, entries.issue(invoice.net, invoice.vat))
    ledger.post(EntryKind.INVOICE_PAID, invoice, entries.payment_of_invoice(invoice.gross))
    return True


def order_paper(invoice: Invoice) -> None:
    """Write the task that typesets the invoice once this unit has issued it."""
    tasks.schedule("invoices.typeset", dedupe=_paper_key(invoice), invoice_id=invoice.id)


def is_paper_ordered(invoice: Invoice) -> bool:
    """Whether a worker has been told to typeset the invoice; whether it is done, ``paper`` says."""
    return tasks.is_known(_paper_key(invoice))


def ask_for_paper(invoice: Invoice, *, by: Actor) -> None:
    """Have an invoice typeset that came without its paper, from a history taken over. Asked again, nothing happens.
    Raises NoPaper."""
    if invoice.state != InvoiceState.ISSUED:
        raise NoPaper
    if not is_paper_ordered(invoice):
        order_paper(invoice)
        audit.record(Tag.DOCUMENT_ORDERED, invoice, by=by)


def discard(invoice: Invoice, *, by: Actor, reason: str) -> bool:
    """Throw a draft away: its order ended. A draft never had a number, so no gap arises."""
    if not DOCUMENT_MOVES.move(invoice, InvoiceState.DISCARDED):
        return False
    COLLECTION_MOVES.move(invoice, CollectionState.NOT_DUE)
    state = (InvoiceState.DRAFT, InvoiceState.DISCARDED)
    audit.record(Tag.INVOICE_DISCARDED, invoice, by=by, reason=reason, state=state)
    return True


def part_paid(invoice: Invoice, paid: Money, *, by: Actor) -> None:
    """Book money that does not cover the invoice; it stays a draft, and no further payment is begun for it."""
    if COLLECTION_MOVES.move(invoice, CollectionState.PART_PAID, paid_amount=paid.amount, paid_at=clock.now()):
        audit.record(Tag.INVOICE_PART_PAID, invoice, by=by, paid=paid, gross=invoice.gross)


def enter_paper(invoice: Invoice, file_id: int, *, by: Actor, sha256: str) -> None:
    """Keep a typeset copy, once."""
    if paper(invoice):
        return
    session.add(InvoicePaper(invoice_id=invoice.id, form="pdf", file_id=file_id, created_at=clock.now()))
    audit.record(Tag.DOCUMENT_TYPESET, invoice, by=by, sha256=sha256)


def paper(invoice: Invoice) -> InvoicePaper | None:
    query = select(InvoicePaper).where(InvoicePaper.invoice_id == invoice.id, InvoicePaper.form == "pdf")
    return session.scalars(query).one_or_none()


def for_order(order_id: int) -> Invoice:
    """With its VAT breakdown."""
    return session.scalars(_FOR_ORDER, {"order_id": order_id}).unique().one()


def with_order(ref: str) -> tuple[Order, Invoice, Entity]:
    """An order with its lines, its invoice with its VAT breakdown, and who sold it, in one look. Raises NotFound."""
    found = session.execute(_WITH_ORDER, {"ref": ref}).unique().one_or_none()
    if found is None:
        raise NotFound("order")
    return found[0], found[1], found[2]


def get(invoice_id: int) -> Invoice:
    return session.get_one(Invoice, invoice_id)


def by_ref(ref: str) -> Invoice:
    invoice = session.scalars(select(Invoice).where(Invoice.ref == ref)).one_or_none()
    if invoice is None:
        raise NotFound("invoice")
    return invoice


def _paper_key(invoice: Invoice) -> str:
    return f"invoices.typeset:{invoice.ref}"


def _pay(invoice: Invoice, paid: Money, *, by: Actor) -> None:
    values: dict[str, Any] = {"paid_amount": paid.amount, "paid_at": clock.now()}
    if COLLECTION_MOVES.move(invoice, CollectionState.PAID, **values):
        audit.record(Tag.INVOICE_PAID, invoice, by=by, paid=paid, state=(CollectionState.OPEN, CollectionState.PAID))


def _seller(entity: Seller) -> Party:
    return Party(
        name=entity.legal_name,
        street=entity.street,
        postcode=entity.postcode,
        city=entity.city,
        country=entity.country,
        email=entity.email,
        vat_id=entity.vat_id,
        register_entry=entity.register_entry,
        phone=entity.phone,
    )


def of_orders(order_ids: Sequence[int]) -> dict[int, Invoice]:
    """The issued invoices of these orders, by order."""
    if not order_ids:
        return {}
    rows = session.scalars(select(Invoice).where(Invoice.order_id.in_(order_ids), Invoice.state == InvoiceState.ISSUED))
    return {row.order_id: row for row in rows}
