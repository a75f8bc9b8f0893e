"""What the tests of kept cards do, and look at."""

from urllib.parse import urlsplit

from sqlalchemy import select

from backoffice.models import PaymentMethod
from integrations.sandbox.cards import BY_LAST4
from tests.support.shop import hidden

PAGE = "/account/payment-methods"


def goes(buyer, path: str = f"{PAGE}/add", **pressed: str):
    """Press a button of the page; the provider's answer."""
    form = hidden(buyer.client.get(PAGE).text, "request_key")
    return buyer.client.post(path, data={**form, **pressed})


def enters(shop, location: str, last4: str = "4242") -> str:
    """At the provider; the address it leads back to."""
    setup = location.rpartition("/")[2]
    shop.clock.forward(seconds=5)
    assert shop.provider.books.methods.enter(setup, BY_LAST4[last4])
    return urlsplit(shop.provider.books.methods.setup(setup)["return_url"]).path


def keeps(shop, buyer, last4: str = "4242", **pressed: str) -> PaymentMethod:
    back = enters(shop, goes(buyer, **pressed).location, last4)
    buyer.client.get(back)
    shop.works()
    return shop.all(select(PaymentMethod).order_by(PaymentMethod.id.desc()))[0]


def states(shop) -> list[str]:
    return [f"{row.last4} {row.state}" for row in shop.all(select(PaymentMethod).order_by(PaymentMethod.id))]
