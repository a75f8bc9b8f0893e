"""Links that leave the building (mails, return addresses): absolute, from BASE_URL, signed, single purpose, expiring."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache

from itsdangerous import BadSignature, URLSafeSerializer

from backoffice.core import clock
from backoffice.core.errors import NotFound
from backoffice.core.ports import settings

ORDER_LINK_LIFE = timedelta(days=400)

# What ``sign`` makes: a payload (behind a dot where it was compressed) and its signature, whatever the link is for.
_TOKEN = re.compile(r"/\.?[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}")


def absolute(path: str) -> str:
    return settings().base_url + path


def order_page(order_ref: str) -> str:
    """The customer's page of one order; whoever holds the link may read it and its papers."""
    return absolute(f"/orders/{order_token(order_ref)}")


def order_token(order_ref: str) -> str:
    return sign("order", order_ref, ORDER_LINK_LIFE)


def payment_return(payment_ref: str) -> str:
    return absolute(f"/pay/{payment_token(payment_ref)}")


def method_return(setup_ref: str) -> str:
    return absolute(f"/account/payment-methods/{setup_ref}")


def payment_token(payment_ref: str) -> str:
    return sign("payment", payment_ref, ORDER_LINK_LIFE)


def sign(purpose: str, ref: str, life: timedelta) -> str:
    return _serializer(purpose).dumps([ref, int((clock.now() + life).timestamp())])


def unsign(purpose: str, token: str) -> str:
    """The reference in a signed link. Raises NotFound for a forged, altered, expired or misused one."""
    return _read(purpose, token)[0]


def of_an_order(purpose: str, token: str) -> tuple[str, datetime]:
    """The reference in a link to an order or a payment, and when the link was made. Raises NotFound."""
    ref, expires = _read(purpose, token)
    return ref, datetime.fromtimestamp(expires, UTC) - ORDER_LINK_LIFE


def _read(purpose: str, token: str) -> tuple[str, int]:
    try:
        ref, expires = _serializer(purpose).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
    if not isinstance(ref, str) or not isinstance(expires, int) or expires < clock.now().timestamp():
        raise NotFound
    return ref, expires


def hidden(text: str) -> str:
    """A text with the tokens of its links left out: whoever reads a mail in the office must not be able to use them."""
    return _TOKEN.sub("/…", text)


def _serializer(purpose: str) -> URLSafeSerializer:
    return _made(settings().secret_key, purpose)


@cache
def _made(secret: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"counterfoil.link.{purpose}")
