"""What the scenarios of reconciliation do, and look at."""

from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.reconciliation import breaks
from backoffice.reconciliation.models import Break, Payout
from tests.support.shop import Sale, Shop


def provider_holds(shop: Shop) -> int:
    """By the provider's own books, not by what we took in of them."""
    with shop.provider.books.transaction() as db:
        return db.execute("SELECT SUM(amount - fee) FROM balance").fetchone()[0] or 0


def provider_books(shop: Shop, sale: Sale, amount: int) -> None:
    """The provider books another sum for a payment, and says nothing else of it."""
    payment = shop.payment(sale).provider_ref
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "charge", payment, payment, amount, "EUR")


def explains(shop: Shop, words: str) -> None:
    (item,) = shop.all(select(Break).where(Break.state == "open"))
    seen = breaks.sums_of(item)
    units.write(lambda: breaks.explain(breaks.by_ref(item.ref), words, seen=seen, by=SYSTEM))


def is_paid_out(shop: Shop) -> Payout:
    """What is available goes out, arrives, and is known here."""
    shop.clock.forward(days=3)
    shop.works()
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()
    (payout,) = shop.all(select(Payout))
    return payout
