"""The words of pages and mails: English, or what a catalogue of the shop's language makes of it."""

from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

from backoffice.core.formatting import LOCALE

CATALOGUES = Path(__file__).parents[1] / "translations"  # none where everything is said in English


@cache
def catalogue() -> NullTranslations:
    """What is said instead of the English sentences."""
    return Translations.load(CATALOGUES, [LOCALE])
