"""Every word that a template of the shop says goes through gettext: checked in the source, so that no page is missed."""

import re
from pathlib import Path

import pytest

import storefront

TEMPLATES = sorted((Path(storefront.__file__).parent / "templates").rglob("*.html"))
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


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_word_goes_past_gettext(path):
    assert bare_words(path.read_text()) == []


def test_bare_words_are_seen():
    assert bare_words('<p>{{ _("Fine") }} not fine</p><b title="nor this">{% if x %}!{% endif %}</b>') == [
        "nor", "this", "not", "fine",
    ]  # fmt: skip
