"""Who may see a case: it says much of what it is about, so whoever may not see that does not see the case."""

from types import MappingProxyType

from sqlalchemy import ColumnElement, true

from backoffice.cases.models import Case
from backoffice.staff.roles import Right, Role, may

# What a case is about → the right that seeing it asks for; what is not named here, everybody sees.
_SEEN_BY = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "order",
                "person",
                "shipment",
                "withdrawal",
                "fulfilment",
                "appointment",
                "payment_method",
                "method_setup",
                "card_bar",
            ),
            Right.SEE_SALES,
        ),
        **dict.fromkeys(
            ("payment", "invoice", "refund", "credit_note", "dispute", "break", "payout", "provider_line"),
            Right.SEE_MONEY,
        ),
        **dict.fromkeys(("task", "webhook_event", "mail", "audit", "invariant"), Right.SEE_RECORDS),
        "staff": Right.SEE_STAFF,
    }
)


def sees(role: Role, kind: str) -> bool:
    """Whether a role may see things of this kind, and cases about them."""
    right = _SEEN_BY.get(kind)
    return right is None or may(role, right)


def seen_by(role: Role) -> ColumnElement[bool]:
    """Condition: the cases that a role may see."""
    hidden = [kind for kind in _SEEN_BY if not sees(role, kind)]
    return Case.about_kind.not_in(hidden) if hidden else true()
