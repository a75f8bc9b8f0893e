from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.catalog.models import DigitalAsset
from backoffice.core.columns import (
    BigInt,
    Choice,
    Currency,
    Document,
    Exact,
    Id,
    Json,
    Line,
    LongText,
    Ref,
    Timestamp,
    UTCDateTime,
    exact,
)
from backoffice.core.db import Base, table
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.customers.models import Address
from backoffice.orders.models import Order, OrderLine


class DeliveryZone(Tracked, Base):
    """Countries that cost the same to deliver to."""

    __tablename__ = "delivery_zones"
    subject_kind = "delivery_zone"

    id: Mapped[Id]
    ref: Mapped[Ref]
    name: Mapped[str] = mapped_column(exact(80), unique=True)
    countries: Mapped[Json]  # {"codes": ["DE", …]}, ISO 3166-1 alpha-2


class DeliveryMethod(Tracked, Base):
    """A way to send a parcel. Its prices include VAT of ``vat_class``."""

    __tablename__ = "delivery_methods"
    subject_kind = "delivery_method"

    id: Mapped[Id]
    ref: Mapped[Ref]
    code: Mapped[str] = mapped_column(exact(40), unique=True)
    name: Mapped[Line]
    promise: Mapped[Line]  # "2 to 3 working days"
    carrier: Mapped[Line]
    tracking_url: Mapped[Line]  # with {} where the number goes; empty where the carrier has no page
    vat_class: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)
    rates: Mapped[list["DeliveryRate"]] = relationship(back_populates="method")


class DeliveryRate(Part, Base):
    """What a method costs in a zone and currency; free from ``free_from`` of shipped goods on."""

    __tablename__ = "delivery_rates"
    __table_args__ = table(
        UniqueConstraint("method_id", "zone_id", "currency"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    id: Mapped[Id]
    method_id: Mapped[BigInt] = mapped_column(ForeignKey("delivery_methods.id"))
    zone_id: Mapped[BigInt] = mapped_column(ForeignKey("delivery_zones.id"))
    currency: Mapped[Currency]
    amount: Mapped[BigInt]
    free_from: Mapped[BigInt | None]
    method: Mapped[DeliveryMethod] = relationship(back_populates="rates")
    zone: Mapped[DeliveryZone] = relationship(lazy="joined", innerjoin=True)

    def subject(self) -> Subject:
        return self.method.subject()


class FulfilmentState(StrEnum):
    OPEN = "open"  # may be delivered
    PARTLY = "partly"  # some of it has been
    DONE = "done"  # all of it has been
    WITHDRAWN = "withdrawn"  # nothing more may be


class Fulfilment(Tracked, Base):
    """The delivery of one order; exists once the order may be delivered."""

    __tablename__ = "fulfilments"
    __table_args__ = table(Index("ix_fulfilments_state", "state", "id"))
    subject_kind = "fulfilment"

    id: Mapped[Id]
    ref: Mapped[Ref]
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"), unique=True)
    state: Mapped[FulfilmentState] = mapped_column(Choice(FulfilmentState))
    opened_at: Mapped[Timestamp]
    order: Mapped[Order] = relationship()


class Shipment(Tracked, Base):
    """One parcel on its way. ``request_key`` makes one shipment of one press of the button."""

    __tablename__ = "shipments"
    __table_args__ = table(
        Index("ix_shipments_order", "order_id", "id"),
        Index("ix_shipments_day", "shipped_at", "id"),
        Index("ix_shipments_tracking", "tracking"),
        Index("ix_shipments_carrier", "carrier", "id"),
    )
    subject_kind = "shipment"

    id: Mapped[Id]
    ref: Mapped[Ref]
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"))
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)
    carrier: Mapped[Line]
    tracking: Mapped[Exact]
    tracking_url: Mapped[LongText]  # a whole address, or empty
    shipped_at: Mapped[Timestamp]
    sent_to: Mapped[Document | None] = mapped_column(JSON(none_as_null=True))  # an Address; None before it was kept
    order: Mapped[Order] = relationship()
    lines: Mapped[list["ShipmentLine"]] = relationship(order_by="ShipmentLine.id", back_populates="shipment")

    @property
    def order_number(self) -> int | None:
        return self.order.number

    @property
    def destination(self) -> Address:
        """Where it went, though its order was corrected since."""
        return Address(**self.sent_to) if self.sent_to else self.order.destination

    @property
    def goes_to(self) -> str:
        return f"{self.destination.name}, {self.destination.city}"


class ShipmentLine(Part, Base):
    """So many pieces of an order line in a parcel."""

    __tablename__ = "shipment_lines"
    __table_args__ = table(
        UniqueConstraint("shipment_id", "order_line_id"), CheckConstraint("quantity > 0", name="quantity_positive")
    )

    id: Mapped[Id]
    shipment_id: Mapped[BigInt] = mapped_column(ForeignKey("shipments.id"))
    order_line_id: Mapped[BigInt] = mapped_column(ForeignKey("order_lines.id"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    shipment: Mapped[Shipment] = relationship(back_populates="lines")
    order_line: Mapped[OrderLine] = relationship()

    def subject(self) -> Subject:
        return self.shipment.subject()


class ShippedPieces(Base):
    """How many pieces of an order line have left. A conditional update on it is the guard against shipping too many."""

    __tablename__ = "shipped_pieces"
    __table_args__ = table(CheckConstraint("shipped >= 0 AND shipped <= ordered", name="within_ordered"))

    id: Mapped[Id]
    order_line_id: Mapped[BigInt] = mapped_column(ForeignKey("order_lines.id"), unique=True)
    ordered: Mapped[int] = mapped_column(Integer)
    shipped: Mapped[int] = mapped_column(Integer)


class DownloadGrant(Tracked, Base):
    """The right to download one file that was bought: counted, and gone when it is withdrawn."""

    __tablename__ = "download_grants"
    __table_args__ = table(
        UniqueConstraint("order_line_id", "asset_id"),
        CheckConstraint("used >= 0 AND used <= most", name="used_within_most"),
    )
    subject_kind = "download"

    id: Mapped[Id]
    ref: Mapped[Ref]
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"), index=True)
    order_line_id: Mapped[BigInt] = mapped_column(ForeignKey("order_lines.id"))
    asset_id: Mapped[BigInt] = mapped_column(ForeignKey("digital_assets.id"))
    most: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer)
    counted_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # the last one that counted
    begun_anew: Mapped[int] = mapped_column(Integer)  # since then
    granted_at: Mapped[Timestamp]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    asset: Mapped[DigitalAsset] = relationship(lazy="joined", innerjoin=True)

    @property
    def left(self) -> int:
        return self.most - self.used


class AppointmentState(StrEnum):
    WANTED = "wanted"  # paid; nobody has named a date
    PROPOSED = "proposed"  # we named one
    AGREED = "agreed"  # the customer said yes
    DONE = "done"
    CANCELLED = "cancelled"


class Appointment(Tracked, Base):
    """A service at the customer's place, one per order line."""

    __tablename__ = "appointments"
    __table_args__ = table(Index("ix_appointments_state", "state", "starts_at"))
    subject_kind = "appointment"

    id: Mapped[Id]
    ref: Mapped[Ref]
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"), index=True)
    order_line_id: Mapped[BigInt] = mapped_column(ForeignKey("order_lines.id"), unique=True)
    state: Mapped[AppointmentState] = mapped_column(Choice(AppointmentState))
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    order_line: Mapped[OrderLine] = relationship()
