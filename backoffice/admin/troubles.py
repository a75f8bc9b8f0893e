"""What is wrong with a thing, on its own page: the open cases about it, each with its next best action as a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import ColumnElement

from backoffice.admin import access
from backoffice.admin.actions import Action
from backoffice.cases import seeing
from backoffice.cases import service as cases
from backoffice.cases.kinds import WORDINGS, CaseKind, Wording
from backoffice.cases.models import Case, CaseState
from backoffice.core import clock, formatting
from backoffice.core.tracking import Subject
from backoffice.staff.roles import Right

DESKS = MappingProxyType(
    {
        "order": "orders", "payment": "payments", "invoice": "invoices", "task": "tasks", "webhook_event": "webhooks",
        "case": "cases", "staff": "staff", "mail": "mails", "person": "customers", "product": "products",
        "shipment": "shipments", "stock": "stock", "batch": "batches", "refund": "refunds", "credit_note": "credit_notes",
        "dispute": "disputes", "break": "breaks", "payout": "payouts", "provider_line": "provider_lines",
    }
)  # fmt: skip


def sees(subject: Subject) -> bool:
    """Whether the colleague may see what this is about."""
    return seeing.sees(access.my_role(), subject.kind)


def seen() -> ColumnElement[bool]:
    """Condition: the cases that the colleague may see."""
    return seeing.seen_by(access.my_role())


@dataclass(frozen=True)
class Best:
    """The next best action of a kind of case: a POST below the page of what it is about."""

    label: str
    verb: str
    right: Right
    asks: str = ""


ASK = Best("Ask the provider now", "ask", Right.ASK_PROVIDER)
BEST: MappingProxyType[CaseKind, Best] = MappingProxyType(
    {
        CaseKind.PAYMENT_UNKNOWN: ASK,
        CaseKind.AMOUNT_DIFFERS: ASK,
        CaseKind.HOLD_PROLONGED: ASK,
        CaseKind.REFUND_UNKNOWN: ASK,
        CaseKind.DISPUTE_UNKNOWN: ASK,
        CaseKind.REFUND_FAILED: Best("Send it again", "again", Right.REFUND, "Why does it go out again?"),
        CaseKind.ACCOUNT_DELETION: Best("Close the account", "close", Right.CLOSE_ACCOUNTS, "Why is it closed?"),
        CaseKind.TASK_GAVE_UP: Best("Run it now", "retry", Right.RETRY_TASKS, "Why is it run again?"),
    }
)


@dataclass(frozen=True)
class Trouble:
    """One open case as the page of its subject shows it."""

    case: Case
    wording: Wording
    age: str
    owner: str
    offers: Sequence[Action]


def called(kind: str) -> str:
    """What a colleague calls the kind of thing that a case is about."""
    return {"person": "customer", "invariant": "promise"}.get(kind, kind.replace("_", " "))


def place_of(subject: Subject) -> str:
    """Where a subject has its page; empty where it has none."""
    if subject.kind == "invariant":
        return f"/admin/promises/#{subject.ref}"
    desk = DESKS.get(subject.kind)
    return f"/admin/{desk}/{subject.ref}" if desk else ""


def of(subjects: Sequence[Subject]) -> list[Trouble]:
    return [_trouble(case) for case in cases.open_about(subjects)]


def best(case: Case, back: str = "") -> list[Action]:
    """The next best action, where it is one press; it leads back to ``back``."""
    known = BEST.get(CaseKind(case.kind))
    place = place_of(case.about)
    if not known or not place or case.state != CaseState.OPEN:
        return []
    return [Action(known.label, f"{place}/{known.verb}", known.right, asks=known.asks, first=not known.asks, back=back)]


def take(case: Case, back: str = "") -> Action:
    """Make it mine."""
    return Action("Take it", f"/admin/cases/{case.ref}/take", Right.RESOLVE_CASES, back=back)


def _trouble(case: Case) -> Trouble:
    back = place_of(case.about)
    offers = [*best(case, back), *([] if case.owner else [take(case, back)])]
    return Trouble(
        case,
        WORDINGS[CaseKind(case.kind)],
        formatting.age(case.opened_at, clock.now()),
        case.owner.name if case.owner else "",
        offers,
    )
