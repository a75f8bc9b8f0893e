"""Refusals in the language of whoever reads the page."""

from flask_babel import gettext

from backoffice.core.errors import CounterfoilError


def said(error: CounterfoilError) -> str:
    """The sentence of a refusal by the catalogue of the page's language; in English where that has none. Words among its
    values (``order``, ``declined``) are looked up as well."""
    values = {
        name: gettext(value) if isinstance(value, str) and value else value for name, value in error.values.items()
    }
    words = str(gettext(error.words)) if error.words else ""
    return words % values if values else words
