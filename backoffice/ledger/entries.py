"""Which accounts a fact moves: pure arithmetic. A debit is above zero, a credit below; every entry sums to zero.

Money that comes is owed to the customer until it pays an invoice; an invoice earns its net and owes its VAT; what is
credited is owed to the customer again until it has been given back."""

from collections.abc import Sequence

from backoffice.core.money import Money
from backoffice.ledger.models import Account

Sides = Sequence[tuple[Account, Money]]


def settlement(captured: Money) -> Sides:
    """The provider holds a customer's money for us. Below zero: it holds less than it said before."""
    return [(Account.CLEARING, captured), (Account.CUSTOMER_MONEY, -captured)]


def issue(net: Money, vat: Money) -> Sides:
    """An invoice is a debt, earned in its net."""
    return [(Account.RECEIVABLE, net + vat), (Account.REVENUE, -net), (Account.TAX_PAYABLE, -vat)]


def payment_of_invoice(paid: Money) -> Sides:
    """Money that was there pays a debt."""
    return [(Account.CUSTOMER_MONEY, paid), (Account.RECEIVABLE, -paid)]


def credit(net: Money, vat: Money) -> Sides:
    """A credit note takes back revenue and VAT; the sum is owed to the customer."""
    return [(Account.REFUNDS, net), (Account.TAX_PAYABLE, vat), (Account.REFUNDS_PAYABLE, -(net + vat))]


def refund(credited: Money, beyond: Money) -> Sides:
    """The provider gives money back: what was credited, and what was never part of an invoice."""
    return [
        (Account.REFUNDS_PAYABLE, credited),
        (Account.CUSTOMER_MONEY, beyond),
        (Account.CLEARING, -(credited + beyond)),
    ]


def refund_by_hand(credited: Money, beyond: Money) -> Sides:
    """What the provider could not give back is paid from our bank."""
    return [
        (Account.REFUNDS_PAYABLE, credited),
        (Account.CUSTOMER_MONEY, beyond),
        (Account.BANK, -(credited + beyond)),
    ]


def refund_twice(money: Money) -> Sides:
    """The provider gives back what the customer has already: owed to us."""
    return [(Account.PAID_TWICE, money), (Account.CLEARING, -money)]


def refund_left(credited: Money, beyond: Money, given: Money) -> Sides:
    """What a customer had twice is left to them: for the rest, ``given``, there is nothing that it could pay."""
    return [*refund(credited, beyond), (Account.GOODWILL, given), (Account.CLEARING, -given)]


def dispute(taken: Money) -> Sides:
    """A customer's bank took money back through the provider. Below zero: it was given back to us."""
    return [(Account.DISPUTES, taken), (Account.CLEARING, -taken)]


def fee(kept: Money) -> Sides:
    """The provider keeps something for its work. Below zero: it gave some back."""
    return [(Account.FEES, kept), (Account.CLEARING, -kept)]


def payout(sent: Money) -> Sides:
    """The provider sends what it holds to our bank. Below zero: it has it back."""
    return [(Account.IN_TRANSIT, sent), (Account.CLEARING, -sent)]


def arrival(arrived: Money) -> Sides:
    """What was sent is at our bank. Below zero: the bank sent it back."""
    return [(Account.BANK, arrived), (Account.IN_TRANSIT, -arrived)]


def exchange(received: Money) -> Sides:
    """One side of an exchange of currencies at the provider: what came in of this one; below zero: what was given."""
    return [(Account.CLEARING, received), (Account.EXCHANGE, -received)]


def unexplained(moved: Money) -> Sides:
    """The provider's balance moved for a reason that no book of ours has: a person explains it."""
    return [(Account.CLEARING, moved), (Account.SUSPENSE, -moved)]


def reversal(sides: Sides) -> Sides:
    return [(account, -money) for account, money in sides]
