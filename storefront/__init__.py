"""The shop: pages for customers. Works without JavaScript, better with a little."""

from storefront import (
    account,
    cart,
    catalogue,
    checkout,
    delivery,
    entrance,
    frame,
    legal,
    machines,
    orders,
    payment_methods,
    products,
)
from storefront.blueprint import blueprint

__all__ = [
    "account",
    "blueprint",
    "cart",
    "catalogue",
    "checkout",
    "delivery",
    "entrance",
    "frame",
    "legal",
    "machines",
    "orders",
    "payment_methods",
    "products",
]
