"""Forms of the shop. A form that fails keeps what was typed, also when its token has expired."""

import re
import unicodedata
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, HiddenField, IntegerField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length, ValidationError

from backoffice.carts.service import MOST
from backoffice.core.cards import has_card_number
from backoffice.core.formatting import country
from backoffice.entities.service import DELIVERS_TO
from backoffice.orders.service import Contact

# The shape of a postcode by country (Universal Postal Union, addressing systems).
POSTCODES = {
    "AT": r"\d{4}", "BE": r"\d{4}", "DE": r"\d{5}", "FR": r"\d{5}", "LU": r"(L-)?\d{4}", "NL": r"\d{4} ?[A-Za-z]{2}",
}  # fmt: skip


def no_card_number(_form: FlaskForm, field: Field) -> None:
    if field.data and has_card_number(str(field.data)):
        raise ValidationError(gettext("This looks like a card number. Please never write one here."))


def _filled(what: Any) -> DataRequired:
    return DataRequired(message=what)  # after the filters: blanks are not an answer


def tidy(value: str | None) -> str | None:
    """Without blanks at the ends and without characters that nobody can see."""
    if value is None:
        return None
    return "".join(sign for sign in value if unicodedata.category(sign) not in ("Cc", "Cf")).strip()


def plausible(_form: FlaskForm, field: Field) -> None:
    """A name or a place has a letter in it, and is no web address: it ends up in mails."""
    text = str(field.data or "")
    if not any(sign.isalpha() for sign in text) or "://" in text or "www." in text.lower():
        raise ValidationError(gettext("This does not look right. Please check it."))


def _text(label: Any, missing: Any, autocomplete: str, most: int, *more: Any) -> StringField:
    return StringField(
        label,
        filters=[tidy],
        validators=[_filled(missing), Length(max=most), no_card_number, *more],
        render_kw={"autocomplete": autocomplete},
    )


def up_to_the_most(_form: FlaskForm, field: Field) -> None:
    """Like NumberRange, but not upset by a number of four hundred digits."""
    if field.data is None or not 0 <= field.data <= MOST:
        raise ValidationError(gettext("Choose a quantity between 1 and 99."))


class ShopForm(FlaskForm):
    @property
    def has_expired(self) -> bool:
        """The token was too old or missing: the page says so, and asks for one more press of the button."""
        return "csrf_token" in self.errors


class QuantityForm(ShopForm):
    """One product, so many pieces."""

    product = HiddenField(validators=[InputRequired()])
    quantity = IntegerField(
        lazy_gettext("Quantity"),
        default=1,
        validators=[up_to_the_most],
    )


class ButtonForm(ShopForm):
    """A button and nothing else."""


class CheckoutForm(ShopForm):
    email = EmailField(
        lazy_gettext("E-mail"),
        filters=[tidy],
        validators=[
            _filled(lazy_gettext("We need your e-mail address to send the confirmation.")),
            Length(max=254),
            Email(message=lazy_gettext("This does not look like an e-mail address. Is there a typo?")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email"},
    )
    name = _text(lazy_gettext("Name"), lazy_gettext("Who shall receive the parcel?"), "name", 120, plausible)
    street = _text(
        lazy_gettext("Street and number"), lazy_gettext("Where shall we send it?"), "address-line1", 120, plausible
    )
    postcode = _text(lazy_gettext("Postcode"), lazy_gettext("The postcode is missing."), "postal-code", 12)
    city = _text(lazy_gettext("Town"), lazy_gettext("The town is missing."), "address-level2", 80, plausible)
    country = SelectField(
        lazy_gettext("Country"),
        choices=[SelectChoice(value=code, label=country(code)) for code in DELIVERS_TO],
        render_kw={"autocomplete": "country"},
    )
    terms = BooleanField()
    checkout_key = HiddenField(validators=[InputRequired()])
    total = HiddenField(validators=[InputRequired()])
    terms_version = HiddenField(validators=[InputRequired()])

    def validate_postcode(self, field: StringField) -> None:
        shape = POSTCODES.get(str(self.country.data))
        if field.data and shape and not re.fullmatch(shape, field.data):
            raise ValidationError(gettext("This is not a postcode of the country chosen below."))

    def validate_terms(self, field: BooleanField) -> None:
        if not field.data:
            raise ValidationError(gettext("Please accept the terms of sale to order."))

    def contact(self) -> Contact:
        return Contact(
            email=str(self.email.data),
            name=str(self.name.data),
            street=str(self.street.data),
            postcode=str(self.postcode.data),
            city=str(self.city.data),
            country=str(self.country.data),
        )
