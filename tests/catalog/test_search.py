"""Search and shelves: folded words, prefixes, misspellings; pages by key that neither skip nor repeat."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.catalog import pricing, search, shelves
from backoffice.catalog import service as catalog
from backoffice.catalog.richtext import clean, plain
from backoffice.catalog.service import ProductData, VariantData
from backoffice.catalog.shelves import Sort, Wishes
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.folding import fold, terms
from backoffice.core.money import Money
from tests.support.shop import LEVEL


def slugs(words: str) -> list[str]:
    with units.read():
        found = search.find(words)
        price_list = pricing.list_in("EUR")
        return [row.card["slug"] for row in shelves.listings_of(found.product_ids, price_list.id)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("spirit level", "spirit-level-oak"),
        ("SPÍRIT LEV", "spirit-level-oak"),
        ("brass plumb", "plumb-bob-brass"),
        ("SL-60", "spirit-level-oak"),
        ("hygro", "hygrometer"),
        ("Weipert", "plumb-bob-brass"),
    ],
)
def test_words_find_whatever_their_case_accents_and_endings(shop, words, first):
    assert slugs(words)[0] == first


def test_what_has_every_word_is_found_and_only_where_nothing_has_what_has_some(shop):
    assert slugs("oak level") == ["spirit-level-oak"]
    with units.read():
        assert not search.find("oak level").some
        found = search.find("spirit caliper")
    assert found.some
    assert set(slugs("spirit caliper")) == {"spirit-level-oak", "vernier-caliper"}
    first, *_others = slugs("brass plumb zwieback")
    assert first == "plumb-bob-brass", "it has most of them"
    page = shop.app.test_client().get("/search?q=spirit+caliper").text
    assert "Nothing has all of “spirit caliper” in it" in page
    assert page.count('class="card"') == 2
    assert slugs("") == slugs("  … !") == []
    assert slugs("x" * 500) == []


@pytest.mark.parametrize(
    ("typed", "meant"), [("barometr", "barometer"), ("lvel", "level"), ("plub bob", "plumb bob"), ("kevel", "level")]
)
def test_a_misspelt_word_finds_what_was_meant_and_says_so(shop, typed, meant):
    with units.read():
        found, right = search.find(typed), search.find(meant)
    assert found.meant == meant
    assert list(found.product_ids) == list(right.product_ids) != []
    page = shop.app.test_client().get("/search", query_string={"q": typed}).text
    assert f"Nothing has “{typed}” in it" in page
    assert f">{meant}</a>" in page
    assert page.count('class="card"') == len(right.product_ids)


def test_a_search_keeps_to_what_may_be_spent(shop):
    browser = shop.app.test_client()

    def names(**wish: str) -> list[str]:
        return re.findall(r'class="card-name">([^<]+)', browser.get("/search", query_string=wish).text)

    everything, cheap = names(q="gift"), names(q="gift", to="50")
    assert 0 < len(cheap) < len(everything)
    assert set(cheap) < set(everything)
    with units.read():
        euro = pricing.list_in("EUR")
        found = search.find("gift", prices=search.Prices(euro.id, most=5_000))
        assert {row.from_amount <= 5_000 for row in shelves.listings_of(found.product_ids, euro.id)} == {True}
        dear = search.find("gift", prices=search.Prices(euro.id, least=5_001))
        assert {row.to_amount > 5_000 for row in shelves.listings_of(dear.product_ids, euro.id)} == {True}
    krone = shop.app.test_client()
    krone.set_cookie("currency", "DKK")
    assert 'class="card-name"' not in krone.get("/search?q=gift&to=50").text.partition("Lately off")[0]


def test_limits_of_a_search_that_leave_nothing_or_cannot_be_read_help(shop):
    browser = shop.app.test_client()
    page = browser.get("/search?q=theodolite&to=5").text
    assert "Nothing found for “theodolite” at this price" in page
    assert 'href="/search?q=theodolite"' in page
    everything = browser.get("/search?to=20").text  # no word: all that may cost so much, the cheapest first
    with units.read():
        euro = pricing.list_in("EUR")
        cheap = shelves.listings_of(search.within(search.Prices(euro.id, most=2_000)).product_ids, euro.id)
    assert [row.from_amount for row in cheap] == sorted(row.from_amount for row in cheap if row.from_amount <= 2_000)
    assert re.findall(r'class="card-name">([^<]+)', everything) == [row.card["name"] for row in cheap]
    assert "Nothing at this price" in browser.get("/search?to=0.50").text
    taken = browser.post("/currency", data={"code": "DKK", "back": "/search?q=level&to=50"}, follow_redirects=True).text
    assert "The limits of price were in EUR, so they were taken out." in taken
    browser.set_cookie("currency", "EUR")
    page = browser.get("/search?q=theodolite&to=cheap").text
    assert "“cheap” is no price" in page
    assert "Theodolite, restored" in page


def test_a_search_for_nothing_known_helps(shop):
    page = shop.app.test_client().get("/search?q=zzzzzz").text
    assert "Nothing found for “zzzzzz”" in page
    assert "Lately off the bench" in page


def test_what_has_no_price_in_a_currency_is_not_counted_among_its_hits(shop, monkeypatch):
    """A price list that holds one thing: it is found on the first page, whatever has the word and no price there."""
    monkeypatch.setattr("backoffice.catalog.search.PER_PAGE", 2)

    def open_list() -> None:
        krona = pricing.create_list("sek", "SEK", 3, by=SYSTEM)
        pricing.set_price(catalog.variant(LEVEL), krona, Money(150_000, "SEK"), by=SYSTEM)

    units.write(open_list)
    client = shop.app.test_client()
    client.post("/currency", data={"code": "SEK", "back": "/"})
    page = client.get("/search?q=level").text
    assert "Spirit level, oak" in page
    assert "page=2" not in page


@given(st.text(max_size=60))
def test_folding_is_stable_and_plain(text):
    for term in terms(text):
        assert set(term) <= set(string.ascii_lowercase + string.digits)
        assert terms(term) == [term]
    assert fold(fold(text)) == fold(text)


def test_rich_text_keeps_what_is_safe_and_nothing_else():
    dirty = '<p onclick="x()">Good <b>bold</b><script>alert(1)</script><a href="javascript:x">a</a><img src=x onerror=y></p>'
    kept = clean(dirty)
    assert kept == '<p>Good bold<a rel="noopener nofollow">a</a></p>'
    assert plain("<p>one</p><p>two</p>") == "one two"


@pytest.fixture
def full_shelf(shop):
    """A category with 61 products, many at the same price and with the same name."""

    def fill():
        category = catalog.create_category("nails", "Nails", "Many.", 9, by=SYSTEM)
        price_list = pricing.list_in("EUR")
        for number in range(61):
            data = ProductData(
                slug=f"nail-{number}", name=f"Nail {number % 7}", summary="A nail.", vat_class="standard",
                variants=[VariantData(f"N-{number}")], traits=[("Material", "steel" if number % 2 else "brass")],
            )  # fmt: skip
            product = catalog.create(category, data, by=SYSTEM)
            pricing.set_price(product.variants[0], price_list, Money(100 + number % 5, "EUR"), by=SYSTEM)
            catalog.publish(product, by=SYSTEM)
        return category.id, price_list.id

    return units.write(fill)


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_by_key_show_everything_once_and_lead_back(full_shelf, sort):
    category_id, price_list_id = full_shelf
    with units.read():
        pages, key = [], None
        while True:
            page = shelves.shelf(price_list_id, category_id, sort, Wishes({}), key)
            pages.append([row.product_id for row in page.rows])
            if not page.next:
                break
            key = page.next
        assert [len(page) for page in pages] == [24, 24, 13]
        assert len({product_id for page in pages for product_id in page}) == 61
        back = shelves.shelf(price_list_id, category_id, sort, Wishes({}), page.previous)
        assert [row.product_id for row in back.rows] == pages[1]
        assert [
            row.product_id for row in shelves.shelf(price_list_id, category_id, sort, Wishes({}), back.previous).rows
        ] == pages[0]


def test_a_shelf_is_narrowed_by_trait_and_price(full_shelf):
    category_id, price_list_id = full_shelf
    with units.read():
        brass = shelves.shelf(price_list_id, category_id, Sort.PRICE, Wishes({"Material": "brass"}), None)
        assert brass.next
        cheap = shelves.shelf(price_list_id, category_id, Sort.PRICE, Wishes({"Material": "steel"}, most=100), None)
        assert {row.from_amount for row in cheap.rows} == {100}
        dear = shelves.shelf(price_list_id, category_id, Sort.PRICE, Wishes({}, least=104), None)
        assert {row.from_amount for row in dear.rows} == {104}
        (material,) = shelves.facets(price_list_id, category_id, Wishes({}))
        assert dict(material.values) == {"brass": 31, "steel": 30}


def test_what_is_left_to_narrow_by_counts_with_the_other_wishes(full_shelf):
    category_id, price_list_id = full_shelf
    with units.read():
        (material,) = shelves.facets(price_list_id, category_id, Wishes({}, least=100, most=100))
        assert dict(material.values) == {"brass": 7, "steel": 6}, "numbers 0, 5, 10, … cost a euro"
        chosen = Wishes({"Material": "brass"}, least=100, most=100)
        assert shelves.facets(price_list_id, category_id, chosen) == [material], "a wish does not narrow itself"
        assert len(shelves.shelf(price_list_id, category_id, Sort.NAME, chosen, None).rows) == 7
        (nothing,) = shelves.facets(price_list_id, category_id, Wishes({"Material": "oak"}, most=1))
        assert nothing.values == [("oak", 0)], "a wish that finds nothing can be taken back"


def test_a_range_of_prices_finds_what_costs_so_much_and_not_what_costs_less_and_more(shop):
    """The spirit level costs 89, 129 or 179; the one of 129 becomes dearer, and one of 60 was withdrawn."""
    with units.read():
        euro = pricing.list_in("EUR")
        level = catalog.by_slug("spirit-level-oak")
        category_id = level.category_id

    def is_found(least: int, most: int) -> bool:
        with units.read():
            prices = search.Prices(euro.id, least, most)
            in_search = level.id in search.find("spirit level", prices=prices).product_ids
            assert in_search == (level.id in search.within(prices).product_ids)
            page = shelves.shelf(euro.id, category_id, Sort.NAME, Wishes({}, least, most), None)
            assert in_search == (level.id in {row.product_id for row in page.rows})
            return in_search

    assert is_found(8_900, 8_900)
    assert is_found(12_000, 13_000)
    assert is_found(17_000, 20_000)
    assert not is_found(9_000, 12_000), "there is nothing between the first and the second"

    def dearer() -> None:
        variant = catalog.variant("SL-60-OAK")
        pricing.set_price(variant, pricing.list_in("EUR"), Money(14_000, "EUR"), by=SYSTEM)

    shop.clock.forward(seconds=5)
    units.write(dearer)
    assert not is_found(12_000, 13_000), "what it cost before does not count"
    assert is_found(13_000, 14_000)


@pytest.mark.parametrize(
    "key", ["x", "1.", ".5", "9" * 40, "1.x", "-", "-1.2026-13-01", "1.2026-11-22T10:00:00", "\x00"]
)
def test_a_key_that_cannot_be_read_is_the_start(shop, key):
    client = shop.app.test_client()
    for sort in Sort:
        answer = client.get("/shop/levels", query_string={"sort": sort.value, "after": key})
        assert answer.status_code == 200
    assert client.get("/shop/levels", query_string={"from": "9" * 40, "to": "x", "t.Material": "'"}).status_code == 200
