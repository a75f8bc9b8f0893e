"""Whether a postcode can be one of its country."""

import re

# The shape of a postcode by country (Universal Postal Union, addressing systems).
POSTCODES = {
    "AT": r"\d{4}", "BE": r"\d{4}", "DE": r"\d{5}", "DK": r"\d{4}", "FR": r"\d{5}", "LU": r"(L-)?\d{4}",
    "NL": r"\d{4} ?[A-Za-z]{2}", "PL": r"\d{2}-\d{3}", "SE": r"\d{3} ?\d{2}",
}  # fmt: skip


def fits(text: str, country: str) -> bool:
    """It has the shape of the country's (ISO 3166-1 alpha-2); any text does where we do not know that."""
    shape = POSTCODES.get(country)
    return shape is None or re.fullmatch(shape, text) is not None
