"""A table of articles: shown before it is taken, wrong rows named, and taken whole or not at all."""

import io
import re

import pytest
from sqlalchemy import select

from backoffice.admin import imports
from backoffice.catalog import pricing
from backoffice.core import units
from backoffice.models import AuditEntry, Price, Product, StockItem, Variant
from backoffice.staff.roles import Role
from tests.support.office import post
from tests.support.shop import LEVEL, hidden, paid
from tests.support.staff import colleague

PAGE = "/admin/products/table"
HEAD = "article,name,address,category,summary,vat,EUR,DKK,counted\n"
GOOD = HEAD + f"{LEVEL},,,,,,135.00,,24\nlr-1,Line reel,line-reel,rules,Thirty metres.,standard,12.50,95.00,7\n"


@pytest.fixture
def carl(shop):
    shop.clock.forward(minutes=1)  # prices of the demo shop count from the moment before
    return colleague(shop, Role.CATALOGUE)


def state(shop) -> tuple:
    return shop.count(Product), shop.count(Price), shop.stock(), shop.count(AuditEntry)


def takes(carl, table: str, reason: str, seen: str = "") -> str:
    """Press the button below what the table would do; ``seen`` is what an older page had shown."""
    page = post(carl, f"{PAGE}/read", PAGE, table=table)
    return post(carl, f"{PAGE}/take", PAGE, table=table, reason=reason, seen=seen or shown(page))


def shown(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    return found[1] if found else ""


def price(shop, sku: str, currency: str = "EUR") -> int | None:
    variant = shop.all(select(Variant).where(Variant.sku == sku))[0]
    with units.read():
        return pricing.current([variant.id], currency).get(variant.id)


def test_a_table_is_shown_first_and_then_taken_whole(shop, carl):
    before = state(shop)
    page = post(carl, f"{PAGE}/read", PAGE, table=GOOD)
    for words in ("2 rows were read", "EUR 129.00 → 135.00; pieces 25 → 24", "new product “Line reel”, not published"):
        assert words in page, words
    assert state(shop) == before, "looking changes nothing"
    assert "2 articles were changed" in takes(carl, GOOD, "autumn list")
    assert (price(shop, LEVEL), price(shop, "LR-1"), price(shop, "LR-1", "DKK")) == (13_500, 1_250, 9_500)
    assert (shop.stock(), shop.stock("LR-1")) == ((24, 0), (7, 0))
    assert shop.all(select(Product.published).where(Product.slug == "line-reel")) == [False]
    reasons = shop.all(
        select(AuditEntry.reason).where(AuditEntry.tag.in_(["price.set", "stock.corrected", "stock.received"]))
    )
    assert reasons.count("autumn list") == 5


def test_the_same_table_twice_changes_nothing_more(shop, carl):
    table = HEAD + f"{LEVEL},,,,,,135.00,,24\n"
    old = shown(post(carl, f"{PAGE}/read", PAGE, table=table))
    takes(carl, table, "x")
    before = state(shop)
    assert "nothing" in post(carl, f"{PAGE}/read", PAGE, table=table)
    assert "0 articles were changed" in takes(carl, table, "x")
    assert "Somebody changed this since" in takes(carl, table, "x", seen=old), "pressed twice"
    assert state(shop) == before


def test_what_was_sold_since_a_table_was_looked_at_is_not_counted_back(shop, carl):
    table = f"article;counted\n{LEVEL};30\n"
    old = shown(post(carl, f"{PAGE}/read", PAGE, table=table))
    shop.buyer().orders()
    shop.minutes_pass(1)
    buyer = shop.buyer()
    buyer.fills_cart()
    paid(shop, buyer)
    before = state(shop)
    page = takes(carl, table, "counted", seen=old)
    assert "Somebody changed this since" in page
    assert "pieces 24 → 30" in page, "what it would do now stands there, to be decided anew"
    assert state(shop) == before
    assert "1 articles were changed" in takes(carl, table, "counted")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("NOPE,,,,,,1.00,,", "nobody knows this article"),
        (f"{LEVEL},Another name,,,,,1.00,,", "the article exists; leave name empty"),
        (f"{LEVEL},,,,,,12.345,,", "is not an amount in EUR"),
        (f"{LEVEL},,,,,,-1.00,,", "nothing or more"),
        (f"{LEVEL},,,,,,,,two", "is no number of pieces"),
        ("LR-1,Reel,line-reel,nowhere,Thirty.,standard,1.00,,", "there is no category"),
        ("LR-1,Reel,Line Reel,rules,Thirty.,standard,1.00,,", "small letters, digits"),
        ("LR-1,Reel,line-reel,rules,Thirty.,none,1.00,,", "there is no VAT rate"),
        ("a b,Reel,line-reel,rules,Thirty.,standard,1.00,,", "article number holds"),
        (f"{LEVEL},,,,,,130.00,,\n{LEVEL},,,,,,131.00,,", "stands above already"),
        (f"{LEVEL},,,,,,135,50,1000,00", "it has 10 cells, and the first line 9"),
    ],
)
def test_wrong_rows_are_named_and_nothing_is_taken(shop, carl, row, words):
    table = HEAD + f"PB-300-BRASS,,,,,,,,\n{row}\n"
    before = state(shop)
    page = post(carl, f"{PAGE}/read", PAGE, table=table)
    assert words in page
    assert "Take all of it" not in page
    with units.read():
        seen = imports.as_seen(imports.look_through(table))
    page = takes(carl, table, "x", seen=seen)
    assert "have problems, so nothing was taken" in page
    assert state(shop) == before


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "no column “article”"), ("article\n", "0 rows"), ("sku,price\nx,1\n", "no column “article”"),
        ("article,colour\nx,red\n", "colour"), (f"article,EUR,EUR\n{LEVEL},129,1\n", "“EUR” twice"),
        ("article,summary\nx,4242 4242 4242 4242\n", "card number"), ('article\n"x', "cannot be read"),
        ("article\n" + "x\n" * 2_001, "2,001 rows"), ("article\n" + "x" * 500_001, "longer than"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_and_stays(shop, carl, table, words):
    for step in ("read", "take"):
        page = post(carl, f"{PAGE}/{step}", PAGE, table=table, reason="new prices")
        assert words in page
        assert "Take all of it" not in page
        assert 'name="table"' in page, "the table is still there to be mended"


def test_two_rows_that_want_one_address_are_taken_neither(shop, carl):
    rows = "".join(f"LR-{n},Reel,line-reel,rules,Thirty.,standard,1.00,,\n" for n in (1, 2))
    before = state(shop)
    assert "this address stands above already" in takes(carl, HEAD + rows, "x")
    without = rows.replace("line-reel", "")
    assert "stands above already" not in takes(carl, HEAD + without, "x"), "two that lack one do not have the same"
    assert state(shop) == before


def test_what_does_not_fit_is_named_with_its_row_before_anything_is_taken(shop, carl):
    rows = (
        f"{LEVEL},,,,,,10000001,,\n"
        f"LR-1,{'x' * 121},line-reel,rules,Thirty.,standard,1.00,,\n"
        f"LR-2,Reel,line-reel-2,rules,{'y' * 1_001},standard,1.00,,\n"
    )
    page = post(carl, f"{PAGE}/read", PAGE, table=HEAD + rows)
    assert "is there a digit too many?" in page
    assert "name has 121 letters, and at most 120 fit" in page
    assert "summary has 1,001 letters, and at most 1,000 fit" in page
    assert "Take all of it" not in page


def test_a_count_below_what_is_held_is_named(shop, carl):
    shop.buyer().orders(quantity=3)
    page = post(carl, f"{PAGE}/read", PAGE, table=f"article;counted\n{LEVEL};2\n")
    assert "3 pieces are held" in page


def test_a_file_from_a_spreadsheet_is_read(shop, carl):
    sent = {
        **hidden(carl.get(PAGE).text),
        "file": (io.BytesIO(f"\ufeffarticle;EUR\r\n{LEVEL};140.00\r\n".encode()), "prices.csv"),
    }
    page = carl.post(f"{PAGE}/read", data=sent).text
    assert "EUR 129.00 → 140.00" in page
    assert shop.all(select(StockItem.on_hand).limit(1))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_file_keeps_its_umlauts_whatever_wrote_it(shop, carl, encoding):
    table = HEAD + "WW-1,Wasserwaage groß,wasserwaage,rules,Für Könner.,standard,1.00,,\n"
    sent = {**hidden(carl.get(PAGE).text), "file": (io.BytesIO(table.encode(encoding)), "new.csv")}
    assert "new product “Wasserwaage groß”" in carl.post(f"{PAGE}/read", data=sent).text


def test_a_file_that_is_no_text_is_refused(shop, carl):
    sent = {**hidden(carl.get(PAGE).text), "file": (io.BytesIO(b"PK\x81\x8d\x90"), "new.xlsx")}
    answer = carl.post(f"{PAGE}/read", data=sent)
    assert (answer.status_code, "it is no text" in answer.text) == (422, True)


def test_empty_cells_behind_the_last_column_are_nothing(shop, carl):
    assert "EUR 129.00 → 131.00" in post(carl, f"{PAGE}/read", PAGE, table=f"article,EUR\n{LEVEL},131.00,,\n")
