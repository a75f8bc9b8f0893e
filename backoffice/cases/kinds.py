"""What a case can be about: the sentence an operator reads, and the next best action."""

from dataclasses import dataclass
from enum import StrEnum


class CaseKind(StrEnum):
    PAYMENT_UNKNOWN = "payment_unknown"
    PAYMENT_REFUSED = "payment_refused"
    UNEXPECTED_MONEY = "unexpected_money"
    AMOUNT_DIFFERS = "amount_differs"
    UNMATCHED_MONEY = "unmatched_money"
    HOLD_PROLONGED = "hold_prolonged"
    TASK_GAVE_UP = "task_gave_up"
    WITHDRAWAL = "withdrawal"
    ACCOUNT_DELETION = "account_deletion"
    DATE_DECLINED = "date_declined"


@dataclass(frozen=True)
class Wording:
    title: str
    what: str
    next: str


WORDINGS: dict[CaseKind, Wording] = {
    CaseKind.PAYMENT_UNKNOWN: Wording(
        "The provider has not said what became of a payment.",
        "It was asked several times with the same key and did not answer. The customer may have paid.",
        "Ask the provider now. If it stays silent, look the payment up in its dashboard by our reference.",
    ),
    CaseKind.PAYMENT_REFUSED: Wording(
        "The provider refused to open a payment page.",
        "It will refuse again until the cause is mended; customers cannot pay meanwhile.",
        "Read the provider's code below, mend the configuration, then let the customer try again.",
    ),
    CaseKind.UNEXPECTED_MONEY: Wording(
        "Money arrived for an order that no longer expected it.",
        "The provider holds the customer's money, but the order had ended and its stock was released.",
        "Agree with the customer: return the money at the provider, or accept a new order for it.",
    ),
    CaseKind.AMOUNT_DIFFERS: Wording(
        "The provider captured another amount than we asked for.",
        "The payment is kept as it is. If too little came, the order waits and its stock stays held.",
        "Compare both sums with the provider's dashboard, then correct it there or with the customer.",
    ),
    CaseKind.UNMATCHED_MONEY: Wording(
        "The provider speaks of a payment that we do not know.",
        "It says that money was captured, but no payment of ours has its reference.",
        "Look it up in the provider's dashboard: another system may use the same account, or a backup was restored.",
    ),
    CaseKind.HOLD_PROLONGED: Wording(
        "An order cannot expire because the provider does not answer.",
        "Its stock stays held until the provider says that the payment page is closed.",
        "Ask the provider now. If it has an outage, wait; the order closes itself afterwards.",
    ),
    CaseKind.TASK_GAVE_UP: Wording(
        "A task failed too often and stopped trying.",
        "What it should have done has not happened.",
        "Read its last error, mend the cause, then start it again.",
    ),
    CaseKind.WITHDRAWAL: Wording(
        "A customer withdraws from a contract.",
        "The declaration is valid from the moment it arrived. What was paid must be returned within 14 days.",
        "Find the order named below, agree on the return of the goods, and return the money.",
    ),
    CaseKind.ACCOUNT_DELETION: Wording(
        "A customer asks for their account to be deleted.",
        "Invoices and what proves them must be kept for as long as the law says; the rest must go within a month.",
        "Check for open orders and claims, then close the account.",
    ),
    CaseKind.DATE_DECLINED: Wording(
        "A customer cannot take the date we proposed.",
        "The service is paid and waits for another date.",
        "Read what would suit them on the page of the order, and propose another date.",
    ),
}
