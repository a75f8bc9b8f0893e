from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Exact, Id, Ref, Timestamp
from backoffice.core.db import Base, table
from backoffice.core.tracking import Tracked


class StockItem(Tracked, Base):
    """Pieces of one product: on hand, and of these held for orders that are not paid yet."""

    __tablename__ = "stock_items"
    __table_args__ = table(
        CheckConstraint("held >= 0 AND held <= on_hand", name="held_within_on_hand"),
    )
    subject_kind = "stock"

    id: Mapped[Id]
    ref: Mapped[Ref]
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"), unique=True)
    on_hand: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)

    @property
    def available(self) -> int:
        return self.on_hand - self.held


class HoldState(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"


class StockHold(Base):
    """Pieces put aside for one holder (an order, by reference); one row per holder and product."""

    __tablename__ = "stock_holds"
    __table_args__ = table(
        UniqueConstraint("holder", "product_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[Id]
    holder: Mapped[Exact]
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    state: Mapped[HoldState] = mapped_column(Choice(HoldState))
    created_at: Mapped[Timestamp]
