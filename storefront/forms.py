"""Forms of the shop. A form that fails keeps what was typed, also when its token has expired."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, StopValidation, ValidationError

from backoffice.carts.service import MOST
from backoffice.core.cards import has_card_number
from backoffice.core.formatting import country
from backoffice.customers.models import Address
from backoffice.orders.service import Contact

# The shape of a postcode by country (Universal Postal Union, addressing systems).
POSTCODES = {
    "AT": r"\d{4}", "BE": r"\d{4}", "DE": r"\d{5}", "DK": r"\d{4}", "FR": r"\d{5}", "LU": r"(L-)?\d{4}",
    "NL": r"\d{4} ?[A-Za-z]{2}", "PL": r"\d{2}-\d{3}", "SE": r"\d{3} ?\d{2}",
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


def tidy_lines(value: str | None) -> str | None:
    """Like tidy, for text of several lines."""
    return "\n".join(tidy(line) or "" for line in value.splitlines()).strip() if value else value


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
    """One variant, so many pieces."""

    variant = HiddenField(validators=[InputRequired()])
    quantity = IntegerField(
        lazy_gettext("Quantity"),
        default=1,
        validators=[up_to_the_most],
    )


class ButtonForm(ShopForm):
    """A button and nothing else."""


def fits_country(form: FlaskForm, field: StringField, prefix: str = "") -> None:
    """The postcode has the shape of its country, where we know it."""
    shape = POSTCODES.get(str(form[f"{prefix}country"].data))
    if field.data and shape and not re.fullmatch(shape, field.data):
        raise ValidationError(gettext("This is not a postcode of the country chosen below."))


def country_choices(codes: Sequence[str]) -> list[SelectChoice]:
    return sorted(
        (SelectChoice(value=code, label=country(code)) for code in codes), key=lambda choice: str(choice.label)
    )


class OnlyIf:
    """Ask for the field only when another one is ticked; else whatever it holds is left alone."""

    field_flags = {"optional": True}

    def __init__(self, other: str) -> None:
        self.other = other

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if not form[self.other].data:
            field.errors = []
            raise StopValidation


def _gift_text(label: Any, missing: Any, autocomplete: str, most: int, *more: Any) -> StringField:
    field = _text(label, missing, f"shipping {autocomplete}", most, *more)
    field.kwargs["validators"] = [OnlyIf("elsewhere"), *field.kwargs["validators"]]
    return field


class CheckoutForm(ShopForm):
    """Who buys, where it goes, how, and what was agreed to. Countries and deliveries are filled in by the page."""

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
    name = _text(lazy_gettext("Name"), lazy_gettext("What is your name?"), "name", 120, plausible)
    street = _text(
        lazy_gettext("Street and number"), lazy_gettext("The street is missing."), "address-line1", 120, plausible
    )
    postcode = _text(lazy_gettext("Postcode"), lazy_gettext("The postcode is missing."), "postal-code", 12)
    city = _text(lazy_gettext("Town"), lazy_gettext("The town is missing."), "address-level2", 80, plausible)
    country = SelectField(lazy_gettext("Country"), choices=[], render_kw={"autocomplete": "country"})
    elsewhere = BooleanField(lazy_gettext("Send it to another address"))
    to_name = _gift_text(lazy_gettext("Name"), lazy_gettext("Who shall receive the parcel?"), "name", 120, plausible)
    to_street = _gift_text(
        lazy_gettext("Street and number"),
        lazy_gettext("The street of the other address is missing."),
        "address-line1",
        120,
        plausible,
    )
    to_postcode = _gift_text(
        lazy_gettext("Postcode"), lazy_gettext("The postcode of the other address is missing."), "postal-code", 12
    )
    to_city = _gift_text(
        lazy_gettext("Town"), lazy_gettext("The town of the other address is missing."), "address-level2", 80, plausible
    )
    to_country = SelectField(
        lazy_gettext("Country"),
        choices=[],
        validators=[OnlyIf("elsewhere")],
        render_kw={"autocomplete": "shipping country"},
    )
    gift_note = StringField(
        lazy_gettext("A line for the card"),
        filters=[tidy],
        validators=[Length(max=200), no_card_number],
        render_kw={"autocomplete": "off"},
    )
    delivery = HiddenField()  # drawn as radio buttons by the page
    keep_address = BooleanField(lazy_gettext("Keep this address for the next order"))
    terms = BooleanField()
    checkout_key = HiddenField(validators=[InputRequired()])
    total = HiddenField(validators=[InputRequired()])
    currency = HiddenField(validators=[InputRequired()])
    terms_version = HiddenField(validators=[InputRequired()])

    def validate_postcode(self, field: StringField) -> None:
        fits_country(self, field)

    def validate_to_postcode(self, field: StringField) -> None:
        if self.elsewhere.data:
            fits_country(self, field, "to_")

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

    def deliver_to(self) -> Address | None:
        """Where it goes, when that is not where the buyer lives."""
        if not self.elsewhere.data:
            return None
        return Address(
            name=str(self.to_name.data),
            street=str(self.to_street.data),
            postcode=str(self.to_postcode.data),
            city=str(self.to_city.data),
            country=str(self.to_country.data),
        )

    def destination_country(self) -> str:
        return str((self.to_country if self.elsewhere.data else self.country).data or "")


def _email() -> EmailField:
    return EmailField(
        lazy_gettext("E-mail"),
        filters=[tidy],
        validators=[
            _filled(lazy_gettext("Which address?")),
            Length(max=254),
            Email(message=lazy_gettext("This does not look like an e-mail address. Is there a typo?")),
        ],
        render_kw={"autocomplete": "username", "inputmode": "email"},
    )


def _password(label: Any, autocomplete: str, hint: Any) -> PasswordField:
    return PasswordField(
        label, validators=[InputRequired(message=hint), Length(max=200)], render_kw={"autocomplete": autocomplete}
    )


class LoginForm(ShopForm):
    email = _email()
    password = _password(lazy_gettext("Password"), "current-password", lazy_gettext("The password is missing."))
    next = HiddenField()


class RegisterForm(ShopForm):
    name = _text(lazy_gettext("Name"), lazy_gettext("What is your name?"), "name", 120, plausible)
    email = _email()


class ForgotForm(ShopForm):
    email = _email()


class NewPasswordForm(ShopForm):
    password = _password(lazy_gettext("Password"), "new-password", lazy_gettext("Choose a password."))


class ChangePasswordForm(ShopForm):
    old = _password(
        lazy_gettext("Present password"), "current-password", lazy_gettext("Your present password is missing.")
    )
    password = _password(lazy_gettext("New password"), "new-password", lazy_gettext("Choose a password."))


class NameForm(ShopForm):
    name = _text(lazy_gettext("Name"), lazy_gettext("What is your name?"), "name", 120, plausible)


class AddressForm(ShopForm):
    name = _text(lazy_gettext("Name"), lazy_gettext("Whose address is it?"), "name", 120, plausible)
    street = _text(
        lazy_gettext("Street and number"), lazy_gettext("The street is missing."), "address-line1", 120, plausible
    )
    postcode = _text(lazy_gettext("Postcode"), lazy_gettext("The postcode is missing."), "postal-code", 12)
    city = _text(lazy_gettext("Town"), lazy_gettext("The town is missing."), "address-level2", 80, plausible)
    country = SelectField(lazy_gettext("Country"), choices=[], render_kw={"autocomplete": "country"})

    def validate_postcode(self, field: StringField) -> None:
        fits_country(self, field)

    def address(self) -> Address:
        return Address(
            name=str(self.name.data),
            street=str(self.street.data),
            postcode=str(self.postcode.data),
            city=str(self.city.data),
            country=str(self.country.data),
        )


class WithdrawalForm(ShopForm):
    """What the law lets a shop ask: who, which contract, where to confirm it. Anything else is voluntary."""

    name = _text(lazy_gettext("Name"), lazy_gettext("What is your name?"), "name", 120, plausible)
    order_number = _text(
        lazy_gettext("Number of the order"),
        lazy_gettext("Which order is it? The number is in its confirmation."),
        "off",
        40,
    )
    email = _email()
    words = TextAreaField(
        lazy_gettext("Only a part of it, or anything you want to tell us"),
        filters=[tidy_lines],
        validators=[Length(max=2000), no_card_number],
        render_kw={"rows": 3},
    )
    request_key = HiddenField(validators=[InputRequired(), Length(max=60)])


class WishForm(ShopForm):
    """What would suit a customer who cannot take the date we named."""

    wish = StringField(
        lazy_gettext("When would it suit you?"),
        filters=[tidy],
        validators=[_filled(lazy_gettext("Tell us when it would suit you.")), Length(max=200), no_card_number],
    )
