from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from backoffice.core.columns import (
    BigInt,
    Choice,
    Currency,
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
from backoffice.core.money import Money
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.customers.models import Address


class OrderState(StrEnum):
    PLACED = "placed"  # stock is held, payment is open
    IN_REVIEW = "in_review"  # money came, but not as agreed; a case says what
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


PAYABLE = frozenset({OrderState.PLACED})


class Order(Tracked, Base):
    """What was agreed with a customer. ``checkout_key`` is the filling of the cart it was made of: one order each."""

    __tablename__ = "orders"
    __table_args__ = table(
        Index("ix_orders_day", "placed_at", "id"),
        CheckConstraint("total_amount >= 0", name="total_not_negative"),
        Index("ix_orders_state", "state", "id"),
        Index("ix_orders_found_as", "found_as"),
        Index("ix_orders_person", "person_id", "id"),
        Index("ix_orders_network", "guest_network", "state"),
    )
    subject_kind = "order"

    id: Mapped[Id]
    ref: Mapped[Ref]
    number: Mapped[BigInt | None] = mapped_column(unique=True)  # what people read; gaps are normal
    checkout_key: Mapped[str] = mapped_column(exact(40), unique=True)
    cart_id: Mapped[BigInt | None]  # whose filling it was; carts come and go, so it is no foreign key
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    person_id: Mapped[BigInt] = mapped_column(ForeignKey("people.id"))
    terms_id: Mapped[BigInt] = mapped_column(ForeignKey("legal_texts.id"))
    guest_network: Mapped[str | None] = mapped_column(exact(45))  # a guest ordered from there; none: logged in
    state: Mapped[OrderState] = mapped_column(Choice(OrderState))
    email: Mapped[str] = mapped_column(exact(254))
    found_as: Mapped[str | None] = mapped_column(exact(254))  # that normalised, where it is another than its customer's
    name: Mapped[Line]
    street: Mapped[Line]
    postcode: Mapped[Line]
    city: Mapped[Line]
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[str] = mapped_column(String(40))  # for the carrier; empty where the customer gave none
    deliver_to: Mapped[
        Json
    ]  # {"name", "street", "postcode", "city", "country"} where it differs from the above, else {}
    gift_note: Mapped[Line]  # written on a card in the parcel; empty for none
    delivery_code: Mapped[Exact]  # the method as chosen; empty where nothing is shipped
    delivery_name: Mapped[Line]
    currency: Mapped[Currency]
    total_amount: Mapped[BigInt]
    placed_at: Mapped[Timestamp]
    payable_until: Mapped[Timestamp]  # the stock hold ends then, or later: see checkout
    paid_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    links_since: Mapped[datetime | None] = mapped_column(UTCDateTime())  # older links went to an address that was wrong
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.position", back_populates="order")
    # what lists read of others, where they are asked to:
    delivered: Mapped[str | None] = query_expression()  # how far its delivery is
    given_back_amount: Mapped[int | None] = query_expression()  # a Decimal on MariaDB

    @property
    def given_back(self) -> Money | None:
        return Money(int(self.given_back_amount), self.currency) if self.given_back_amount else None

    @property
    def total(self) -> Money:
        return Money(self.total_amount, self.currency)

    @property
    def destination(self) -> Address:
        """Where parcels go and services are done."""
        if self.deliver_to:
            return Address(**self.deliver_to)
        return Address(self.name, self.street, self.postcode, self.city, self.country)


class LineKind(StrEnum):
    """What a line asks of us once it is paid."""

    PHYSICAL = "physical"  # to ship
    DIGITAL = "digital"  # to open for download
    SERVICE = "service"  # to agree a date for
    DELIVERY = "delivery"  # the price of shipping the others


class OrderLine(Part, Base):
    __tablename__ = "order_lines"
    __table_args__ = table(
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index("ix_order_lines_variant", "variant_id", "order_id"),
    )

    id: Mapped[Id]
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[LineKind] = mapped_column(Choice(LineKind))
    variant_id: Mapped[BigInt | None] = mapped_column(ForeignKey("variants.id"))  # none for delivery
    sku: Mapped[Exact]
    name: Mapped[Line]
    quantity: Mapped[int] = mapped_column(Integer)
    unit_amount: Mapped[BigInt]  # gross
    vat_category: Mapped[str] = mapped_column(String(2))
    vat_hundredths: Mapped[int] = mapped_column(Integer)
    order: Mapped[Order] = relationship(back_populates="lines")

    @property
    def unit(self) -> Money:
        return Money(self.unit_amount, self.order.currency)

    @property
    def total(self) -> Money:
        return self.unit * self.quantity

    def subject(self) -> Subject:
        return self.order.subject()


class Withdrawal(Tracked, Base):
    """A customer's declaration to withdraw from a contract, as it arrived (Directive 2011/83/EU, Art. 11a). Frozen
    whole: what follows from it are other rows."""

    __tablename__ = "withdrawals"
    subject_kind = "withdrawal"

    id: Mapped[Id]
    ref: Mapped[Ref]
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)
    order_id: Mapped[BigInt | None] = mapped_column(ForeignKey("orders.id"), index=True)  # where number and address fit
    order_number: Mapped[Exact]  # as typed
    email: Mapped[Line]
    name: Mapped[Line]
    words: Mapped[LongText]
    received_at: Mapped[Timestamp]
