"""The provider's lines as people read them: one, those of a payout, and what a payout is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money
from backoffice.core.ports import of_this_account
from backoffice.reconciliation.models import Break, Payout, ProviderLine
from backoffice.reconciliation.postings import PAID_OUT
from integrations.payments.balance import LineKind

MOST = 50


@dataclass(frozen=True)
class Part:
    """All lines of one kind in a payout."""

    kind: LineKind
    count: int
    moved: Money
    kept: Money

    @property
    def net(self) -> Money:
        return self.moved - self.kept


def by_ref(ref: str) -> ProviderLine:
    """Raises NotFound."""
    line = session.scalars(select(ProviderLine).where(ProviderLine.ref == ref)).one_or_none()
    if line is None:
        raise NotFound("line")
    return line


def get(line_id: int) -> ProviderLine:
    return session.get_one(ProviderLine, line_id)


def of_payout(payout: Payout, most: int = MOST) -> Sequence[ProviderLine]:
    """The first lines of a payout, oldest first."""
    query = select(ProviderLine).where(ProviderLine.payout_id == payout.id).options(joinedload(ProviderLine.payment))
    return session.scalars(query.order_by(ProviderLine.id).limit(most)).all()


def made_of(payout: Payout) -> list[Part]:
    """What a payout is made of, by kind."""
    query = (
        select(ProviderLine.kind, func.count(), func.sum(ProviderLine.amount), func.sum(ProviderLine.fee))
        .where(ProviderLine.payout_id == payout.id)
        .group_by(ProviderLine.kind)
    )
    order = list(LineKind)
    parts = [
        Part(kind, count, Money(int(moved), payout.currency), Money(int(kept), payout.currency))
        for kind, count, moved, kept in session.execute(query)
    ]
    return sorted(parts, key=lambda part: order.index(part.kind))


def kept_for(source: str) -> list[Money]:
    """What the provider kept for one thing of its own (a dispute), by currency; nothing while no line told of it."""
    query = (
        select(ProviderLine.currency, func.sum(ProviderLine.fee))
        .where(*of_this_account(ProviderLine), ProviderLine.source_ref == source)
        .group_by(ProviderLine.currency)
    )
    return [Money(int(fee), currency) for currency, fee in session.execute(query) if fee]


def payout_itself(line: ProviderLine) -> Payout | None:
    """The payout that a line is, where it is one: money that left, or came back."""
    if line.kind not in PAID_OUT:
        return None
    query = select(Payout).where(
        Payout.provider == line.provider, Payout.account == line.account, Payout.mode == line.mode,
        Payout.provider_ref == line.source_ref,
    )  # fmt: skip
    return session.scalars(query).one_or_none()


def differences(line: ProviderLine) -> Sequence[Break]:
    """What does not agree about a line, or about the payment it belongs to, and is not closed."""
    about = Break.line_id == line.id
    if line.payment_id is not None:
        about = or_(about, Break.payment_id == line.payment_id)
    return session.scalars(select(Break).where(Break.open_key.is_not(None), about).order_by(Break.id)).all()
