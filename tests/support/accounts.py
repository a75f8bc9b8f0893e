"""A customer's account, by HTTP: registered, entered, and what was written about it."""

import re

from sqlalchemy import select

from backoffice.core import units
from backoffice.customers import service as customers
from backoffice.models import Mail
from tests.support.shop import hidden

SENTENCE = "a short sentence"


def mails(shop, template: str) -> list[Mail]:
    shop.works()
    return shop.all(select(Mail).where(Mail.template == template).order_by(Mail.id))


def link_in(mail: Mail) -> str:
    return re.search(r"http://shop.example(/account/password/\S+)", mail.text).group(1)


def asks(client, path: str, **data: str):
    return client.post(path, data={**hidden(client.get(path).text), **data})


def registers(shop, client, email="ada@example.org") -> None:
    asks(client, "/account/register", email=email, name="Ada")
    path = link_in(mails(shop, "account_link")[-1])
    assert asks(client, path, password=SENTENCE).location == "/account"


def logs_in(client, email="ada@example.org", password=SENTENCE, **more):
    return asks(client, "/account/login", email=email, password=password, **more)


def asks_to_move(client, email: str, password: str = SENTENCE):
    return client.post(
        "/account/email", data={**hidden(client.get("/account").text), "email": email, "proof": password}
    )


def moving_link(shop) -> str:
    return re.search(r"http://shop.example(/account/email/\S+)", mails(shop, "email_proof")[-1].text).group(1)


def known(shop, name, email, phone="") -> None:
    units.write(lambda: customers.create(email, name, phone))
