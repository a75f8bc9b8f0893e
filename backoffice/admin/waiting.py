"""What waits for a person, by desk: one look per page, each count through an index."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select

from backoffice.admin import access
from backoffice.cases import seeing
from backoffice.cases import service as cases
from backoffice.cases.models import Case
from backoffice.core.looks import look
from backoffice.disputes.models import Dispute, DisputeState
from backoffice.fulfilment.models import Fulfilment, FulfilmentState
from backoffice.payments.models import Payment, PaymentState
from backoffice.reconciliation.models import Break, BreakState
from backoffice.staff.roles import Role
from backoffice.tasks.models import Task, TaskState

MOST = 999  # beyond that a count says nothing new, and costs


# two conditions instead of a list: what a list holds is put into its statement anew each time
_TO_SHIP = or_(Fulfilment.state == FulfilmentState.OPEN, Fulfilment.state == FulfilmentState.PARTLY)


def counts() -> Mapping[str, int]:
    """Desk → how much waits there for the colleague who asks. Counting stops at ``MOST``."""
    return dict(look(_counted(access.my_role())).mappings().one())


@cache
def _counted(role: Role) -> Select[*tuple[Any, ...]]:
    wanted = {
        "cases": select(Case.id).where(cases.awake(), seeing.seen_by(role)),
        "orders": select(Fulfilment.id).where(_TO_SHIP),
        "disputes": select(Dispute.id).where(Dispute.state == DisputeState.NEEDS_RESPONSE),
        "breaks": select(Break.id).where(Break.state == BreakState.OPEN),
        "payments": select(Payment.id).where(Payment.state == PaymentState.UNKNOWN),
        "tasks": select(Task.id).where(Task.state == TaskState.GAVE_UP),
    }
    return select(
        *(
            select(func.count()).select_from(query.limit(MOST).subquery()).scalar_subquery().label(desk)
            for desk, query in wanted.items()
        )
    )
