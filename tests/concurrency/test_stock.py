"""Many who want the last pieces, at once and on both engines: as many get one as there are, the others a sentence, and nobody
more than there is."""

import pytest
from sqlalchemy import func, select

from backoffice.checkout import service as checkout
from backoffice.models import Order, StockItem, StockMovement
from backoffice.stock.service import SoldOut
from tests.concurrency.test_mariadb import filled_cart, set_stock
from tests.support.at_once import at_once


@pytest.mark.parametrize(("buyers", "pieces"), [(2, 1), (20, 5)])
def test_as_many_get_one_as_there_are(shop, buyers, pieces):
    set_stock(pieces)
    carts = [filled_cart(shop, f"buyer{number}@example.org") for number in range(buyers)]
    results = at_once(shop.app, *(lambda c=cart: checkout.place(*c) for cart in carts))
    errors = [result for result in results if isinstance(result, Exception)]
    assert {type(error) for error in errors} == {SoldOut}
    assert len(errors) == buyers - pieces
    assert shop.stock() == (pieces, pieces)
    assert shop.count(Order) == pieces
    assert len(shop.provider.payments()) == pieces
    held = select(func.sum(StockMovement.held_change)).join(StockItem, StockItem.id == StockMovement.item_id)
    assert shop.all(held) == [pieces]
