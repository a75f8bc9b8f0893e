"""Pages to read: the product, the terms."""

from flask import render_template
from flask.typing import ResponseReturnValue

from backoffice.catalog import service as catalog
from backoffice.core import clock, units
from backoffice.entities import service as entities
from backoffice.stock import service as stock
from backoffice.tax import rates
from storefront.blueprint import blueprint
from storefront.forms import QuantityForm


@blueprint.get("/")
def home() -> ResponseReturnValue:
    return product_page(QuantityForm())


def product_page(form: QuantityForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The shop's one product, with what was typed and what was wrong with it."""
    with units.read():
        product = catalog.front_product()
        seller = entities.seller()
        page = render_template(
            "shop/product.html",
            product=product,
            left=stock.available([product.id])[product.id],
            rate=rates.rate(seller.country, product.vat_class, clock.today(seller.zone)),
            form=form,
            problem=problem,
        )
    return page, status


@blueprint.get("/terms")
@blueprint.get("/terms/<int(max=99999):version>")
def terms(version: int | None = None) -> ResponseReturnValue:
    with units.read():
        seller = entities.seller()
        text = entities.terms_version(seller, version) if version else entities.current_terms(seller)
        return render_template("shop/terms.html", terms=text, seller=seller)


@blueprint.get("/imprint")
def imprint() -> ResponseReturnValue:
    with units.read():
        return render_template("shop/imprint.html", seller=entities.seller())
