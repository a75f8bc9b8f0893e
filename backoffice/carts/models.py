from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.catalog.models import Product
from backoffice.core.columns import BigInt, Id, Timestamp, exact
from backoffice.core.db import Base, table


class Cart(Base):
    """A visitor's cart, known by the hash of the token in their cookie.

    ``checkout_key`` makes one order of one filling: it changes when an order was placed from the cart."""

    __tablename__ = "carts"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(exact(64), unique=True)
    checkout_key: Mapped[str] = mapped_column(exact(40), unique=True)
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]
    lines: Mapped[list["CartLine"]] = relationship(order_by="CartLine.id", cascade="all, delete-orphan")


class CartLine(Base):
    __tablename__ = "cart_lines"
    __table_args__ = table(
        UniqueConstraint("cart_id", "product_id"), CheckConstraint("quantity > 0", name="quantity_positive")
    )

    id: Mapped[Id]
    cart_id: Mapped[BigInt] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"))
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    product: Mapped[Product] = relationship(lazy="joined", innerjoin=True)
