"""Forms of the shop. A form that fails keeps what was typed, also when its token has expired."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length, ValidationError

from backoffice.core.said import said
from backoffice.core.typed import tidy, tidy_lines
from backoffice.core.words import gettext
from backoffice.customers.models import Address
from backoffice.orders.service import Contact
from storefront import limits
from storefront.drawing import Drawn
from storefront.fields import (
    OnlyIf,
    email_field,
    filled,
    fits_country,
    no_card_number,
    password_field,
    phone_number,
    plausible,
    text_field,
    up_to_the_most,
)

LONGEST_NOTE = 200  # characters on the card of a present


class ShopForm(FlaskForm):
    Meta = Drawn

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it may be acted on: filled in well, and not asked for too often by this network (``limits.limited``)."""
        return bool(super().validate(extra_validators)) and limits.refusal() is None

    @property
    def has_expired(self) -> bool:
        """The token was too old or missing: the page says so, and asks for one more press of the button."""
        return "csrf_token" in self.errors

    @property
    def problem(self) -> str:
        """Why it was not acted on, where no field says it: what was typed stands in it still. Empty else."""
        refused = limits.refusal()
        if refused:
            return said(refused)
        return expired_words() if self.has_expired else ""


def expired_words() -> str:
    return str(gettext("This page was open for a long time. Nothing is lost: please press the button again."))


class QuantityForm(ShopForm):
    """One variant, so many pieces."""

    variant = HiddenField(validators=[InputRequired()])
    quantity = IntegerField(
        gettext("Quantity"),
        default=1,
        validators=[up_to_the_most],
    )


class ButtonForm(ShopForm):
    """A button and nothing else."""


class SetupForm(ShopForm):
    """Off to the page on which a card is entered, once for one showing of the button."""

    request_key = HiddenField(validators=[InputRequired(), Length(max=60)])


def _gift_text(label: Any, missing: Any, autocomplete: str, most: int, *more: Any) -> StringField:
    field = text_field(label, missing, f"shipping {autocomplete}", most, *more)
    field.kwargs["validators"] = [OnlyIf("elsewhere"), *field.kwargs["validators"]]
    return field


class CheckoutForm(ShopForm):
    """Who buys, where it goes, how, and what was agreed to. Countries and deliveries are filled in by the page."""

    email = EmailField(
        gettext("E-mail"),
        filters=[tidy],
        validators=[
            filled(gettext("We need your e-mail address to send the confirmation.")),
            Length(max=254),
            Email(message=gettext("This does not look like an e-mail address. Is there a typo?")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email"},
    )
    name = text_field(gettext("Name"), gettext("What is your name?"), "name", 120, plausible)
    street = text_field(
        gettext("Street and number"), gettext("The street is missing."), "address-line1", 120, plausible
    )
    postcode = text_field(gettext("Postcode"), gettext("The postcode is missing."), "postal-code", 12)
    city = text_field(gettext("Town"), gettext("The town is missing."), "address-level2", 80, plausible)
    country = SelectField(gettext("Country"), choices=[], render_kw={"autocomplete": "country"})
    phone = StringField(
        gettext("Phone"),
        filters=[tidy],
        validators=[Length(max=40), no_card_number, phone_number],
        render_kw={"autocomplete": "tel", "inputmode": "tel", "type": "tel"},
    )
    elsewhere = BooleanField(gettext("Send it to another address"))
    to_name = _gift_text(gettext("Recipient’s name"), gettext("Who shall receive the parcel?"), "name", 120, plausible)
    to_street = _gift_text(
        gettext("Street and number"),
        gettext("The street of the other address is missing."),
        "address-line1",
        120,
        plausible,
    )
    to_postcode = _gift_text(
        gettext("Postcode"), gettext("The postcode of the other address is missing."), "postal-code", 12
    )
    to_city = _gift_text(
        gettext("Town"), gettext("The town of the other address is missing."), "address-level2", 80, plausible
    )
    to_country = SelectField(
        gettext("Country"),
        choices=[],
        validators=[OnlyIf("elsewhere")],
        render_kw={"autocomplete": "shipping country"},
    )
    gift_note = TextAreaField(
        gettext("A few words for the card"),
        filters=[tidy_lines],
        validators=[
            Length(max=LONGEST_NOTE, message=gettext("The card holds %(most)s characters.", most=LONGEST_NOTE)),
            no_card_number,
        ],
        render_kw={"rows": 3},
    )
    delivery = HiddenField()  # drawn as radio buttons by the page
    keep_address = BooleanField(gettext("Keep this address for the next order"))
    keep_card = BooleanField(gettext("Keep this payment card in my account, for what I agree to have charged later"))
    terms = BooleanField()
    checkout_key = HiddenField(validators=[InputRequired()])
    total = HiddenField(validators=[InputRequired()])
    currency = HiddenField(validators=[InputRequired()])
    terms_version = HiddenField(validators=[InputRequired()])

    def validate_postcode(self, field: StringField) -> None:
        fits_country(self, field)

    def validate_to_postcode(self, field: StringField) -> None:
        if self.elsewhere.data:
            fits_country(self, field, "to_", gettext("The postcode of the other address does not fit its country."))

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
            phone=str(self.phone.data or ""),
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


class LoginForm(ShopForm):
    email = email_field()
    password = password_field(gettext("Password"), "current-password", gettext("The password is missing."))
    next = HiddenField()


class RegisterForm(ShopForm):
    name = text_field(gettext("Name"), gettext("What is your name?"), "name", 120, plausible)
    email = email_field()


class ForgotForm(ShopForm):
    email = email_field()


class NewPasswordForm(ShopForm):
    password = password_field(gettext("Password"), "new-password", gettext("Choose a password."))


class ChangePasswordForm(ShopForm):
    old = password_field(gettext("Current password"), "current-password", gettext("Your current password is missing."))
    password = password_field(gettext("New password"), "new-password", gettext("Choose a password."))


class EmailForm(ShopForm):
    email = email_field()
    proof = password_field(
        gettext("Your password, so that it is you"),
        "current-password",
        gettext("Your current password is missing."),
    )


class NameForm(ShopForm):
    name = text_field(gettext("Name"), gettext("What is your name?"), "name", 120, plausible)


class AddressForm(ShopForm):
    name = text_field(gettext("Name"), gettext("Whose address is it?"), "name", 120, plausible)
    street = text_field(
        gettext("Street and number"), gettext("The street is missing."), "address-line1", 120, plausible
    )
    postcode = text_field(gettext("Postcode"), gettext("The postcode is missing."), "postal-code", 12)
    city = text_field(gettext("Town"), gettext("The town is missing."), "address-level2", 80, plausible)
    country = SelectField(gettext("Country"), choices=[], render_kw={"autocomplete": "country"})

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


class FindOrderForm(ShopForm):
    """What a customer knows who lost the mail."""

    order_number = text_field(
        gettext("Number of the order"),
        gettext("Which order is it? The number is in its confirmation."),
        "off",
        40,
    )
    email = email_field()


class WithdrawalForm(FindOrderForm):
    """What the law lets a shop ask: who, which contract, where to confirm it. Anything else is voluntary."""

    name = text_field(gettext("Name"), gettext("What is your name?"), "name", 120, plausible)
    words = TextAreaField(
        gettext("Only a part of it, or anything you want to tell us"),
        filters=[tidy_lines],
        validators=[Length(max=2000), no_card_number],
        render_kw={"rows": 3},
    )
    request_key = HiddenField(validators=[InputRequired(), Length(max=60)])


class WishForm(ShopForm):
    """What would suit a customer who cannot take the date we named."""

    wish = StringField(
        gettext("When would it suit you?"),
        filters=[tidy],
        validators=[filled(gettext("Tell us when it would suit you.")), Length(max=200), no_card_number],
    )
