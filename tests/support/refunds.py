"""What the scenarios of refunds begin with, and look at."""

from sqlalchemy import select

from backoffice.models import CreditNote
from tests.support.shop import Buyer, Sale, Shop, paid


def bought(buyer: Buyer, quantity: int = 1) -> Sale:
    buyer.fills_cart(quantity)
    return paid(buyer.shop, buyer)


def given_back(shop: Shop) -> int:
    """What the provider's own books say has left."""
    return sum(item["refunded"] for item in shop.provider.payments())


def notes(shop: Shop) -> list[tuple[str, int, int]]:
    return [
        (note.number, note.gross_amount, note.vat_amount)
        for note in shop.all(select(CreditNote).order_by(CreditNote.id))
    ]
