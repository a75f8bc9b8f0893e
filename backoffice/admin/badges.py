"""States as badges: a shape, a word and a colour, never a colour alone. And the counts of what waits."""

from enum import Enum

from markupsafe import Markup, escape
from sqlalchemy import func, select

from backoffice.cases.models import Case, CaseState
from backoffice.core.db import session
from backoffice.payments.models import Payment, PaymentState
from backoffice.tasks.models import Task, TaskState

DONE, PART, WAITING, WRONG, UNKNOWN = ("good", "●"), ("warn", "◐"), ("calm", "○"), ("bad", "▲"), ("odd", "◇")

SHAPES = {
    "paid": DONE,
    "settled": DONE,
    "issued": DONE,
    "done": DONE,
    "sent_mail": DONE,
    "resolved": DONE,
    "handled": DONE,
    "placed": WAITING,
    "draft": WAITING,
    "created": WAITING,
    "sent": WAITING,
    "waiting": WAITING,
    "received": WAITING,
    "ignored": WAITING,
    "open": WAITING,
    "not_due": WAITING,
    "discarded": WAITING,
    "cancelled": WAITING,
    "expired": WAITING,
    "processing": PART,
    "requires_action": PART,
    "part_paid": PART,
    "in_review": WRONG,
    "declined": WRONG,
    "rejected": WRONG,
    "gave_up": WRONG,
    "unknown": UNKNOWN,
    "delivery_open": WAITING,
    "delivery_partly": PART,
    "delivery_done": DONE,
    "delivery_withdrawn": WRONG,
    "visit_wanted": WAITING,
    "visit_proposed": PART,
    "visit_agreed": PART,
    "visit_done": DONE,
}
WORDS = {"sent": "Page open", "open": "Open", "placed": "Not paid yet", "created": "Prepared", "gave_up": "Gave up"}


def words(state: Enum | str) -> str:
    value = state.value if isinstance(state, Enum) else str(state)
    return WORDS.get(value, value.replace("_", " ").capitalize())


def badge(state: Enum | str, text: str = "", shape: str = "") -> Markup:
    """A state as shape and word."""
    value = shape or (state.value if isinstance(state, Enum) else str(state))
    tone, sign = SHAPES.get(value, WAITING)
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(
        tone, sign, escape(text or words(state))
    )


def waiting() -> dict[str, int]:
    """What waits for a person, by screen: read once per page, each count through an index."""
    return {
        "cases": _count(select(func.count()).where(Case.state == CaseState.OPEN)),
        "payments": _count(select(func.count()).where(Payment.state == PaymentState.UNKNOWN)),
        "tasks": _count(select(func.count()).where(Task.state == TaskState.GAVE_UP)),
    }


def _count(query: object) -> int:
    return int(session.scalar(query) or 0)  # type: ignore[call-overload]
