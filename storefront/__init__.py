"""The shop: pages for customers. Works without JavaScript, better with a little."""

from storefront import cart, checkout, pages
from storefront.blueprint import blueprint

__all__ = ["blueprint", "cart", "checkout", "pages"]
