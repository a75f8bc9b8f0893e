"""Every word that a template of the shop or of a mail says goes through gettext: checked in the source."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations

import storefront
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


def test_bare_words_are_seen():
    assert bare_words('<p>{{ _("Fine") }} not fine</p><b title="nor this">{% if x %}!{% endif %}</b>') == [
        "nor", "this", "not", "fine",
    ]  # fmt: skip
