from sqlalchemy import Boolean, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Currency, Exact, Id, Json, Line, LongText, Ref, Timestamp, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Tracked


class Product(Tracked, Base):
    """Something with a price. Prices include VAT."""

    __tablename__ = "products"
    __table_args__ = table(CheckConstraint("price_amount >= 0", name="price_not_negative"))
    subject_kind = "product"

    id: Mapped[Id]
    ref: Mapped[Ref]
    slug: Mapped[str] = mapped_column(exact(120), unique=True)
    sku: Mapped[str] = mapped_column(exact(60), unique=True)
    name: Mapped[Line]
    summary: Mapped[LongText]
    facts: Mapped[Json]  # {"rows": [[name, value], …]}, in the order they are shown
    drawing: Mapped[Exact]  # which drawing the shop makes of it
    price_amount: Mapped[BigInt]
    currency: Mapped[Currency]
    vat_class: Mapped[str] = mapped_column(String(20))
    published: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Timestamp]

    @property
    def price(self) -> Money:
        return Money(self.price_amount, self.currency)
