"""How much net and VAT a credit note takes back of an invoice: pure arithmetic, per VAT category.

The invoice's own VAT is shared out by how much of a category's gross has been credited so far, rounded half up, so that
however many notes there are, together they credit exactly what was invoiced and never a cent more (EN 16931 BT-116,
BT-117; a note may differ by one minor unit from its own rate, which BR-CO-17 tolerates)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money, total
from backoffice.tax.arithmetic import Category, CategoryTotal


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
    credited: Money

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
        vat = _vat_until(item, item.credited + gross) - _vat_until(item, item.credited)
        made.append(CategoryTotal(item.invoiced.category, gross - vat, vat))
    return made


def _vat_until(item: Balance, gross: Money) -> Money:
    """The VAT in the first ``gross`` of a category, rounded half up."""
    whole = item.invoiced.gross.amount
    return Money((2 * item.invoiced.vat.amount * gross.amount + whole) // (2 * whole), gross.currency)
