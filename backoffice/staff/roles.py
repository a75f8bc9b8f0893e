"""Who may do what in the office: one matrix, as data. Screens ask it; nothing else decides."""

from enum import StrEnum

from backoffice.core.errors import CounterfoilError


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATIONS = "operations"
    FINANCE = "finance"
    CATALOGUE = "catalogue"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """Something that can be seen or done. The value completes "Your role does not let you …"."""

    SEE_INBOX = "see the inbox"
    SEE_SALES = "see orders and customers"
    SEE_MONEY = "see payments and invoices"
    SEE_CATALOGUE = "see the catalogue"
    SEE_RECORDS = "see audit, mails and the machine room"
    SEE_STAFF = "see the accounts of colleagues"
    ASK_PROVIDER = "ask the payment provider"
    REFUND = "give money back"
    ANSWER_DISPUTES = "answer disputes"
    RECONCILE = "explain differences and sign off payouts"
    CANCEL_ORDERS = "cancel orders"
    DELIVER = "change deliveries"
    RESOLVE_CASES = "resolve cases"
    RETRY_TASKS = "run tasks again or cancel them"
    REPLAY_EVENTS = "handle events once more"
    LOOK_CLOSER = "have promises and events looked into"
    SEND_MAILS = "send mails to customers"
    CORRECT_ORDERS = "correct orders"
    EDIT_CATALOGUE = "change the catalogue"
    CHANGE_PRICES = "change prices"
    MOVE_STOCK = "receive and correct stock"
    CLOSE_ACCOUNTS = "close the accounts of customers"
    BAR_CUSTOMERS = "bar customers and their cards"
    WRITE_NOTES = "write notes"
    EXPORT = "take lists with you"
    SAVE_VIEWS = "keep views of your own"
    SHARE_VIEWS = "share views with colleagues"
    PUBLISH_TEXTS = "publish legal texts"
    MANAGE_STAFF = "change the accounts of colleagues"


_ALL = frozenset(Role)
_READERS = _ALL - {Role.CATALOGUE}
_MONEY = frozenset({Role.OPERATIONS, Role.FINANCE, Role.ADMINISTRATOR})
_OPERATIONS = frozenset({Role.OPERATIONS, Role.ADMINISTRATOR})
_CATALOGUE = frozenset({Role.CATALOGUE, Role.ADMINISTRATOR})
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

MATRIX: dict[Right, frozenset[Role]] = {
    Right.SEE_INBOX: _ALL,
    Right.SEE_SALES: _READERS,
    Right.SEE_MONEY: _READERS,
    Right.SEE_CATALOGUE: _ALL,
    Right.SEE_RECORDS: _READERS,
    Right.SEE_STAFF: _ADMINISTRATORS,
    Right.ASK_PROVIDER: _MONEY,
    Right.REFUND: _MONEY,
    Right.ANSWER_DISPUTES: _MONEY,
    Right.RECONCILE: frozenset({Role.FINANCE, Role.ADMINISTRATOR}),
    Right.CANCEL_ORDERS: _OPERATIONS,
    Right.DELIVER: _OPERATIONS,
    Right.RESOLVE_CASES: _ALL - {Role.VIEWER},
    Right.RETRY_TASKS: _OPERATIONS,
    Right.REPLAY_EVENTS: _OPERATIONS,
    Right.LOOK_CLOSER: _MONEY,
    Right.SEND_MAILS: _MONEY,
    Right.CORRECT_ORDERS: _OPERATIONS,
    Right.EDIT_CATALOGUE: _CATALOGUE,
    Right.CHANGE_PRICES: _CATALOGUE,
    Right.MOVE_STOCK: _CATALOGUE | _OPERATIONS,
    Right.CLOSE_ACCOUNTS: _OPERATIONS,
    Right.BAR_CUSTOMERS: _MONEY,
    Right.WRITE_NOTES: _ALL - {Role.VIEWER},
    Right.EXPORT: _ALL - {Role.VIEWER},  # of the lists that a role sees
    Right.SAVE_VIEWS: _ALL,
    Right.SHARE_VIEWS: _ALL - {Role.VIEWER},
    Right.PUBLISH_TEXTS: _ADMINISTRATORS,
    Right.MANAGE_STAFF: _ADMINISTRATORS,
}


class NotAllowed(CounterfoilError):
    status = 403

    def __init__(self, right: Right) -> None:
        super().__init__(f"Your role does not let you {right}. {whom_to_ask(right)}")


def may(role: Role, right: Right) -> bool:
    return role in MATRIX[right]


_ASKED = {
    Role.OPERATIONS: "operations",
    Role.FINANCE: "finance",
    Role.CATALOGUE: "the catalogue desk",
    Role.ADMINISTRATOR: "an administrator",
    Role.VIEWER: "a viewer",
}


def whom_to_ask(right: Right) -> str:
    """Who could do it instead, as a sentence."""
    others = [_ASKED[role] for role in Role if role in MATRIX[right]]
    return f"Ask {' or '.join(', '.join(others).rsplit(', ', 1))}."
