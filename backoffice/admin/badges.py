"""States as badges: a shape, a word and a colour, never a colour alone."""

from enum import Enum
from functools import lru_cache

from markupsafe import Markup, escape

DONE, PART, WAITING, WRONG, UNKNOWN = ("good", "●"), ("warn", "◐"), ("calm", "○"), ("bad", "▲"), ("odd", "◇")

SHAPES = {
    "paid": DONE,
    "settled": DONE,
    "issued": DONE,
    "done": DONE,
    "sent_mail": DONE,
    "succeeded": DONE,
    "refunded": PART,
    "paid_otherwise": DONE,
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
    "pending": PART,
    "failed": WRONG,
    "processing": PART,
    "requires_action": PART,
    "needs_response": WRONG,
    "under_review": PART,
    "won": DONE,
    "kept": DONE,
    "barred": WRONG,
    "in_transit": PART,
    "explained": DONE,
    "break_open": WRONG,
    "break_closed": DONE,
    "lost": WRONG,
    "closed": WAITING,
    "accepted": DONE,
    "part_paid": PART,
    "in_review": WRONG,
    "declined": WRONG,
    "rejected": WRONG,
    "refused": WRONG,
    "running": PART,
    "gave_up": WRONG,
    "unknown": UNKNOWN,
    "delivery_open": WAITING,
    "delivery_partly": PART,
    "delivery_done": DONE,
    "delivery_withdrawn": WAITING,
    "visit_wanted": WAITING,
    "visit_proposed": PART,
    "visit_agreed": PART,
    "visit_done": DONE,
}
WORDS = {"sent": "Page open", "open": "Open", "placed": "Awaiting payment", "created": "Prepared", "gave_up": "Gave up",
         "succeeded": "Given back", "pending": "On its way", "needs_response": "Needs an answer"}  # fmt: skip

STANDING = {  # how something stands, after "is"; others as they are called
    "created": "prepared, and nothing was paid",
    "sent": "not paid yet, its page is open to the customer",
    "processing": "still being worked on",
    "requires_action": "waiting for the customer",
    "pending": "on its way",
    "succeeded": "given back",
    "needs_response": "waiting for our answer",
}


def words(state: Enum | str) -> str:
    value = state.value if isinstance(state, Enum) else str(state)
    return WORDS.get(value, value.replace("_", " ").capitalize())


def standing(state: Enum) -> str:
    """How something in this state stands, to follow "is"."""
    return STANDING.get(state.value, str(state.value).replace("_", " "))


@lru_cache(maxsize=1_024)
def badge(state: Enum | str, text: str = "", shape: str = "") -> Markup:
    """A state as shape and word."""
    value = shape or (state.value if isinstance(state, Enum) else str(state))
    tone, sign = SHAPES.get(value, WAITING)
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(
        tone, sign, escape(text or words(state))
    )
