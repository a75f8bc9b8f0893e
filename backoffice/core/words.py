"""The words of pages and mails: English, or what the catalogue of the shop's language makes of it."""

from functools import cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations

from backoffice.core.formatting import LOCALE

CATALOGUES = Path(__file__).parents[1] / "translations"  # none where everything is said in English


@cache
def catalogue() -> NullTranslations:
    """What is said instead of the English sentences."""
    return Translations.load(CATALOGUES, [LOCALE])


def gettext(text: str, **values: Any) -> str:
    """The sentence in the shop's language, with its values."""
    said = catalogue().gettext(text)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The sentence for so many things; ``num`` is among its values."""
    return catalogue().ngettext(one, many, num) % {"num": num, **values}
