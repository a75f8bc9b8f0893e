"""VAT rates as data, with the day they came into force. Source: the VAT acts of the countries named.

Rates are in hundredths of a percent: 1900 is 19 %. ``category`` is the EN 16931 code (BT-151): S, Z, E, …"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Rate:
    country: str
    vat_class: str
    category: str
    hundredths: int
    since: date


RATES = (
    Rate("DE", "standard", "S", 1900, date(2021, 1, 1)),
    Rate("DE", "reduced", "S", 700, date(2021, 1, 1)),
)


class NoRate(LookupError):
    def __init__(self, country: str, vat_class: str, on: date) -> None:
        super().__init__(f"no {vat_class} VAT rate is known for {country} on {on}")


def rate(country: str, vat_class: str, on: date) -> Rate:
    """The rate in force in the seller's country on a day (distance sales below the threshold of Art. 59c of the VAT
    directive are taxed there). Raises NoRate."""
    fitting = [r for r in RATES if r.country == country and r.vat_class == vat_class and r.since <= on]
    if not fitting:
        raise NoRate(country, vat_class, on)
    return max(fitting, key=lambda r: r.since)
