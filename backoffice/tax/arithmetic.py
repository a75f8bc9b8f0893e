"""VAT arithmetic of a document with gross prices, after EN 16931: rounded once per category (BT-117), half up.

Net of a category = round(gross / (1 + rate)); its lines share that net by largest remainder, so that the line nets
(BT-131) sum to the taxable amount (BT-116) to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.core.money import Money, total

WHOLE = 10_000  # hundredths of a percent in one


@dataclass(frozen=True, slots=True)
class Category:
    """EN 16931 VAT category (BT-118) with its rate (BT-119) in hundredths of a percent."""

    code: str
    hundredths: int


@dataclass(frozen=True, slots=True)
class GrossLine:
    gross: Money
    category: Category


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    category: Category
    net: Money  # BT-116
    vat: Money  # BT-117

    @property
    def gross(self) -> Money:
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Breakdown:
    line_nets: tuple[Money, ...]  # in the order of the lines
    categories: tuple[CategoryTotal, ...]
    net: Money  # BT-109
    vat: Money  # BT-110
    gross: Money  # BT-112


def net_of(gross: Money, hundredths: int) -> Money:
    """gross / (1 + rate), rounded half up (away from zero for credits)."""
    sign = -1 if gross.amount < 0 else 1
    divisor = WHOLE + hundredths
    return Money(sign * ((2 * abs(gross.amount) * WHOLE + divisor) // (2 * divisor)), gross.currency)


def break_down(lines: Sequence[GrossLine], currency: str) -> Breakdown:
    """Split gross lines into net and VAT per category, and give every line its share of the net."""
    nets: list[Money] = [Money.zero(currency)] * len(lines)
    totals = []
    for category in sorted({line.category for line in lines}, key=lambda c: (c.code, c.hundredths)):
        places = [index for index, line in enumerate(lines) if line.category == category]
        gross = total([lines[index].gross for index in places], currency)
        net = net_of(gross, category.hundredths)
        totals.append(CategoryTotal(category, net, gross - net))
        for index, share in zip(places, net.split([abs(lines[i].gross.amount) for i in places]), strict=True):
            nets[index] = share
    net = total([item.net for item in totals], currency)
    vat = total([item.vat for item in totals], currency)
    return Breakdown(tuple(nets), tuple(totals), net, vat, net + vat)
