"""The books a history is written into: rows by table, and what the next ones continue."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from backoffice.core import sealing
from backoffice.core.references import ALPHABET
from backoffice.ledger.entries import Sides
from backoffice.ledger.models import EntryKind

CUSTOMER, SYSTEM = "customer", ("system", "counterfoil")
Who = tuple[str, str]  # kind and reference of an actor


@dataclass(frozen=True)
class Ware:
    variant_id: int
    item_id: int
    item_ref: str
    sku: str
    name: str
    prices: dict[str, int]


@dataclass(frozen=True)
class Buyer:
    id: int
    ref: str
    email: str
    name: str
    street: str
    postcode: str
    city: str
    country: str
    phone: str
    sealed: str  # the personal part of what the audit says of an order, as JSON


@dataclass
class Books:
    """What the next rows continue: ids, numbers of invoices, pieces on the shelf."""

    ids: dict[str, int]
    numbers: dict[int, int]  # year → last number
    latest: date  # of the last invoice
    on_hand: dict[int, int]
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    sold: dict[int, int] = field(default_factory=dict)  # item → pieces, in this batch

    def id(self, table: str) -> int:
        self.ids[table] += 1
        return self.ids[table]

    def add(self, table: str, *values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

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

    def post(self, at: datetime, kind: EntryKind, about: tuple[str, int, str], sides: Sides) -> None:
        """What the ledger keeps of one fact."""
        entry_id, when, currency = self.id("ledger_entries"), stamp(at), sides[0][1].currency
        self.add("ledger_entries", entry_id, f"{kind}:{about[2]}", kind.value, *about, currency, len(sides), when)
        for place, (account, money) in enumerate(sides, 1):
            self.add("ledger_postings", entry_id, place, account.value, currency, money.amount, when)


# Lines come before their invoices: a trigger lets no line into an invoice that is issued.
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
    "number_register": "entity_id series year position number invoice_id issued_on taken_at",
    "payments": "id ref invoice_id provider account mode idempotency_key claim request state currency amount captured_amount "
    "refunded_amount provider_ref page_url method decline_code created_at settled_at asked_at unanswered last_answer",
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
    "audit_log": "at tag subject_kind subject_id subject_ref actor_kind actor_ref reason request_id via network changes",
}
COUNTED = (
    "people", "orders", "order_lines", "invoice_lines", "invoice_taxes", "invoices", "payments", "webhook_events",
    "fulfilments", "shipments", "ledger_entries",
)  # fmt: skip


def stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if moment else None


def as_day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def amount(minor: int, currency: str) -> str:
    return f'{{"amount": {minor}, "currency": "{currency}"}}'


def sealed(ref: str, name: str, key: str, value: str) -> str:
    return json.dumps({"person": ref, "field": name, "cipher": sealing.seal(key, value)})


def base32(number: int, length: int) -> str:
    signs = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        signs.append(ALPHABET[rest])
    return "".join(reversed(signs))
