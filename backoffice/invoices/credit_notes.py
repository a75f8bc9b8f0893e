"""Credit notes: what was invoiced is never changed, a note beside it takes back a part or all of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money, total
from backoffice.entities import service as entities
from backoffice.invoices import crediting, numbering
from backoffice.invoices.credit_note_models import CreditNote, CreditNoteLine, CreditNotePaper, CreditNoteTax
from backoffice.invoices.crediting import Balance, CreditTooHigh
from backoffice.invoices.models import Invoice
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.tasks import service as tasks
from backoffice.tax.arithmetic import Category, CategoryTotal

SERIES = "C"


@dataclass(frozen=True)
class CreditLine:
    """What is credited, with its gross amount; ``sku`` is empty for a part of the price."""

    sku: str
    name: str
    quantity: int
    gross: Money
    category: Category


def issue(invoice: Invoice, lines: Sequence[CreditLine], *, because: str, by: Actor) -> CreditNote:
    """Credit these lines of an issued invoice, with a number of its own and the task that typesets it.

    Call it last in its unit: the number is taken here. Raises CreditTooHigh."""
    wanted: dict[Category, Money] = {}
    for line in lines:
        wanted[line.category] = wanted.get(line.category, Money.zero(invoice.currency)) + line.gross
    parts = crediting.credit(wanted, balances(invoice))
    if {part.category for part in parts} != set(wanted):
        raise CreditTooHigh(total([line.gross for line in lines], invoice.currency), left(invoice))
    net, vat = (total([getattr(part, name) for part in parts], invoice.currency) for name in ("net", "vat"))
    entity = entities.get(invoice.entity_id)
    session.flush()
    taken = numbering.take(entity, SERIES)
    note = CreditNote(
        ref=references.new("crn"),
        entity_id=entity.id,
        invoice_id=invoice.id,
        series=taken.series,
        year=taken.year,
        position=taken.position,
        number=taken.number,
        issued_on=taken.issued_on,
        because=because[:255],
        seller=invoice.seller,
        buyer=invoice.buyer,
        currency=invoice.currency,
        net_amount=net.amount,
        vat_amount=vat.amount,
        gross_amount=(net + vat).amount,
        line_count=len(lines),
        tax_count=len(parts),
        created_at=clock.now(),
    )
    note.lines = _lines(lines, parts)
    note.taxes = [
        CreditNoteTax(
            position=position,
            vat_category=part.category.code,
            vat_hundredths=part.category.hundredths,
            net_amount=part.net.amount,
            vat_amount=part.vat.amount,
        )
        for position, part in enumerate(parts, start=1)
    ]
    session.add(note)
    session.flush()
    numbering.enter(taken, entity, note)
    tasks.schedule("credit_notes.typeset", dedupe=f"credit_notes.typeset:{note.ref}", credit_note_id=note.id)
    ledger.post(EntryKind.CREDIT_NOTE, note, entries.credit(note.net, note.vat))
    audit.record(Tag.CREDIT_NOTE_ISSUED, note, by=by, reason=because, number=note.number, gross=note.gross, vat=vat)
    audit.record(Tag.INVOICE_CREDITED, invoice, by=by, reason=because, number=note.number, amount=note.gross)
    return note


def balances(invoice: Invoice) -> list[Balance]:
    """What was invoiced in each VAT category, and how much of it is credited by now."""
    rows = session.execute(
        select(
            CreditNoteTax.vat_category,
            CreditNoteTax.vat_hundredths,
            func.sum(CreditNoteTax.net_amount + CreditNoteTax.vat_amount),
            func.sum(CreditNoteTax.vat_amount),
        )
        .join(CreditNote, CreditNote.id == CreditNoteTax.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id)
        .group_by(CreditNoteTax.vat_category, CreditNoteTax.vat_hundredths)
    )
    credited = {Category(row[0], row[1]): (int(row[2]), int(row[3])) for row in rows}
    made = []
    for tax in invoice.taxes:
        category = Category(tax.vat_category, tax.vat_hundredths)
        gross, vat = (Money(amount, invoice.currency) for amount in credited.get(category, (0, 0)))
        made.append(Balance(CategoryTotal(category, tax.net, tax.vat), gross, vat))
    return made


def left(invoice: Invoice) -> Money:
    """How much of an invoice can still be credited."""
    return total([item.left for item in balances(invoice)], invoice.currency)


def fitted(invoice: Invoice, lines: Sequence[CreditLine], amount: Money, name: str) -> list[CreditLine]:
    """The lines that sum up to ``amount``, each as far as its VAT category has as much left; the rest, which an earlier
    reduction of the price took from that category, comes from the others. Raises CreditTooHigh."""
    left_of = {item.invoiced.category: item.left for item in balances(invoice)}
    made: list[CreditLine] = []
    rest = amount
    for line in lines:
        gross = min(line.gross, left_of.get(line.category, Money.zero(invoice.currency)), rest)
        if gross:
            made.append(replace(line, gross=gross))
            left_of[line.category] -= gross
            rest -= gross
    if rest:
        others = [
            replace(item, credited=item.invoiced.gross - left_of[item.invoiced.category]) for item in balances(invoice)
        ]
        shares = crediting.spread(rest, others)
        made += [CreditLine("", name, 1, share, category) for category, share in shares.items()]
    return made


def of(invoice: Invoice) -> list[CreditNote]:
    """Oldest first."""
    return list(session.scalars(select(CreditNote).where(CreditNote.invoice_id == invoice.id).order_by(CreditNote.id)))


def by_ref(ref: str) -> CreditNote:
    """Raises NotFound."""
    note = session.scalars(select(CreditNote).where(CreditNote.ref == ref)).one_or_none()
    if note is None:
        raise NotFound("credit note")
    return note


def get(note_id: int) -> CreditNote:
    return session.get_one(CreditNote, note_id)


def paper(note: CreditNote) -> CreditNotePaper | None:
    query = select(CreditNotePaper).where(CreditNotePaper.credit_note_id == note.id, CreditNotePaper.form == "pdf")
    return session.scalars(query).one_or_none()


def enter_paper(note: CreditNote, file_id: int, *, sha256: str) -> None:
    """Keep a typeset copy, once."""
    if paper(note):
        return
    session.add(CreditNotePaper(credit_note_id=note.id, form="pdf", file_id=file_id, created_at=clock.now()))
    audit.record(Tag.DOCUMENT_TYPESET, note, by=SYSTEM, sha256=sha256)


def _lines(lines: Sequence[CreditLine], parts: Sequence[CategoryTotal]) -> list[CreditNoteLine]:
    """Every line with its share of the net of its category."""
    nets: dict[int, Money] = {}
    for part in parts:
        places = [place for place, line in enumerate(lines) if line.category == part.category]
        shares = part.net.split([lines[place].gross.amount for place in places])
        nets |= dict(zip(places, shares, strict=True))
    return [
        CreditNoteLine(
            position=place + 1,
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            net_amount=nets[place].amount,
            gross_amount=line.gross.amount,
            vat_category=line.category.code,
            vat_hundredths=line.category.hundredths,
        )
        for place, line in enumerate(lines)
    ]
