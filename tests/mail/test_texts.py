"""Mails: readable as text too."""

from sqlalchemy import select

from backoffice.models import Mail


def test_the_parts_of_a_mail_stand_apart(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    (text,) = shop.all(select(Mail.text))
    assert "129.00\n\nIt goes to:\nAda Lovelace\n" in text
    assert "\n\n\n" not in text
