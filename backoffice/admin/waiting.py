"""What waits for a person, by desk: one look per page, each count through an index."""

from sqlalchemy import ScalarSelect, func, select

from backoffice.admin import troubles
from backoffice.cases import service as cases
from backoffice.cases.models import Case
from backoffice.core.db import session
from backoffice.disputes.models import Dispute, DisputeState
from backoffice.fulfilment.models import Fulfilment, FulfilmentState
from backoffice.payments.models import Payment, PaymentState
from backoffice.reconciliation.models import Break, BreakState
from backoffice.tasks.models import Task, TaskState

MOST = 999  # beyond that a count says nothing new, and costs


def counts() -> dict[str, int]:
    """Desk → how much waits there. Counting stops at ``MOST``."""
    wanted = {
        "cases": select(Case.id).where(cases.awake(), troubles.seen()),
        "orders": select(Fulfilment.id).where(Fulfilment.state.in_((FulfilmentState.OPEN, FulfilmentState.PARTLY))),
        "disputes": select(Dispute.id).where(Dispute.state == DisputeState.NEEDS_RESPONSE),
        "breaks": select(Break.id).where(Break.state == BreakState.OPEN),
        "payments": select(Payment.id).where(Payment.state == PaymentState.UNKNOWN),
        "tasks": select(Task.id).where(Task.state == TaskState.GAVE_UP),
    }
    parts: list[ScalarSelect[int]] = [
        select(func.count()).select_from(query.limit(MOST).subquery()).scalar_subquery() for query in wanted.values()
    ]
    return dict(zip(wanted, session.execute(select(*parts)).one(), strict=True))
