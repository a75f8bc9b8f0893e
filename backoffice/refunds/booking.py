"""What an accepted refund does to the books: which part of it is credited, its postings, its credit note, and what is still
owed when a refund came back."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.money import Money, total
from backoffice.invoices import credit_notes
from backoffice.invoices.credit_notes import CreditLine
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account, EntryKind
from backoffice.orders.models import Order
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds.models import LOST, Refund
from backoffice.refunds.reasons import WORDS
from backoffice.tax.arithmetic import Category

TWICE = "twice"  # the part of a refund for which nothing was owed
LEFT = "left"  # what of that was left to the customer, where the rest was booked before


class Shares(NamedTuple):
    """What a refund pays, if it is accepted now: money ``beyond`` the invoice goes back first; then as much is ``credited`` as
    the invoice has left; what was credited and came back is ``owed`` still. For the rest nothing was owed: ``twice``."""

    beyond: Money
    credited: Money
    owed: Money
    twice: Money


def shares(invoice: Invoice, amount: Money) -> Shares:
    zero = Money.zero(invoice.currency)
    beyond = min(amount, max(_unused(invoice), zero))
    credited = owed = zero
    if invoice.state == InvoiceState.ISSUED:
        credited = min(amount - beyond, credit_notes.left(invoice))
        rest = amount - beyond - credited
        owed = min(rest, max(_open_debts(invoice), zero)) if rest else zero
    return Shares(beyond, credited, owed, amount - beyond - credited - owed)


def book(refund: Refund, invoice: Invoice, order: Order, *, by: Actor) -> None:
    """Post an accepted refund, and credit what was invoiced of it. The credit note comes last: it takes its number.

    A refund that is sent again after it came back moves what the first one moved, and is credited already. What the customer
    gets twice is credited once: the second sum is theirs to give back."""
    if refund.owed:
        ledger.repeat(EntryKind.REFUND, refund, of=refund.owed)
        return
    parts = shares(invoice, refund.money - refund.twice)
    assert not parts.twice, "the order is locked since it was split"
    ledger.post(EntryKind.REFUND, refund, entries.refund_twice(refund.twice), part=TWICE)
    ledger.post(EntryKind.REFUND, refund, entries.refund(parts.credited + parts.owed, parts.beyond))
    _credit(refund, invoice, order, parts.credited, by=by)


def book_left(refund: Refund, invoice: Invoice, order: Order, *, by: Actor) -> None:
    """Post what the customer had twice and may keep: credited as far as the invoice has so much left, else given."""
    kept = _twice(refund) or Money.zero(refund.currency)
    parts = shares(invoice, kept)
    sides = entries.refund_left(parts.credited + parts.owed, parts.beyond, parts.twice)
    ledger.post(EntryKind.REFUND, refund, sides, part="" if kept == refund.money else LEFT)
    _credit(refund, invoice, order, parts.credited, by=by)


def _twice(refund: Refund) -> Money | None:
    return ledger.moved(EntryKind.REFUND, refund, Account.PAID_TWICE, part=TWICE)


def _credit(refund: Refund, invoice: Invoice, order: Order, amount: Money, *, by: Actor) -> None:
    if amount:
        name = f"Order {order.number}, {WORDS[refund.reason]}"
        lines = credit_notes.fitted(invoice, _sold_lines(refund), amount, name)
        note = credit_notes.issue(invoice, lines, because=WORDS[refund.reason], by=by)
        refund.credit_note_id = note.id


def take_back(refund: Refund) -> None:
    """Post that a refund came back, whatever it had paid."""
    for part in ("", TWICE, LEFT):
        ledger.take_back(EntryKind.REFUND_RETURNED, refund, of=EntryKind.REFUND, part=part)


def take_back_twice(refund: Refund) -> None:
    """What the customer had twice is not theirs to return any more."""
    ledger.take_back(EntryKind.REFUND_RETURNED, refund, of=EntryKind.REFUND, part=TWICE)


def went_twice(refund: Refund) -> bool:
    """Whether the customer had it twice, or a part of it, also where that was left to them since; not where it stands for
    another one that came back."""
    return refund.settles_id is None and _twice(refund) is not None


def came_back(refund: Refund) -> Money:
    """What is owed to the customer since a refund came back: what it had paid, not what they had twice or as a gift."""
    moved = [
        ledger.moved(EntryKind.REFUND, refund, account, part=part)
        for account in (Account.REFUNDS_PAYABLE, Account.CUSTOMER_MONEY)
        for part in ("", LEFT)
    ]
    return total([item for item in moved if item], refund.currency)


def book_otherwise(refund: Refund) -> None:
    """Post a refund that came back as paid from our bank: the debts that it moved are settled after all."""
    credited = ledger.moved(EntryKind.REFUND, refund, Account.REFUNDS_PAYABLE) or Money.zero(refund.currency)
    ledger.post(EntryKind.REFUND_PAID_OTHERWISE, refund, entries.refund_by_hand(credited, _beyond(refund)))


def would_credit(invoice: Invoice, amount: Money) -> Money:
    """What a refund of ``amount`` would be credited with, if it were accepted now."""
    return shares(invoice, amount).credited


def is_owed(refund: Refund, payment: Payment, invoice: Invoice) -> bool:
    """Whether the money of a refund that came back is still the customer's, and can be given back."""
    return left(payment) >= refund.money and is_unpaid(refund, invoice)


def is_unpaid(refund: Refund, invoice: Invoice) -> bool:
    """Whether the debts that a refund moved are there again, since it came back: nothing else has paid them."""
    if went_twice(refund):  # it is more than what is owed of it: that goes back in a refund of its own
        return False
    credited = ledger.moved(EntryKind.REFUND, refund, Account.REFUNDS_PAYABLE)
    beyond = ledger.moved(EntryKind.REFUND, refund, Account.CUSTOMER_MONEY)
    return not (credited and owed_for(invoice) < credited) and not (beyond and _unused(invoice, but=refund) < beyond)


def is_unused(amount: Money, invoice: Invoice) -> bool:
    """Whether so much of what came for an invoice has paid nothing of it: it is the customer's anyway."""
    return _unused(invoice) >= amount


def paid_by_hand(payment: Payment) -> Money:
    """What came back of refunds of this payment and was paid otherwise: the provider still has it, and the customer too."""
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.payment_id == payment.id, Refund.paid_otherwise_at.is_not(None)
    )
    return Money(int(session.scalar(query) or 0), payment.currency)


def left(payment: Payment) -> Money:
    """What can still be given back of a payment."""
    return max(payment.refundable - paid_by_hand(payment), Money.zero(payment.currency))


def owed_for(invoice: Invoice) -> Money:
    """What was credited of an invoice and has not been given back."""
    refs = [note.ref for note in credit_notes.of(invoice)]
    refs += _refund_refs(payments.for_invoice(invoice))
    return -ledger.balance_about(Account.REFUNDS_PAYABLE, refs, invoice.currency)


def _unused(invoice: Invoice, but: Refund | None = None) -> Money:
    """What came for an invoice and paid nothing of it, as far as it is still with us. What a refund that is being sent again
    takes of it, once the provider has accepted, is spoken for; ``but`` not by what sends this one again."""
    attempts = payments.for_invoice(invoice)
    refs = [invoice.ref, *(payment.ref for payment in attempts), *_refund_refs(attempts)]
    there = -ledger.balance_about(Account.CUSTOMER_MONEY, refs, invoice.currency)
    return there - total([_beyond(lost) for lost in _sent_again(attempts) if lost is not but], invoice.currency)


def _beyond(refund: Refund) -> Money:
    return ledger.moved(EntryKind.REFUND, refund, Account.CUSTOMER_MONEY) or Money.zero(refund.currency)


def _sent_again(attempts: Sequence[Payment]) -> list[Refund]:
    """Refunds that came back and whose successor has not been accepted yet."""
    query = select(Refund).where(
        Refund.payment_id.in_([item.id for item in attempts]),
        Refund.again_of_id.is_not(None),
        Refund.accepted_at.is_(None),
        Refund.state.not_in(LOST),
    )
    return [row.again_of for row in session.scalars(query) if row.again_of]


def _open_debts(invoice: Invoice) -> Money:
    """What was credited and came back, and is not being sent again."""
    again = _sent_again(payments.for_invoice(invoice))
    spoken_for = [ledger.moved(EntryKind.REFUND, lost, Account.REFUNDS_PAYABLE) for lost in again]
    return owed_for(invoice) - total([item for item in spoken_for if item], invoice.currency)


def _refund_refs(attempts: Sequence[Payment]) -> Sequence[str]:
    return session.scalars(select(Refund.ref).where(Refund.payment_id.in_([item.id for item in attempts]))).all()


def _sold_lines(refund: Refund) -> list[CreditLine]:
    return [
        CreditLine(
            sku=line.order_line.sku,
            name=line.order_line.name,
            quantity=line.quantity,
            gross=line.order_line.unit * line.quantity,
            category=Category(line.order_line.vat_category, line.order_line.vat_hundredths),
        )
        for line in refund.pieces
    ]
