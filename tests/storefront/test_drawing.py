"""What we draw of a form is what WTForms would draw."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectChoice
from wtforms.meta import DefaultMeta

import storefront  # noqa: F401 - all forms are known then
from storefront.forms import ShopForm

TYPED = ["", "y", 'Ada & "Byron" <b>\'s</b>', "7"]
SAID = [{}, {"required": True}, {"aria-describedby": "x-hint x-error", "aria-invalid": "true", "required": False}]


def forms() -> list[type[ShopForm]]:
    return sorted(ShopForm.__subclasses__(), key=lambda form: form.__name__)


def wtforms_draws(field: Field, **said: object) -> str:
    return str(DefaultMeta.render_field(field.meta, field, said))


@pytest.fixture(scope="module")
def speaking() -> Iterator[None]:
    """Tokens are signed in a request."""
    app = Flask("forms")
    app.secret_key = "forms"
    with app.test_request_context(method="POST"):
        yield


@pytest.mark.parametrize("kind", forms(), ids=lambda form: form.__name__)
@pytest.mark.parametrize("typed", TYPED)
def test_a_field_is_drawn_as_wtforms_draws_it(kind: type[ShopForm], typed: str, speaking: None) -> None:
    form = kind(MultiDict({field.name: typed for field in kind(None)}))
    for field in form:
        if hasattr(field, "choices"):
            field.choices = [SelectChoice(value="7", label='Seven & "eight"'), SelectChoice(value="y", label="Y")]
        for said in SAID:
            assert str(field(**said)) == wtforms_draws(field, **said)


def test_what_stands_for_another_name_is_left_to_wtforms(speaking: None) -> None:
    for kind in forms():
        field = kind(None)["csrf_token"]
        assert 'data-kept="1"' in field(data_kept="1")
