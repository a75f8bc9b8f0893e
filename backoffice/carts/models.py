from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.catalog.models import Variant
from backoffice.core.columns import BigInt, Id, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table


class Cart(Base):
    """A visitor's cart, known by the hash of the token in their cookie; a customer's own is found again at login.

    ``checkout_key`` makes one order of one filling: it changes when an order was placed from the cart."""

    __tablename__ = "carts"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(exact(64), unique=True)
    checkout_key: Mapped[str] = mapped_column(exact(40), unique=True)
    person_id: Mapped[BigInt | None] = mapped_column(ForeignKey("people.id"), unique=True)
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]
    lines: Mapped[list["CartLine"]] = relationship(order_by="CartLine.id", cascade="all, delete-orphan")


class CartLine(Base):
    __tablename__ = "cart_lines"
    __table_args__ = table(
        UniqueConstraint("cart_id", "variant_id"), CheckConstraint("quantity > 0", name="quantity_positive")
    )

    id: Mapped[Id]
    cart_id: Mapped[BigInt] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"))
    variant_id: Mapped[BigInt] = mapped_column(ForeignKey("variants.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    added: Mapped[int | None] = mapped_column(Integer)  # how many of them, by the last press
    added_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when pieces were put in last; unknown of old carts
    variant: Mapped[Variant] = relationship(lazy="joined", innerjoin=True)
