"""What is wrong with a thing, on its own page: the open cases about it, each with its next best action as a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement

from backoffice.admin import access
from backoffice.admin.actions import Action
from backoffice.cases import seeing
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.cases.wordings import WORDINGS, Wording
from backoffice.core import clock, formatting, references
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


def places_of(subjects: Sequence[Subject]) -> list[tuple[str, str, str]]:
    """What each is called, its reference, and its page."""
    return [(called(item.kind), item.ref, place_of(item)) for item in subjects]


def seen() -> ColumnElement[bool]:
    """Condition: the cases that the colleague may see."""
    return seeing.seen_by(access.my_role())


@dataclass(frozen=True)
class Best:
    """The next best action of a kind of case: a POST below the page of what it is about (``verb``), one at an address of its
    own (``press``), or the page on which it is done (``page``, with {ref} of what the case is about)."""

    label: str
    verb: str
    right: Right
    asks: str = ""
    press: str = ""
    page: str = ""


def _page(label: str, page: str, right: Right) -> Best:
    return Best(label, "", right, page=page)


ASK = Best("Ask the provider now", "ask", Right.ASK_PROVIDER)
ANSWER = _page("Answer the dispute", "/admin/disputes/{ref}/answer", Right.ANSWER_DISPUTES)
BEST: MappingProxyType[CaseKind, Best] = MappingProxyType(
    {
        CaseKind.PAYMENT_REFUSED: _page("Read the refusal", "/admin/payments/{ref}", Right.SEE_MONEY),
        CaseKind.UNEXPECTED_MONEY: _page("Give the money back", "/admin/refunds/of/{ref}", Right.REFUND),
        CaseKind.UNMATCHED_MONEY: Best(
            "Handle the event again", "replay", Right.REPLAY_EVENTS, "What is different now?"
        ),
        CaseKind.REFUND_REFUSED: _page("Read the refusal", "/admin/refunds/{ref}", Right.SEE_MONEY),
        CaseKind.REFUND_ELSEWHERE: _page("See what was given back", "/admin/refunds/{ref}", Right.SEE_MONEY),
        CaseKind.REFUND_TWICE: _page("See what went twice", "/admin/refunds/{ref}", Right.SEE_MONEY),
        CaseKind.REFUND_OVERTAKEN: _page("See what was given back", "/admin/refunds/{ref}", Right.SEE_MONEY),
        CaseKind.DISPUTE_OPEN: ANSWER,
        CaseKind.DISPUTE_DUE: ANSWER,
        CaseKind.DISPUTE_REFUSED: ANSWER,
        CaseKind.DISPUTE_LOST: _page("See what is lost", "/admin/disputes/{ref}", Right.SEE_MONEY),
        CaseKind.FRAUD_WARNED: _page("Give the money back", "/admin/refunds/of/{ref}", Right.REFUND),
        CaseKind.RECONCILIATION_BREAK: _page("Compare both sides", "/admin/breaks/{ref}", Right.SEE_MONEY),
        CaseKind.PAYOUT_FAILED: _page("Read why it came back", "/admin/payouts/{ref}", Right.SEE_MONEY),
        CaseKind.BOOKS_SILENT: Best("Reconcile now", "", Right.ASK_PROVIDER, press="/admin/breaks/compare"),
        CaseKind.EVENTS_MISSED: Best("Reconcile now", "", Right.ASK_PROVIDER, press="/admin/breaks/compare"),
        CaseKind.WITHDRAWAL: _page("Open the order", "/admin/orders/{ref}", Right.SEE_SALES),
        CaseKind.DATE_DECLINED: _page("Propose another date", "/admin/orders/{ref}", Right.DELIVER),
        CaseKind.INVARIANT_BROKEN: Best("Check it again", "", Right.LOOK_CLOSER, press="/admin/promises/check"),
        CaseKind.WEBHOOKS_SILENT: _page("See what arrived last", "/admin/webhooks/", Right.SEE_RECORDS),
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
    asleep_until: datetime | None
    offers: Sequence[Action]


def called(kind: str) -> str:
    """What a colleague calls the kind of thing that a case is about."""
    return {"person": "customer", "invariant": "promise", "break": "difference"}.get(kind, kind.replace("_", " "))


def place_of(subject: Subject) -> str:
    """Where a subject has its page; empty where it has none."""
    if subject.kind == "invariant":
        return f"/admin/promises/#{subject.ref}"
    desk = DESKS.get(subject.kind)
    return f"/admin/{desk}/{subject.ref}" if desk else ""


def of(subjects: Sequence[Subject]) -> list[Trouble]:
    """What is open about these subjects: awake first, and what costs most before the rest."""
    known = [_trouble(case) for case in cases.open_about(subjects)]
    return sorted(known, key=lambda item: (item.asleep_until is not None, -(item.case.at_risk_amount or 0)))


def best(case: Case, back: str = "") -> list[Action]:
    """The next best action while the case is open: one press that leads back to ``back``, or the page where it is done."""
    if case.state != CaseState.OPEN:
        return []
    known = BEST[CaseKind(case.kind)]
    if CaseKind(case.kind) == CaseKind.WITHDRAWAL and case.about_kind != "order":  # of an order that nobody found
        known = _page("Look for the order", "/admin/orders/", Right.SEE_SALES)
    if known.page:
        return [Action(known.label, known.page.format(ref=case.about_ref), known.right, first=True, is_link=True)]
    url = known.press or f"{place_of(case.about)}/{known.verb}"
    key = references.new("key") if known.press else ""
    return [Action(known.label, url, known.right, asks=known.asks, first=True, back=back, key=key)]


def take(case: Case, back: str = "") -> Action:
    """Make it mine."""
    label, seen = ("Take it over", f"?from={case.owner.ref}") if case.owner else ("Take it", "")
    return Action(label, f"/admin/cases/{case.ref}/take{seen}", Right.RESOLVE_CASES, back=back)


def _trouble(case: Case) -> Trouble:
    back = place_of(case.about)
    steps = [item for item in best(case, back) if item.url != back]  # no button to where one is
    asleep_until = cases.asleep_until(case)
    offers = [*steps, *([] if case.owner or asleep_until else [take(case, back)])]
    return Trouble(
        case,
        WORDINGS[CaseKind(case.kind)],
        formatting.age(case.opened_at, clock.now()),
        case.owner.name if case.owner else "",
        asleep_until,
        offers,
    )
