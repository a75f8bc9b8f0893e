"""Refusals in the language of whoever reads the page."""

from backoffice.core.errors import CounterfoilError
from backoffice.core.words import gettext


def said(error: CounterfoilError) -> str:
    """The sentence of a refusal by the catalogue of the page's language; in English where that has none. Words among its
    values (``order``, ``declined``) are looked up as well."""
    values = {
        name: gettext(value) if isinstance(value, str) and value else value for name, value in error.values.items()
    }
    words = gettext(error.words) if error.words else ""
    return words % values if values else words
