"""What an order would cost, against arithmetic that knows nothing of the code: any cart, any tariff, any currency."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from backoffice.carts.filling import PricedCart, PricedLine, Ware
from backoffice.catalog.models import ProductKind
from backoffice.checkout import quotes
from backoffice.core.money import Money, total
from backoffice.entities.service import Seller
from backoffice.fulfilment.methods import Row, Tariff
from backoffice.orders.models import LineKind
from backoffice.tax.arithmetic import Category, GrossLine, break_down
from backoffice.tax.rates import rate

COUNTRIES = ("DE", "DK", "SE")
SELLER = Seller(**dict.fromkeys(Seller._fields, "x") | {"id": 1, "country": "DE", "zone": "Europe/Berlin"})

currencies = st.sampled_from(["EUR", "JPY", "KWD"])
vat = st.sampled_from(["standard", "reduced"])


@st.composite
def wares(draw, number: int) -> Ware:
    return Ware(
        id=number,
        ref=f"var_{number}",
        sku=f"W-{number}",
        label="",
        is_there=draw(st.booleans()) or draw(st.booleans()),
        product_id=number,
        slug=f"w-{number}",
        name=f"Ware {number}",
        kind=draw(st.sampled_from(ProductKind)),
        vat_class=draw(vat),
        product_is_there=True,
        sold_in=draw(st.sampled_from(["", "", "DE", "DE DK", "SE"])),
    )


@st.composite
def carts(draw, currency: str) -> PricedCart:
    lines = []
    for number in range(draw(st.integers(0, 6))):
        ware = draw(wares(number))
        unit = Money(draw(st.integers(0, 10**7)), currency) if ware.is_sold else None
        lines.append(PricedLine(ware, draw(st.integers(1, 99)), unit))
    return PricedCart(1, "chk", lines, currency)


@st.composite
def tariffs(draw) -> Tariff:
    rows = []
    for place in range(draw(st.integers(0, 5))):
        currency = draw(currencies)
        free = draw(st.none() | st.integers(1, 10**8))
        rows.append(
            Row(
                f"way-{place}", f"Way {place}", "soon", draw(vat), frozenset(draw(st.sets(st.sampled_from(COUNTRIES)))),
                Money(draw(st.integers(0, 10**5)), currency), Money(free, currency) if free else None,
            )
        )  # fmt: skip
    return Tariff(rows)


@st.composite
def wishes(draw):
    currency = draw(currencies)
    chosen = draw(st.none() | st.sampled_from([f"way-{place}" for place in range(6)]))
    return draw(carts(currency)), draw(tariffs()), draw(st.sampled_from(COUNTRIES)), chosen


def worth(cart: PricedCart, *kinds: ProductKind) -> int:
    return sum(line.unit.amount * line.quantity for line in cart.lines if line.unit and line.ware.kind in kinds)


@given(wishes())
def test_the_total_is_the_goods_and_what_the_chosen_delivery_costs(wish):
    cart, tariff, country, chosen = wish
    quote = quotes.of(cart, tariff, country, chosen)
    parcel = worth(cart, ProductKind.PHYSICAL)
    fitting = [row for row in tariff.rows if country in row.countries and row.price.currency == cart.currency]
    if not any(line.ware.kind == ProductKind.PHYSICAL for line in cart.lines):
        fitting = []
    assert [offer.code for offer in quote.offers] == [row.code for row in fitting]
    taken = next((row for row in fitting if chosen in (None, row.code)), None)
    assert (quote.chosen.code if quote.chosen else None) == (taken.code if taken else None)
    free = taken is not None and taken.free_from is not None and parcel >= taken.free_from.amount
    delivery = taken.price.amount if taken and not free else 0
    assert quote.total == Money(worth(cart, *ProductKind) + delivery, cart.currency)


@given(wishes())
def test_only_what_arrives_whole_can_be_ordered(wish):
    cart, tariff, country, chosen = wish
    quote = quotes.of(cart, tariff, country, chosen)
    shipped = any(line.ware.kind == ProductKind.PHYSICAL for line in cart.lines)
    everything = bool(cart.lines) and all(line.unit is not None for line in cart.lines)
    welcome = all(not line.ware.sold_in or country in line.ware.sold_in.split() for line in cart.lines)
    arrives = quote.chosen is not None or not shipped
    assert quote.can_be_ordered == (everything and welcome and arrives and quote.total.amount > 0)


@given(wishes())
def test_the_lines_of_the_order_add_up_to_what_was_shown_and_so_does_their_vat(wish):
    cart, tariff, country, chosen = wish
    quote = quotes.of(cart, tariff, country, chosen)
    lines = quotes.lines(quote, SELLER)
    assert total([line.unit * line.quantity for line in lines], cart.currency) == quote.total
    assert [line.kind for line in lines].count(LineKind.DELIVERY) == int(bool(quote.chosen and quote.chosen.price))
    for line in lines:
        assert line.rate == rate("DE", "standard" if line.rate.hundredths == 1900 else "reduced", date(2026, 1, 1))
    of_ware = {line.ware.id: line for line in cart.lines}
    assert {line.variant_id for line in lines} - {None} == {
        key for key, line in of_ware.items() if line.unit is not None
    }
    parts = [GrossLine(line.unit * line.quantity, Category(line.rate.category, line.rate.hundredths)) for line in lines]
    if parts:
        papers = break_down(parts, cart.currency)
        assert papers.gross == papers.net + papers.vat == quote.total


@given(wishes(), st.integers(1, 50))
def test_a_download_or_a_visit_changes_no_price_of_delivery(wish, pieces):
    cart, tariff, country, chosen = wish
    ware = Ware(99, "var_99", "W-99", "", True, 99, "w-99", "More", ProductKind.DIGITAL, "standard", True, "")
    line = PricedLine(ware, pieces, Money(10**6, cart.currency))
    before = quotes.of(cart, tariff, country, chosen)
    after = quotes.of(PricedCart(1, "chk", [*cart.lines, line], cart.currency), tariff, country, chosen)
    assert after.offers == before.offers
    assert after.total - before.total == line.total
