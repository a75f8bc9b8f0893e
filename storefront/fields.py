"""What the shop's forms ask for: fields, and the rules that what is typed into them must meet."""

import re
from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, PasswordField, SelectChoice, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length, StopValidation, ValidationError

from backoffice.carts.service import MOST
from backoffice.core.cards import has_card_number
from backoffice.core.formatting import country
from backoffice.core.typed import tidy
from backoffice.core.words import gettext
from backoffice.customers import postcodes

WEB_ADDRESS = re.compile(
    r"://|www\.|[^\s.]\.[^\W\d_]{2,}/"  # a path behind a host; the rest are endings that links commonly have
    r"|[\w-]{2,}\.(?:com|net|org|info|biz|io|co|me|app|dev|shop|store|site|online|link|top|xyz|click|club|live|ru|cn|tk)\b",
    re.IGNORECASE,
)


def no_card_number(_form: FlaskForm, field: Field) -> None:
    if field.data and has_card_number(str(field.data)):
        raise ValidationError(gettext("This looks like a card number. Please never write one here."))


def filled(what: Any) -> DataRequired:
    return DataRequired(message=what)  # after the filters: blanks are not an answer


def plausible(_form: FlaskForm, field: Field) -> None:
    """A name or a place has a letter in it and no web address, which mail programs would make a link of: it ends up in
    mails to whatever address was typed beside it."""
    text = str(field.data or "")
    if not any(sign.isalpha() for sign in text) or WEB_ADDRESS.search(text):
        raise ValidationError(gettext("This does not look right. Please check it."))


def text_field(label: Any, missing: Any, autocomplete: str, most: int, *more: Any) -> StringField:
    return StringField(
        label,
        filters=[tidy],
        validators=[filled(missing), Length(max=most), no_card_number, *more],
        render_kw={"autocomplete": autocomplete},
    )


def up_to_the_most(_form: FlaskForm, field: Field) -> None:
    """Like NumberRange, but not upset by a number of four hundred digits."""
    if field.data is None or not 0 <= field.data <= MOST:
        raise ValidationError(gettext("Choose a quantity between 1 and 99."))


def fits_country(form: FlaskForm, field: StringField, prefix: str = "", words: str = "") -> None:
    """The postcode has the shape of its country, where we know it. ``words`` is said where it is not."""
    if field.data and not postcodes.fits(field.data, str(form[f"{prefix}country"].data)):
        raise ValidationError(words or gettext("This is not a postcode of the country chosen below."))


def phone_number(_form: FlaskForm, field: StringField) -> None:
    """Something a carrier can dial, where anything was typed."""
    digits = re.sub(r"\D", "", field.data or "")
    if field.data and not (re.fullmatch(r"[+0-9 ()/.\-]+", field.data) and 5 <= len(digits) <= 15):
        raise ValidationError(gettext("This does not look like a phone number. Leave it empty if you prefer."))


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


def email_field() -> EmailField:
    return EmailField(
        gettext("E-mail"),
        filters=[tidy],
        validators=[
            filled(gettext("Which address?")),
            Length(max=254),
            Email(message=gettext("This does not look like an e-mail address. Is there a typo?")),
        ],
        render_kw={"autocomplete": "username", "inputmode": "email"},
    )


def password_field(label: Any, autocomplete: str, hint: Any) -> PasswordField:
    return PasswordField(
        label, validators=[InputRequired(message=hint), Length(max=200)], render_kw={"autocomplete": autocomplete}
    )
