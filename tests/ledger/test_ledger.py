"""The books: every fact is posted once, in its own unit, in balance; what was sold before the ledger came is in it too."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.app import schema
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.invoices import crediting
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account, EntryKind, LedgerEntry
from backoffice.ledger.service import Unbalanced
from backoffice.models import Invoice, Payment
from backoffice.tax.arithmetic import Category, CategoryTotal
from tests.support.consistency import problems
from tests.support.shop import paid


def eur(cents: int) -> Money:
    return Money(cents, "EUR")


def sold(shop, quantity: int = 1):
    buyer = shop.buyer()
    buyer.fills_cart(quantity)
    return paid(shop, buyer)


def balances() -> dict[str, int]:
    with units.read():
        return {str(row.account): row.balance.amount for rows in ledger.trial_balance().values() for row in rows}


def test_a_sale_is_money_at_the_provider_revenue_and_tax(shop):
    sold(shop)
    assert balances() == {
        "clearing": 12_900, "receivable": 0, "customer_money": 0, "tax_payable": -2_060, "revenue": -10_840,
    }  # fmt: skip
    assert problems() == []


def test_a_refund_takes_revenue_and_tax_back(shop):
    shop.refunds(sold(shop))
    assert {name: amount for name, amount in balances().items() if amount} == {"revenue": -10_840, "refunds": 10_840}
    assert problems() == []


def test_a_refund_that_came_back_is_owed_until_it_is_sent_again(shop):
    sale = sold(shop)
    shop.provider.switch(refunds="fails_later")
    shop.refunds(sale)
    shop.minutes_pass(2)
    assert balances()["refunds_payable"] == -12_900
    assert balances()["clearing"] == 12_900
    shop.provider.switch(refunds="")
    shop.refunds(sale)
    assert balances()["refunds_payable"] == balances()["clearing"] == 0
    assert problems() == []


def test_money_that_pays_no_invoice_is_owed_to_its_customer(shop):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=13_900)
    shop.works()
    assert balances()["customer_money"] == -1_000
    shop.refunds(sale, 1_500)
    assert balances()["customer_money"] == 0
    assert balances()["refunds"] + 80 == 500  # net of the 5.00 that were part of the invoice
    assert problems() == []


def test_a_part_that_came_is_owed_until_somebody_decides(shop):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=10_000)
    shop.works()
    assert balances() == {"clearing": 10_000, "customer_money": -10_000}
    shop.refunds(sale)
    assert set(balances().values()) == {0}


def test_an_entry_that_does_not_balance_is_refused(shop):
    sale = sold(shop)

    def post():
        payment = session.scalars(select(Payment).where(Payment.ref == sale.payment_ref)).one()
        ledger.post(EntryKind.REFUND, payment, [(Account.CLEARING, eur(1)), (Account.REFUNDS, eur(-2))])

    with pytest.raises(Unbalanced):
        units.write(post)


def test_a_fact_is_posted_once(shop):
    sale = sold(shop)

    def post():
        invoice = session.scalars(select(Invoice)).one()
        ledger.post(EntryKind.INVOICE_PAID, invoice, [(Account.CLEARING, eur(1)), (Account.REFUNDS, eur(-1))])

    with pytest.raises(IntegrityError):
        units.write(post)
    assert shop.order(sale).state == "paid"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_was_sold_and_given_back_before_is_posted_when_the_ledger_comes(shop):
    first = sold(shop, 3)
    shop.refunds(first, 1_000)
    shop.provider.switch(refunds="fails_later")
    shop.refunds(first, 2_000)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="")
    shop.refunds(first, 2_000)
    late = shop.buyer("eve@example.org").orders()
    shop.pays(late, captured=13_900)
    shop.works()
    shop.refunds(late, 1_000)

    def entries():
        with units.read():
            return {
                entry.key: sorted((posting.account, posting.amount) for posting in entry.postings)
                for entry in session.scalars(select(LedgerEntry))
            }

    lived = entries()
    schema.attach(shop.app)
    downgrade(revision="0009")
    upgrade()
    carried = entries()
    assert lived == carried
    assert problems() == []


def test_notes_credit_what_was_invoiced_in_whatever_parts():
    """However a category is cut, its notes sum to its VAT and never go beyond."""
    invoiced = CategoryTotal(Category("S", 1900), eur(84), eur(16))
    credited, vat = 0, 0
    for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 34):
        balance = crediting.Balance(invoiced, eur(credited))
        (made,) = crediting.credit({invoiced.category: eur(part)}, [balance])
        credited, vat = credited + part, vat + made.vat.amount
        assert made.gross == eur(part)
        assert 0 <= vat <= 16
    assert (credited, vat) == (100, 16)
