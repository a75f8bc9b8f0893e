"""The books a history is written into: rows by table, and what the next ones continue."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from backoffice.core import sealing
from backoffice.core.references import ALPHABET
from backoffice.ledger.entries import Sides
from backoffice.ledger.models import EntryKind

PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
CUSTOMER, SYSTEM = "customer", ("system", "counterfoil")
Who = tuple[str, str]  # kind and reference of an actor


@dataclass
class Ware:
    """Something to sell; ``prices`` are those of the moment that is told of, ``asked`` those of today, the first of
    them from ``since`` on."""

    variant_id: int
    variant_ref: str
    item_id: int
    item_ref: str
    sku: str
    name: str
    prices: dict[str, int]
    asked: dict[str, int]
    since: str


@dataclass(frozen=True)
class Buyer:
    """A customer; ``sealed`` is the personal part of what the audit says of an order, as JSON."""

    index: int
    id: int
    ref: str
    email: str
    name: str
    street: str
    postcode: str
    city: str
    country: str
    phone: str
    sealed: str


@dataclass
class Books:
    """What the next rows continue: ids, numbers of papers, pieces on the shelf."""

    ids: dict[str, int]
    numbers: dict[tuple[str, int], int]  # series and year → last number
    latest: date  # of the last paper
    on_hand: dict[int, int]
    held: dict[int, int]
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)  # item → pieces more here, and held, in this batch
    rows: dict[str, list[list[Any]]] = field(default_factory=dict)
    fresh: dict[tuple[str, Any], list[list[Any]]] = field(default_factory=dict)  # what may change before it is written
    changes: dict[tuple[str, Any], dict[str, Any]] = field(
        default_factory=dict
    )  # of rows written before: table and key

    def id(self, table: str) -> int:
        self.ids[table] += 1
        return self.ids[table]

    def add(self, table: str, *values: Any) -> None:
        self.rows.setdefault(table, []).append(list(values))

    def keep(self, table: str, key: Any, *values: Any) -> None:
        """Add a row that ``change`` may be told of by ``key``: what its column in KEYS says."""
        row = list(values)
        self.rows.setdefault(table, []).append(row)
        self.fresh.setdefault((table, key), []).append(row)

    def change(self, table: str, key: Any, **values: Any) -> None:
        """Let rows say something else from now on, whether they are written already or not."""
        known = self.fresh.get((table, key))
        if known is None:
            self.changes.setdefault((table, key), {}).update(values)  # what is said last counts
            return
        for row in known:
            for name, value in values.items():
                row[PLACES[table][name]] = value

    def close(self) -> tuple[Any, ...]:
        """All that was written since the last time, as ``Page`` takes it; the next page is empty."""
        page = (self.rows, self.changes, self.moved, dict(self.numbers), self.latest)
        self.rows, self.fresh, self.changes, self.moved = {}, {}, {}, {}
        return page

    def move(
        self, item_id: int, kind: str, at: datetime, holder: str, reason: str, *, here: int = 0, held: int = 0
    ) -> None:
        """Pieces come, go, or are held for somebody."""
        self.on_hand[item_id] += here
        self.held[item_id] += held
        before = self.moved.get(item_id, (0, 0))
        self.moved[item_id] = (before[0] + here, before[1] + held)
        self.add("stock_movements", item_id, kind, here, held, holder, reason, stamp(at))

    def free(self, item_id: int) -> int:
        return self.on_hand[item_id] - self.held[item_id]

    def number(
        self, series: str, day: date, at: datetime, entity_id: int, *, invoice: int | None, note: int | None
    ) -> str:
        """The next number of a series; its day never falls behind that of the paper before."""
        self.latest = max(self.latest, day)
        year = self.latest.year
        position = self.numbers[series, year] = self.numbers.get((series, year), 0) + 1
        number = f"{series}-{year}-{position:06d}"
        self.add("number_register", entity_id, series, year, position, number, invoice, note, self.latest, stamp(at))
        return number

    def tell(
        self,
        at: datetime,
        tag: str,
        kind: str,
        row_id: int,
        ref: str,
        by: Who,
        request: str,
        changes: str,
        reason: str = "",
    ) -> None:
        """What the audit keeps of one change."""
        via = {"customer": "web", "staff": "office"}.get(by[0], "worker")
        self.add("audit_log", stamp(at), tag, kind, row_id, ref, by[0], by[1], reason, request, via, None, changes)

    def post(self, at: datetime, kind: EntryKind, about: tuple[str, int, str], sides: Sides, key: str = "") -> None:
        """What the ledger keeps of one fact; ``key`` tells several of one kind about one thing apart."""
        moved = [(account, money) for account, money in sides if money]
        entry_id, when, currency = self.id("ledger_entries"), stamp(at), moved[0][1].currency
        self.add("ledger_entries", entry_id, f"{kind}:{about[2]}{key}", kind.value, *about, currency, len(moved), when)
        for place, (account, money) in enumerate(moved, 1):
            self.add("ledger_postings", entry_id, place, account.value, currency, money.amount, when)


# Lines come before their invoices: a trigger lets no line into an invoice that is issued. Changes are written in the same
# order, for no line changes any more once it is.
COLUMNS: dict[str, str] = {
    "people": "id ref email name wrapped_key password_hash verified_at created_at barred_at barred_because",
    "person_terms": "term person_id",
    "orders": "id ref number checkout_key cart_id entity_id person_id terms_id state email name street postcode city country "
    "phone deliver_to gift_note delivery_code delivery_name currency total_amount placed_at payable_until paid_at",
    "order_lines": "id order_id position kind variant_id sku name quantity unit_amount vat_category vat_hundredths",
    "invoice_lines": "id invoice_id position sku name quantity unit_gross_amount net_amount gross_amount vat_category "
    "vat_hundredths issued_at",
    "invoice_taxes": "id invoice_id vat_category vat_hundredths net_amount vat_amount issued_at",
    "invoices": "id ref entity_id order_id state series year position number issued_on supplied_on seller buyer currency "
    "net_amount vat_amount gross_amount created_at collection_state paid_amount paid_at",
    "credit_note_lines": "credit_note_id position sku name quantity net_amount gross_amount vat_category vat_hundredths",
    "credit_note_taxes": "credit_note_id position vat_category vat_hundredths net_amount vat_amount",
    "credit_notes": "id ref entity_id invoice_id series year position number issued_on because seller buyer currency "
    "net_amount vat_amount gross_amount line_count tax_count created_at",
    "number_register": "entity_id series year position number invoice_id credit_note_id issued_on taken_at",
    "payments": "id ref invoice_id provider account mode idempotency_key claim request state currency amount captured_amount "
    "refunded_amount provider_ref page_url method method_fingerprint decline_code created_at settled_at asked_at unanswered "
    "last_answer",
    "refund_lines": "refund_id order_line_id quantity shelved still_sent",
    "refunds": "id ref request_key payment_id idempotency_key request state reason note currency amount provider_ref "
    "failure_code made_by again_of_id credit_note_id created_at accepted_at ended_at asked_at unanswered last_answer "
    "paid_otherwise_at twice_amount without_pieces",
    "disputes": "id ref payment_id provider_ref state is_inquiry reason currency amount withdrawn_amount opened_at due_by "
    "answered_at ended_at asked_at unanswered last_answer",
    "dispute_answers": "ref dispute_id request_key idempotency_key claim request receipt_id state failure_code made_by "
    "created_at unanswered",
    "card_bars": "id ref card source reason barred_at lifted_at",
    "cases": "id ref kind about_kind about_id about_ref open_key state detail at_risk_amount currency opened_at resolved_at "
    "resolution owner_id snoozed_until merged_into_id",
    "webhook_events": "id ref provider event_key type account mode about object_id provider_payment payment_ref raw headers "
    "heard_by state deliveries note occurred_at received_at request_id handled_at",
    "fulfilments": "id ref order_id state opened_at",
    "shipments": "id ref order_id request_key carrier tracking tracking_url shipped_at",
    "shipment_lines": "shipment_id order_line_id quantity",
    "shipped_pieces": "order_line_id ordered shipped",
    "stock_holds": "holder variant_id quantity state created_at",
    "stock_movements": "item_id kind on_hand_change held_change holder reason at",
    "ledger_entries": "id key kind about_kind about_id about_ref currency posting_count posted_at",
    "ledger_postings": "entry_id position account currency amount posted_at",
    "prices": "variant_id price_list_id amount valid_from created_at",
    "audit_log": "at tag subject_kind subject_id subject_ref actor_kind actor_ref reason request_id via network changes",
}
COUNTED = (
    "orders", "order_lines", "invoice_lines", "invoice_taxes", "invoices", "payments", "webhook_events",
    "fulfilments", "shipments", "ledger_entries", "credit_notes", "refunds", "disputes", "card_bars", "cases",
)  # fmt: skip
PLACES = {table: {name: place for place, name in enumerate(columns.split())} for table, columns in COLUMNS.items()}
KEYS = {
    "invoice_lines": "invoice_id",
    "invoice_taxes": "invoice_id",
    "shipped_pieces": "order_line_id",
    "stock_holds": "holder",
}


def stamp(moment: datetime) -> str:
    """As the databases take a moment; it is UTC already."""
    return moment.isoformat(" ", "microseconds")[:26]


def as_day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def amount(minor: int, currency: str) -> str:
    return f'{{"amount": {minor}, "currency": "{currency}"}}'


def sealed(ref: str, name: str, key: str, value: str) -> str:
    return json.dumps({"person": ref, "field": name, "cipher": sealing.seal(key, value)})


def base32(number: int, length: int) -> str:
    pairs = []
    while number:
        pairs.append(PAIRS[number & 1023])
        number >>= 10
    return "".join(reversed(pairs))[-length:].rjust(length, ALPHABET[0])
