"""What a product's page offers to choose: variants by their options, its pictures, and what stands beside it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.catalog.service import ProductData, VariantData
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.money import Money
from backoffice.stock import service as stock
from storefront.options import Choice, offered
from tests.support.shop import LEVEL, product_path


def choice(number: int, *values: str) -> Choice:
    label = ", ".join(values)
    return Choice(
        number, f"var_{number}", f"S-{number}", label, values, Money(100, "EUR"), f"/products/x?variant=S-{number}"
    )


def rows(names, choices, chosen):
    return {
        option.name: [(pick.label, pick.choice.sku, pick.is_chosen) for pick in option.picks]
        for option in offered(names, choices, chosen)
    }


def test_one_option_is_one_row_and_one_variant_is_none():
    short, long = choice(1, "30 cm"), choice(2, "60 cm")
    assert rows(["Length"], [short, long], long) == {"Length": [("30 cm", "S-1", False), ("60 cm", "S-2", True)]}
    assert rows(["Length"], [short], short) == {}
    assert rows(["Length"], [], None) == {}


def test_several_options_are_chosen_one_by_one_and_lead_to_the_nearest_variant():
    oak, brass, long_oak = choice(1, "30 cm", "oak"), choice(2, "30 cm", "brass"), choice(3, "60 cm", "oak")
    assert rows(["Length", "Body"], [oak, brass, long_oak], brass) == {
        "Length": [("30 cm", "S-2", True), ("60 cm", "S-3", False)],  # there is no long one of brass
        "Body": [("oak", "S-1", False), ("brass", "S-2", True)],
    }


def test_values_that_were_not_given_option_by_option_are_one_row():
    assert rows(["Length", "Body"], [choice(1, "30 cm, oak"), choice(2, "60 cm, oak")], choice(1, "30 cm, oak")) == {
        "Length, Body": [("30 cm, oak", "S-1", False), ("60 cm, oak", "S-2", False)]
    }


VALUES = st.sampled_from("abc")


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=2, max_size=12, unique=True), st.data())
def test_every_variant_can_be_reached_from_every_other(combinations, data):
    """By choosing its values one after the other, in any order, at most twice each: the nearest variant keeps what was chosen
    where it can."""
    choices = [choice(number, *values) for number, values in enumerate(combinations)]
    at, goal = data.draw(st.sampled_from(choices)), data.draw(st.sampled_from(choices))
    for _ in range(2):
        for place in range(3):
            picks = offered(["1", "2", "3"], choices, at)[place].picks
            assert [pick.label for pick in picks if pick.is_chosen] == [at.values[place]]
            assert len({pick.label for pick in picks}) == len(picks)
            at = next(pick.choice for pick in picks if pick.label == goal.values[place])
            assert at.values[place] == goal.values[place]


def test_a_product_with_two_options_is_bought_in_the_combination_that_was_chosen(shop):
    def make() -> None:
        category = catalog.create_category("frames", "Frames", "Around something.", 9, by=SYSTEM)
        data = ProductData(
            slug="frame", name="Frame", summary="A frame.", vat_class="standard", options=["Size", "Wood"],
            variants=[VariantData(f"F-{size}-{wood}", (size, wood)) for size in ("A4", "A5") for wood in ("oak", "ash")],
        )  # fmt: skip
        product = catalog.create(category, data, by=SYSTEM)
        for variant in product.variants:
            pricing.set_price(variant, pricing.list_in("EUR"), Money(4_000, "EUR"), by=SYSTEM)
            if variant.sku != "F-A5-ash":
                stock.receive(variant.id, 3, by=SYSTEM, reason="made")
        catalog.publish(product, by=SYSTEM)

    units.write(make)
    page = shop.app.test_client().get("/products/frame?variant=F-A4-ash").text
    assert re.findall(r'id="option-\d">([^<]+)', page) == ["Size", "Wood"]
    assert re.findall(r'variant=([\w-]+)" class="(\w*)"( aria-current="true")?', page) == [
        ("F-A4-ash", "", ' aria-current="true"'),
        ("F-A5-ash", "gone", ""),
        ("F-A4-oak", "", ""),
        ("F-A4-ash", "", ' aria-current="true"'),
    ]


def test_what_stands_beside_says_when_it_is_sold_out(shop):
    client = shop.app.test_client()
    path = product_path(LEVEL)

    def beside() -> dict[str, bool]:
        part = client.get(path).text.partition('id="beside"')[2]
        return {card.split('"')[0]: "sold out" in card for card in part.split("/products/")[1:]}

    assert set(beside().values()) == {False}
    with units.read():
        bob = next(item for item in catalog.by_slug("plumb-bob-brass").variants if item.is_sold)
        others = [item.id for item in bob.product.variants]
    for variant_id in others:
        units.write(lambda variant_id=variant_id: stock.correct(variant_id, 0, by=SYSTEM, reason="counted"))
    assert {slug for slug, gone in beside().items() if gone} == {"plumb-bob-brass"}
