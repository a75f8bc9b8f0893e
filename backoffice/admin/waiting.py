"""What waits for a person: by desk in one look per page, each count through an index; and on the start page in words, by
role, where stock is counted too."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select

from backoffice.admin import access
from backoffice.cases import seeing
from backoffice.cases import service as cases
from backoffice.cases.models import Case
from backoffice.catalog.models import Product, Variant
from backoffice.core.looks import look
from backoffice.core.once import once
from backoffice.disputes.models import Dispute, DisputeState
from backoffice.fulfilment.models import Fulfilment, FulfilmentState
from backoffice.payments.models import Payment, PaymentState
from backoffice.reconciliation.models import Break, BreakState, Payout
from backoffice.refunds.models import Refund, RefundState
from backoffice.staff.roles import Role
from backoffice.stock.models import StockItem
from backoffice.tasks.models import Task, TaskState
from integrations.payments.balance import PayoutStatus

MOST = 999  # beyond that a count says nothing new, and costs

# Desk → the filter that leaves what is counted there.
NARROWED = {
    "cases": "state=open", "orders": "delivery=open", "disputes": "state=needs_response", "breaks": "state=open",
    "payments": "state=unknown", "refunds": "state=unknown", "tasks": "state=gave_up",
}  # fmt: skip


@dataclass(frozen=True)
class Wait:
    """Work that waits at a desk, as the start page of those tells it who do it."""

    desk: str
    words: str
    narrowed: str
    roles: frozenset[Role]
    count: Select[Any] | None = None  # where the sidebar has none


_O, _F, _C, _A = Role.OPERATIONS, Role.FINANCE, Role.CATALOGUE, Role.ADMINISTRATOR
_FREE = StockItem.on_hand - StockItem.held
_SOLD = (Variant.published, Product.published)
_ON_SHELF = (  # MariaDB and MySQL are told to begin with the stock: few items fit, and they would walk the whole catalogue
    select(StockItem.id)
    .join(Variant, Variant.id == StockItem.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .where(*_SOLD)
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .prefix_with("STRAIGHT_JOIN", dialect="mariadb")
)
WAITS = (
    Wait("orders", "Orders to be delivered", NARROWED["orders"], frozenset({_O, _A})),
    Wait("payments", "Payments whose outcome is unknown", NARROWED["payments"], frozenset({_O, _F, _A})),
    Wait("refunds", "Refunds whose outcome is unknown", NARROWED["refunds"], frozenset({_O, _F, _A})),
    Wait("disputes", "Disputes to answer", NARROWED["disputes"], frozenset({_O, _F, _A})),
    Wait("breaks", "Differences with the provider's books", NARROWED["breaks"], frozenset({_F, _A})),
    Wait("payouts", "Payouts to sign off", "state=paid&signed=no", frozenset({_F, _A}),
         select(Payout.id).where(Payout.state == PayoutStatus.PAID, Payout.signed_at.is_(None))),
    Wait("tasks", "Tasks that gave up", NARROWED["tasks"], frozenset({_O, _A})),
    Wait("stock", "Sold out on the shelf", "level=shelf", frozenset({_C, _A}), _ON_SHELF.where(_FREE <= 0)),
)  # fmt: skip


# two conditions instead of a list: what a list holds is put into its statement anew each time
_TO_SHIP = or_(Fulfilment.state == FulfilmentState.OPEN, Fulfilment.state == FulfilmentState.PARTLY)


def at_desks() -> list[tuple[Wait, int]]:
    """What waits for colleagues of this role, in the order of their day, and how much."""
    mine = [wait for wait in WAITS if access.my_role() in wait.roles]
    known = dict(counts())
    if any(wait.count is not None for wait in mine):
        known |= look(_uncounted(access.my_role())).mappings().one()
    return [(wait, known[wait.desk]) for wait in mine if known[wait.desk]]


@cache
def _uncounted(role: Role) -> Select[*tuple[Any, ...]]:
    """What the sidebar does not count."""
    return _numbers({wait.desk: wait.count for wait in WAITS if wait.count is not None and role in wait.roles})


def counts() -> Mapping[str, int]:
    """Desk → how much waits there for the colleague who asks, looked up once per request. Counting stops at ``MOST``."""
    return once("waiting", lambda: dict(look(_counted(access.my_role())).mappings().one()))


@cache
def _counted(role: Role) -> Select[*tuple[Any, ...]]:
    wanted = {
        "cases": select(Case.id).where(cases.awake(), seeing.seen_by(role)),
        "orders": select(Fulfilment.id).where(_TO_SHIP),
        "disputes": select(Dispute.id).where(Dispute.state == DisputeState.NEEDS_RESPONSE),
        "breaks": select(Break.id).where(Break.state == BreakState.OPEN),
        "payments": select(Payment.id).where(Payment.state == PaymentState.UNKNOWN),
        "refunds": select(Refund.id).where(Refund.state == RefundState.UNKNOWN),
        "tasks": select(Task.id).where(Task.state == TaskState.GAVE_UP),
    }
    return _numbers(wanted)


def _numbers(wanted: Mapping[str, Select[Any]]) -> Select[*tuple[Any, ...]]:
    counted = (
        select(func.count()).select_from(query.limit(MOST).subquery()).scalar_subquery().label(desk)
        for desk, query in wanted.items()
    )
    return select(*counted)
