"""What machines read: the sitemap, robots.txt."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from backoffice.catalog import shelves
from backoffice.core import links, units
from storefront.blueprint import blueprint, public, version
from storefront.fragments import fragment

HOUR = 3600  # seconds


@blueprint.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """Every page that may be found: home, categories, products."""

    def make() -> str:
        with units.read():
            return render_template(
                "shop/sitemap.xml",
                base=links.absolute(""),
                categories=[slug for slug, _name in public().categories],
                products=shelves.slugs(),
            )

    answer = Response(fragment(version(), ("sitemap",), make), mimetype="application/xml")
    answer.headers["Cache-Control"] = f"public, max-age={HOUR}"
    return answer


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    lines = ["User-agent: *"]
    lines += [
        f"Disallow: {path}" for path in ("/admin/", "/cart", "/checkout", "/account", "/orders/", "/pay/", "/search")
    ]
    answer = Response("\n".join([*lines, f"Sitemap: {links.absolute('/sitemap.xml')}", ""]), mimetype="text/plain")
    answer.headers["Cache-Control"] = f"public, max-age={HOUR}"
    return answer
