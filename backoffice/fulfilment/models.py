from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Id, Ref, Timestamp
from backoffice.core.db import Base
from backoffice.core.tracking import Tracked


class FulfilmentState(StrEnum):
    OPEN = "open"  # may be delivered


class Fulfilment(Tracked, Base):
    """The delivery of one order; exists once the order may be delivered."""

    __tablename__ = "fulfilments"
    subject_kind = "fulfilment"

    id: Mapped[Id]
    ref: Mapped[Ref]
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"), unique=True)
    state: Mapped[FulfilmentState] = mapped_column(Choice(FulfilmentState))
    opened_at: Mapped[Timestamp]
