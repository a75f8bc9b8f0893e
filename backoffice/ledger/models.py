from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import BigInt, Choice, Currency, Exact, Id, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Subject


class Account(StrEnum):
    """What we own or owe, earn or spend. One account of each per currency."""

    CLEARING = "clearing"  # what the provider holds for us
    IN_TRANSIT = "in_transit"  # paid out by the provider, and not at our bank yet
    BANK = "bank"
    RECEIVABLE = "receivable"  # issued invoices that are not paid
    CUSTOMER_MONEY = "customer_money"  # captured, and not yet used to pay an invoice: owed until it is
    REFUNDS_PAYABLE = "refunds_payable"  # credited to customers, and not yet given back
    PAID_TWICE = "paid_twice"  # given back to customers a second time: theirs to give to us
    GOODWILL = "goodwill"  # left to customers beyond what they had paid
    TAX_PAYABLE = "tax_payable"
    DEFERRED = "deferred"  # invoiced before it is earned
    REVENUE = "revenue"  # net
    REFUNDS = "refunds"  # net of credit notes: lowers revenue
    FEES = "fees"
    DISPUTES = "disputes"
    EXCHANGE = "exchange"  # given and received when the provider changed currencies
    SUSPENSE = "suspense"  # moved at the provider, and in no other book of ours


class EntryKind(StrEnum):
    """The fact that an entry posts."""

    PAYMENT_SETTLED = "payment_settled"
    PAYMENT_CORRECTED = "payment_corrected"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_PAID = "invoice_paid"
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"
    REFUND_PAID_OTHERWISE = "paid_otherwise"
    DISPUTE = "dispute"
    FEE = "fee"
    PAYOUT = "payout"
    PAYOUT_ARRIVED = "payout_arrived"
    EXCHANGE = "exchange"
    PROVIDER_OTHER = "provider_other"
    DIFFERENCE_EXPLAINED = "difference_explained"


class LedgerEntry(Base):
    """One fact in the books. ``key`` names it: a fact is posted once. Frozen whole, with its postings."""

    __tablename__ = "ledger_entries"
    __table_args__ = table(
        Index("ix_ledger_entries_day", "posted_at", "id"),
        Index("ix_ledger_entries_about", "about_ref"),
        Index("ix_ledger_entries_kind", "kind", "id"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(exact(100), unique=True)
    kind: Mapped[EntryKind] = mapped_column(Choice(EntryKind))
    about_kind: Mapped[str] = mapped_column(exact(40))
    about_id: Mapped[BigInt]
    about_ref: Mapped[Exact]
    currency: Mapped[Currency]
    posting_count: Mapped[int] = mapped_column(Integer)  # none can be added afterwards: see immutability
    posted_at: Mapped[datetime] = mapped_column(UTCDateTime())
    postings: Mapped[list["LedgerPosting"]] = relationship(order_by="LedgerPosting.position", back_populates="entry")

    @property
    def about(self) -> Subject:
        return Subject(self.about_kind, self.about_id, self.about_ref)


class LedgerPosting(Base):
    """One side of an entry: debit above zero, credit below. Frozen whole."""

    __tablename__ = "ledger_postings"
    __table_args__ = table(
        UniqueConstraint("entry_id", "position"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index("ix_ledger_postings_account", "account", "currency", "id"),
        Index("ix_ledger_postings_sums", "account", "currency", "amount"),
        Index("ix_ledger_postings_day", "posted_at", "id"),
    )

    id: Mapped[Id]
    entry_id: Mapped[BigInt] = mapped_column(ForeignKey("ledger_entries.id"))
    position: Mapped[int] = mapped_column(Integer)
    account: Mapped[Account] = mapped_column(Choice(Account))
    currency: Mapped[Currency]
    amount: Mapped[BigInt]
    posted_at: Mapped[datetime] = mapped_column(UTCDateTime())  # the entry's
    entry: Mapped[LedgerEntry] = relationship(back_populates="postings", lazy="joined", innerjoin=True)

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def ref(self) -> str:
        """What its page is found by."""
        return self.entry.key

    @property
    def fact(self) -> EntryKind:
        return self.entry.kind

    @property
    def about_ref(self) -> str:
        return self.entry.about_ref

    @property
    def debit(self) -> Money | None:
        return self.money if self.amount > 0 else None

    @property
    def credit(self) -> Money | None:
        return -self.money if self.amount < 0 else None
