"""Every field of the shop in which somebody may write what they like refuses numbers of cards."""

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, HiddenField, PasswordField, StringField

from storefront import forms

SHORT = {"to_postcode", "postcode"}  # no number of a card fits into them
FORMS = [
    item
    for item in vars(forms).values()
    if isinstance(item, type) and issubclass(item, forms.ShopForm) and item is not forms.ShopForm
]
CARD = "4242 4242 4242 4242"


def free_fields(app):
    with app.test_request_context("/"):
        for kind in FORMS:
            for field in kind():
                is_free = isinstance(field, StringField) and not isinstance(
                    field, EmailField | HiddenField | PasswordField
                )
                if is_free and field.name not in SHORT:
                    yield kind, field.name


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_no_field_takes_the_number_of_a_card(app, engine_name):
    seen = set()
    for kind, name in free_fields(app):
        with app.test_request_context("/", method="POST"):
            form = kind(MultiDict({name: CARD, "elsewhere": "y"}))
            for field in (form[item] for item in ("country", "to_country") if item in form):
                field.choices = [("DE", "Germany")]
            form.validate()
            assert any("card number" in str(error) for error in form[name].errors), (kind.__name__, name)
            seen.add(name)
    assert {"name", "street", "gift_note", "phone", "words", "wish", "order_number"} <= seen
