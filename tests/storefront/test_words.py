"""Every word that the shop or a mail says goes through gettext, refusals as well: checked in the source, and spoken."""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations

import storefront
from backoffice.carts.service import MOST_LINES, CartFull
from backoffice.checkout.service import EmptyCart
from backoffice.core import words
from backoffice.core.errors import CounterfoilError
from backoffice.core.said import said
from backoffice.mail import rendering

PAGES = sorted((Path(storefront.__file__).parent / "templates").rglob("*.html"))
MAILS = sorted((Path(rendering.__file__).parent / "templates").iterdir())
CODE = re.compile(r"{% block width %}.*?{% endblock %}|{#.*?#}|{%.*?%}|{{.*?}}", re.S)
UNSEEN = re.compile(r"<(script|style)\b.*?</\1>|<svg.*?</svg>", re.S)
SPOKEN = re.compile(r'(?:aria-label|placeholder|title|alt|data-busy)="([^"]*)"')
TAG = re.compile(r"<[^>]*>", re.S)
WORD = re.compile(r"[^\W\d_]{2,}")


def bare_words(source: str) -> list[str]:
    """Words that stand in a template as they are."""
    text = UNSEEN.sub(" ", CODE.sub("", source)).replace("&nbsp;", " ")
    said = " ".join(SPOKEN.findall(text))
    return WORD.findall(said + " " + TAG.sub(" ", text))


@pytest.mark.parametrize("path", [*PAGES, *MAILS], ids=lambda path: path.name)
def test_no_word_goes_past_gettext(path):
    assert bare_words(path.read_text()) == []


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
def test_no_word_of_a_mail_is_put_in_past_gettext(path):
    """Words also stand in what is printed: ``carrier or "the carrier"``."""
    for expression in re.findall(r"{{(.*?)}}", path.read_text(), re.S):
        rest = re.sub(r"\b(?:n?gettext|_)\((?:\s*\"[^\"]*\",?)+", "(", expression)
        rest = re.sub(r"\|replace\([^)]*\)|\.split\([^)]*\)", "", rest)
        assert not [text for text in re.findall(r"\"([^\"]*)\"", rest) if WORD.search(re.sub(r"<[^>]*>", "", text))], (
            expression
        )


def test_a_mail_speaks_another_language_where_there_is_a_catalogue(tmp_path):
    catalogue = Catalog(locale="de")
    catalogue.add("Finish your account at %(shop_name)s", "Noch ein Schritt bis zu Ihrem Konto bei %(shop_name)s")
    catalogue.add("Choose a password", "Passwort wählen")
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    names = ("shop_name", "legal_name", "street", "postcode", "city", "register_entry", "vat_id", "email", "phone")
    entity = SimpleNamespace(country="DE", **{name: f"<{name}>" for name in names})
    facts = {"person": SimpleNamespace(name="Ada"), "entity": entity, "link": "https://shop.example/x"}
    environment = rendering._environment
    environment.install_gettext_translations(Translations.load(tmp_path, ["de"]), newstyle=True)
    try:
        subject, _text, html = rendering.render("account_link", facts)
    finally:
        environment.install_null_translations(newstyle=True)
    assert subject == "Noch ein Schritt bis zu Ihrem Konto bei <shop_name>"
    assert "Passwort wählen</a>" in html
    assert "&lt;shop_name&gt;" in html, "what is put into a sentence is escaped"
    assert rendering.render("account_link", facts)[0] == "Finish your account at <shop_name>"


@pytest.fixture
def in_german(app, tmp_path, monkeypatch):
    """Pages in German, from a catalogue of a few sentences."""
    catalogue = Catalog(locale="de")
    for english, german in (
        ("A cart holds at most %(most)s different things. Order these first, or take something out.",
         "Mehr als %(most)s verschiedene Dinge fasst ein Warenkorb nicht."),
        ("There is no such %(what)s.",
         "%(what)s gibt es hier nicht."),
        ("product", "Dieses Produkt"),
        ("Nothing here", "Nichts da"),
        ("That does not work here", "So nicht"),
        ("Choose a quantity between 1 and %(most)s.", "Bestellen Sie zwischen 1 und %(most)s."),
    ):  # fmt: skip
        catalogue.add(english, german)
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    german = Translations.load(tmp_path, ["de"])
    monkeypatch.setattr(words, "catalogue", lambda: german)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_refusal_is_said_in_the_language_of_the_page(shop, in_german):
    answer = shop.app.test_client().get("/products/nothing-like-it")
    assert answer.status_code == 404
    assert "Dieses Produkt gibt es hier nicht." in answer.text
    for path, title in (("/no/such/page", "Nichts da"), ("/cart/add", "So nicht")):
        assert f"<h1>{title}</h1>" in shop.app.test_client().get(path).text
    assert "<h1>Nothing here</h1>" in shop.app.test_client().get("/admin/no-such-page").text, "the office stays English"
    with shop.app.test_request_context("/"):
        assert said(CartFull()) == f"Mehr als {MOST_LINES} verschiedene Dinge fasst ein Warenkorb nicht."
        assert said(EmptyCart()) == str(EmptyCart()), "what the catalogue does not know is said in English"
    assert str(CartFull()).startswith(f"A cart holds at most {MOST_LINES}"), "logs and the office stay English"


def refusals(base: type[CounterfoilError] = CounterfoilError) -> list[type[CounterfoilError]]:
    return [found for item in base.__subclasses__() for found in (item, *refusals(item))]


TO_CUSTOMERS = (
    "backoffice.carts", "backoffice.checkout.service", "backoffice.core", "backoffice.customers", "backoffice.logins",
    "backoffice.payment_methods", "backoffice.fulfilment.downloads", "backoffice.fulfilment.appointments",
    "backoffice.payments", "storefront",
)  # fmt: skip


def test_what_customers_are_refused_with_is_never_a_sentence_made_in_code():
    """A sentence that is put together is in no catalogue: it names its values instead."""
    seen = 0
    for kind in refusals():
        if kind.__module__.startswith(TO_CUSTOMERS) and "__init__" in vars(kind):
            source = textwrap.dedent(inspect.getsource(kind.__init__))
            seen += 1
            assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)], kind
    assert seen > 20


def test_bare_words_are_seen():
    assert bare_words('<p>{{ _("Fine") }} not fine</p><b title="nor this">{% if x %}!{% endif %}</b>') == [
        "nor", "this", "not", "fine",
    ]  # fmt: skip
