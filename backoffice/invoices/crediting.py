"""How much net and VAT a credit note takes back of an invoice: pure arithmetic, per VAT category.

A note's VAT is that of its own gross at the rate, rounded half up (EN 16931 BT-117), as long as all notes together stay within
one minor unit of their share of the invoice's VAT; else it is what brings them back to that share. The last note takes the
rest. So however many notes there are, together they credit exactly what was invoiced (BR-CO-17 tolerates a unit)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money, total
from backoffice.tax.arithmetic import Category, CategoryTotal, net_of


class CreditTooHigh(CounterfoilError):
    """More than is left of the invoice, in a VAT category or as a whole."""

    status = 409

    def __init__(self, wanted: Money, left: Money) -> None:
        self.wanted, self.left = wanted, left
        super().__init__(f"Only {left} of the invoice are left to credit, not {wanted}.")


@dataclass(frozen=True, slots=True)
class Balance:
    """One category of an invoice, and how much of its gross was credited before."""

    invoiced: CategoryTotal
    credited: Money  # gross
    credited_vat: Money

    @property
    def left(self) -> Money:
        return self.invoiced.gross - self.credited


def spread(amount: Money, balances: Sequence[Balance]) -> dict[Category, Money]:
    """Share a gross amount out over what is left of each category, by largest remainder. Raises CreditTooHigh."""
    left = total([item.left for item in balances], amount.currency)
    if amount > left:
        raise CreditTooHigh(amount, left)
    parts = amount.split([item.left.amount for item in balances]) if balances else []
    return {item.invoiced.category: part for item, part in zip(balances, parts, strict=True) if part}


def credit(wanted: Mapping[Category, Money], balances: Sequence[Balance]) -> list[CategoryTotal]:
    """Net and VAT of what is credited, by category, in the order of the invoice. Raises CreditTooHigh."""
    made = []
    for item in balances:
        gross = wanted.get(item.invoiced.category)
        if not gross:
            continue
        if gross > item.left:
            raise CreditTooHigh(gross, item.left)
        vat = _vat_of(item, gross)
        made.append(CategoryTotal(item.invoiced.category, gross - vat, vat))
    return made


def _vat_of(item: Balance, gross: Money) -> Money:
    whole, until = item.invoiced.gross.amount, (item.credited + gross).amount
    share = item.invoiced.vat.amount * until  # times ``whole``: the VAT in all that is credited then, exactly
    if until == whole:
        return item.invoiced.vat - item.credited_vat
    own = gross - net_of(gross, item.invoiced.category.hundredths)
    if abs((item.credited_vat + own).amount * whole - share) <= whole:
        return own
    rounded = Money((2 * share + whole) // (2 * whole), gross.currency)
    return min(max(rounded - item.credited_vat, Money.zero(gross.currency)), gross)
