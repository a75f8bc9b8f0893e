"""The books: every fact is posted once, in its own unit, in balance; what was sold before the ledger came is in it too."""

import pytest
from flask_migrate import downgrade, upgrade
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.app import schema
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.invoices import crediting
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account, EntryKind, LedgerEntry
from backoffice.ledger.service import Unbalanced
from backoffice.models import CreditNote, Invoice, Payment
from backoffice.refunds import service as refunds
from backoffice.refunds.debts import NotOwed
from backoffice.tax.arithmetic import Category, CategoryTotal, net_of
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


def test_what_was_overpaid_and_came_back_is_not_credited_by_the_refund_after_it(shop):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=13_000)
    shop.works()
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 5_000)
    shop.minutes_pass(2)
    assert (balances()["customer_money"], balances()["refunds_payable"]) == (-100, -4_900)
    shop.provider.switch(refunds="")
    shop.refunds(sale, 100)  # the overpaid part goes back first, and is not the lost one's any more
    with pytest.raises(NotOwed):
        refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    shop.refunds(sale, 12_900)
    assert sum(note.gross_amount for note in shop.all(select(CreditNote))) == 12_900
    assert balances()["customer_money"] == balances()["refunds_payable"] == balances()["clearing"] == 0
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
    lost = shop.refunds(first, 2_000)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="")
    shop.refunds(first, 3_000)
    refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
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


@given(
    gross=st.integers(1, 50_000),
    rate=st.sampled_from([0, 700, 1_900, 2_500]),
    cuts=st.lists(st.integers(1, 9_000), max_size=30),
)
def test_notes_credit_what_was_invoiced_in_whatever_parts(gross, rate, cuts):
    """However a category is cut, its notes sum to its VAT, none is below zero, and each is right to a minor unit or two."""
    net = net_of(eur(gross), rate)
    invoiced = CategoryTotal(Category("S", rate), net, eur(gross) - net)
    credited, vat, parts = 0, 0, []
    for cut in [*cuts, gross]:
        part = min(cut, gross - credited)
        if part:
            parts.append(part)
            balance = crediting.Balance(invoiced, eur(credited), eur(vat))
            (made,) = crediting.credit({invoiced.category: eur(part)}, [balance])
            assert made.gross == eur(part)
            assert made.net.amount >= 0
            assert made.vat.amount >= 0
            own = part - net_of(eur(part), rate).amount
            assert abs(made.vat.amount - own) <= 2
            credited, vat = credited + part, vat + made.vat.amount
    assert (credited, vat) == (gross, invoiced.vat.amount)


def test_one_part_is_rounded_at_its_own_rate():
    net = net_of(eur(12_900), 1_900)
    invoiced = CategoryTotal(Category("S", 1_900), net, eur(12_900) - net)
    for part in (59, 28, 1_000, 4_321):
        (made,) = crediting.credit({invoiced.category: eur(part)}, [crediting.Balance(invoiced, eur(0), eur(0))])
        assert made.net == net_of(eur(part), 1_900)


def test_what_goes_beyond_is_refused():
    invoiced = CategoryTotal(Category("S", 1_900), eur(84), eur(16))
    balance = crediting.Balance(invoiced, eur(60), eur(10))
    with pytest.raises(crediting.CreditTooHigh):
        crediting.credit({invoiced.category: eur(41)}, [balance])
    with pytest.raises(crediting.CreditTooHigh):
        crediting.spread(eur(41), [balance])
