"""What delivery costs, to every country and in every way, before anybody has to say where they live."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import render_template
from flask.typing import ResponseReturnValue

from backoffice.core.formatting import country
from backoffice.fulfilment.methods import Row
from storefront.answers import public_page
from storefront.blueprint import blueprint, currency, public, tariff


class Region(NamedTuple):
    """Countries to which the same ways lead at the same prices."""

    countries: Sequence[str]  # their names, the shop's own first
    ways: Sequence[Row]


@blueprint.get("/delivery")
def delivery() -> ResponseReturnValue:
    return public_page((), lambda: render_template("shop/delivery.html", regions=_regions()))


def _regions() -> list[Region]:
    home = public().country
    ways: dict[tuple[Row, ...], list[str]] = {}
    rows = [row for row in tariff().rows if row.price.currency == currency().code]
    for code in sorted({code for row in rows for code in row.countries}):
        ways.setdefault(tuple(row for row in rows if code in row.countries), []).append(code)
    found = sorted(ways.items(), key=lambda item: (home not in item[1], len(item[1])))
    return [
        Region([country(code) for code in sorted(codes, key=lambda code: (code != home, country(code)))], offered)
        for offered, codes in found
    ]
