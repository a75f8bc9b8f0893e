"""What a first customer does, done once before the workers are forked and taken back: what it compiles, loads and builds is
made for all of them."""

import contextlib
import re
from urllib.parse import urlsplit

import structlog
from flask import Flask
from flask.testing import FlaskClient

from backoffice.carts import service as carts
from backoffice.catalog import display
from backoffice.checkout import service as checkout
from backoffice.checkout.service import Wish
from backoffice.core import links, units
from backoffice.core.db import connection, db
from backoffice.core.money import Money
from backoffice.core.ports import EXTENSION
from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.orders.service import Contact
from backoffice.stock.service import SoldOut
from storefront.blueprint import CART_COOKIE

log = structlog.get_logger(__name__)

PAGES = ("/search?q=level", "/cart", "/account/login", "/admin/login")
HOME = "/"
SHELF = re.compile(r'href="?(/shop/[\w-]+)')
PRODUCT = re.compile(r'href="?(/products/[\w-]+)')
VARIANT = re.compile(r'name="?variant"? value="?([\w-]+)')
FIELD = re.compile(r'name="?(\w+)"?[^>]*?value="([^"]*)')
MOST_TRIED = 20  # products of the home page: the first may be sold out


def run(app: Flask) -> bool:
    """Ask for the pages that everybody sees, and order something without ever committing it: nobody is asked, nothing is held,
    and all that stays is a gap in the numbers of orders. True if there was an order.

    A database that is not there yet, or has nothing to sell, costs nothing but this."""
    base = app.extensions[EXTENSION].settings.base_url
    client = FlaskClient(app)  # its requests run in our context, so inside our unit
    try:
        with app.app_context(), units.read():
            connection()  # one that is not there is said once, not by every page
        home = client.get(HOME, base_url=base).text
        for path in (*SHELF.findall(home)[:1], *PAGES):
            client.get(path, base_url=base)
        return any(_ordered(app, client, base, path) for path in PRODUCT.findall(home)[:MOST_TRIED])
    except Exception as error:
        log.warning("nothing was rehearsed", error=repr(error)[:200])
        return False
    finally:
        with app.app_context():
            db.engine.dispose()  # a connection is of one process


def _ordered(app: Flask, client: FlaskClient, base: str, product: str) -> bool:
    variant = VARIANT.search(client.get(product, base_url=base).text)
    if variant is None:
        return False
    ref = variant[1]
    with app.app_context(), units.rehearsing(), contextlib.suppress(checkout.CartChanged, SoldOut):
        # one unit: its pages see what it wrote; one attempt: no start waits long for somebody's lock
        units.write(lambda: _order(client, base, ref), attempts=1)
        return True
    return False


def _order(client: FlaskClient, base: str, variant: str) -> None:
    token = carts.new_token()
    carts.add(carts.create(token), display.for_sale(variant).id, 1)
    client.set_cookie(CART_COOKIE, token, domain=str(urlsplit(base).hostname))
    client.get("/cart", base_url=base)
    page = client.get("/checkout", base_url=base).text
    shown = dict(reversed(FIELD.findall(page)))  # of ways of delivery the first, as chosen
    client.post("/checkout", base_url=base)  # refused, with all its errors: the form has no token
    seller, _terms = entities.selling(LegalKind.TERMS)
    placed = checkout.enter(
        token,
        Wish(
            checkout_key=shown["checkout_key"],
            total=Money.parse(shown["total"], shown["currency"]),
            terms_version=int(shown["terms_version"]),
            terms_accepted=True,
            contact=Contact(
                "Nobody", seller.street, seller.postcode, seller.city, seller.country, "nobody@example.invalid"
            ),
            delivery_code=shown.get("delivery", ""),
        ),
    )
    client.get(f"/orders/{links.order_token(placed.order_ref)}", base_url=base)
