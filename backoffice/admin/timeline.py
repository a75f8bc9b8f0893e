"""One timeline of a thing: our audit rows and the provider's events, newest first, in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select, tuple_

from backoffice.admin.cells import ZONE
from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import WORDS, Tag
from backoffice.core import formatting
from backoffice.core.db import session
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.core.tracking import Subject
from backoffice.notes import service as notes
from backoffice.payments.models import Payment
from backoffice.staff.models import StaffMember
from backoffice.webhooks import service as webhooks

MOST = 500  # lines of a story
SOON = timedelta(minutes=1)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
MONEY_TAGS = frozenset({Tag.PAYMENT_SETTLED, Tag.ORDER_PAID, Tag.INVOICE_ISSUED, Tag.INVOICE_PAID, Tag.REFUND_ACCEPTED,
                        Tag.REFUND_SUCCEEDED, Tag.CREDIT_NOTE_ISSUED, Tag.DISPUTE_WON, Tag.DISPUTE_REINSTATED, Tag.PAYOUT_MADE,
                        Tag.PAYOUT_SIGNED_OFF})  # fmt: skip
WRONG_TAGS = frozenset({Tag.PAYMENT_DECLINED, Tag.PAYMENT_UNKNOWN, Tag.CASE_OPENED, Tag.TASK_GAVE_UP,
                        Tag.REFUND_FAILED, Tag.REFUND_UNKNOWN, Tag.REFUND_FOUND, Tag.DISPUTE_OPENED,
                        Tag.DISPUTE_INQUIRED, Tag.DISPUTE_LOST, Tag.DISPUTE_WITHDRAWN, Tag.DISPUTE_ANSWER_REFUSED,
                        Tag.DISPUTE_ANSWER_UNKNOWN, Tag.BREAK_FOUND, Tag.BREAK_CHANGED, Tag.PAYOUT_FAILED})  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line: when, what, a mark (person ○, provider □, money ●, wrong ▲, note ✎), who, and details for the curious."""

    at: datetime
    text: str
    mark: str
    who: str
    note: str = ""
    link: str = ""
    request_id: str = ""
    changes: Sequence[tuple[str, str, str]] = field(default_factory=tuple)
    anchor: str = ""  # where a link into the page leads
    belongs_to: tuple[str, str] = ("", "")  # what it is about in a story of several things: its name and its page


def of(
    subjects: Sequence[Subject],
    payments: Sequence[Payment | Subject] = (),
    *,
    has_notes: bool = True,
    most: int = MOST,
    named: Mapping[Subject, tuple[str, str]] = MappingProxyType({}),
) -> list[Entry]:
    """Everything that happened to these subjects, what colleagues wrote about them, and what the provider told us about
    these payments; the latest ``most`` of it. Where nothing was written (``has_notes``), nothing is asked. ``named`` says of
    subjects what they belong to, and where that is."""
    told = {subject.key: name for subject, name in named.items()}
    entries = [
        _from_audit(row, name, told.get((row.subject_kind, row.subject_id), ("", "")))
        for row, name in _audit(subjects, most)
        if row.tag != Tag.NOTE_ADDED
    ]
    entries += [
        Entry(at=note.written_at, text=note.text, mark="note", who=note.author.name, anchor=note.ref)
        for note in (notes.about(subjects) if has_notes else ())
    ]
    entries += [
        Entry(
            at=event.received_at,
            text=f"Provider told us: {event.type.removeprefix('payment.').replace('.', ' ').replace('_', ' ')}",
            mark="provider",
            who=event.provider,
            note=f"{'fetched by us' if event.heard_by == 'poller' else 'webhook'}, {event.state.value}"
            + (f", {event.deliveries} deliveries" if event.deliveries > 1 else ""),
            link=f"/admin/webhooks/{event.ref}",
        )
        for event in webhooks.about_payments([payment.ref for payment in payments])
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def by_day(entries: Sequence[Entry], zone: str) -> list[tuple[date, list[Entry]]]:
    local = ZoneInfo(zone)
    return [(day, list(group)) for day, group in groupby(entries, key=lambda entry: entry.at.astimezone(local).date())]


def changes_of(row: AuditEntry) -> list[tuple[str, str, str]]:
    """Field, before, after, as text; personal values stay sealed."""
    return [(name.replace("_", " "), _text(pair[0]), _text(pair[1])) for name, pair in row.changes.items()]


def actor_of(row: AuditEntry, name: str | None) -> str:
    """Who did it, in words; ``name`` is that of a colleague."""
    if row.actor_kind == "staff":
        return name or row.actor_ref
    return {"customer": "the customer", "system": "Counterfoil"}.get(row.actor_kind, row.actor_ref)


def _from_audit(row: AuditEntry, name: str | None, belongs_to: tuple[str, str]) -> Entry:
    tag = Tag(row.tag)
    mark = "money" if tag in MONEY_TAGS else "wrong" if tag in WRONG_TAGS else "person"
    if row.actor_kind == "provider" and mark == "person":
        mark = "provider"
    return Entry(
        at=row.at,
        text=sentence_of(row),
        mark=mark,
        who=actor_of(row, name),
        note=row.reason,
        request_id=row.request_id,
        changes=changes_of(row),
        belongs_to=belongs_to,
    )


def sentence_of(row: AuditEntry) -> str:
    """What an audit row says, in a few words."""
    tag = Tag(row.tag)
    words = WORDS[tag]
    after = {name: pair[1] for name, pair in row.changes.items()}
    if tag == Tag.PRICE_SET and isinstance(after.get("price"), dict):
        before, now = (_text(value) for value in row.changes["price"])
        since = _moment(after.get("since"))
        later = f" from {formatting.short_moment(since, ZONE)}" if since and since - row.at > SOON else ""
        return f"{words}: {before} → {now}{later}" if row.changes["price"][0] else f"{words}: {now}{later}"
    for name in ("captured", "total", "amount"):
        if isinstance(after.get(name), dict) and "amount" in after[name]:
            return f"{words}, {_text(after[name])}"
    if isinstance(after.get("number"), str):
        return f"{words}: {after['number']}"
    if tag in (Tag.MAIL_SENT, Tag.MAIL_QUEUED) and isinstance(after.get("subject_line"), str):
        return f"{words}: “{after['subject_line']}”"
    return words


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return money(Money(value["amount"], value["currency"]))
    if isinstance(value, dict) and "cipher" in value:
        return "sealed"
    moment = _moment(value)
    return formatting.moment(moment, ZONE) if moment else str(value)


def _moment(value: Any) -> datetime | None:
    """A time as the audit keeps it, in ISO 8601 with its zone; None for anything else."""
    return datetime.fromisoformat(value) if isinstance(value, str) and MOMENT.fullmatch(value) else None


def _audit(subjects: Sequence[Subject], most: int) -> list[tuple[AuditEntry, str | None]]:
    """The latest audit of these subjects, newest first, each entry with the name of the colleague who did it."""
    if not subjects:
        return []
    wanted = tuple_(AuditEntry.subject_kind, AuditEntry.subject_id).in_([subject.key for subject in subjects])
    query = (
        select(AuditEntry, StaffMember.name)
        .outerjoin(StaffMember, and_(AuditEntry.actor_kind == "staff", StaffMember.ref == AuditEntry.actor_ref))
        .where(wanted)
        .order_by(AuditEntry.id.desc())
        .limit(most)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
