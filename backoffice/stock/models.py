from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.catalog.models import Variant
from backoffice.core.columns import BigInt, Choice, Exact, Id, Line, Ref, Timestamp, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Part, Subject, Tracked

FEW = 3  # pieces that are nearly none


class StockItem(Tracked, Base):
    """Pieces of one variant: on hand, and of these held for orders that are not paid yet."""

    __tablename__ = "stock_items"
    __table_args__ = table(
        CheckConstraint("held >= 0 AND held <= on_hand", name="held_within_on_hand"),
    )
    subject_kind = "stock"

    id: Mapped[Id]
    ref: Mapped[Ref]
    variant_id: Mapped[BigInt] = mapped_column(ForeignKey("variants.id"), unique=True)
    on_hand: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)
    variant: Mapped[Variant] = relationship()

    @property
    def sku(self) -> str:
        return self.variant.sku

    @property
    def name(self) -> str:
        return self.variant.full_name

    @property
    def available(self) -> int:
        return self.on_hand - self.held

    @property
    def level(self) -> str:
        """``sold out``, ``few left`` or ``in stock``."""
        return "sold out" if self.available <= 0 else "few left" if self.available <= FEW else "in stock"


class HoldState(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"


class StockHold(Base):
    """Pieces put aside for one holder (an order, by reference); one row per holder and variant."""

    __tablename__ = "stock_holds"
    __table_args__ = table(
        UniqueConstraint("holder", "variant_id"),
        Index("ix_stock_holds_variant", "variant_id", "state", "id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[Id]
    holder: Mapped[Exact]
    variant_id: Mapped[BigInt] = mapped_column(ForeignKey("variants.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    state: Mapped[HoldState] = mapped_column(Choice(HoldState))
    created_at: Mapped[Timestamp]


class MovementKind(StrEnum):
    RECEIVED = "received"
    CORRECTED = "corrected"  # counted anew, with a reason
    HELD = "held"
    RELEASED = "released"
    TAKEN = "taken"  # sold
    RETURNED = "returned"


class StockMovement(Part, Base):
    """One change of a stock item. Frozen whole; on hand is the sum of ``on_hand_change``, held that of ``held_change``."""

    __tablename__ = "stock_movements"
    __table_args__ = table(Index("ix_stock_movements_item", "item_id", "id"))

    id: Mapped[Id]
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("stock_items.id"))
    kind: Mapped[MovementKind] = mapped_column(Choice(MovementKind))
    on_hand_change: Mapped[int] = mapped_column(Integer)
    held_change: Mapped[int] = mapped_column(Integer)
    holder: Mapped[Exact]  # the order it was for; empty for receipts and corrections
    reason: Mapped[Line]
    at: Mapped[Timestamp]
    request_key: Mapped[str | None] = mapped_column(exact(60), unique=True)  # of the form that received pieces
    item: Mapped[StockItem] = relationship()

    def subject(self) -> Subject:
        return self.item.subject()
