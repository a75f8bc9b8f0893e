"""One timeline of a thing: our audit rows and the provider's events, newest first, in words."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, String, and_, literal, null, select, tuple_, type_coerce, union_all

from backoffice.admin.cells import ZONE
from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import WORDS, Tag
from backoffice.core import formatting
from backoffice.core.db import session
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.core.tracking import Subject
from backoffice.notes.models import Note
from backoffice.payments.models import Payment
from backoffice.staff.models import StaffMember
from backoffice.webhooks.models import WebhookEvent

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
    most: int = MOST,
    named: Mapping[Subject, tuple[str, str]] = MappingProxyType({}),
) -> list[Entry]:
    """Everything that happened to these subjects, what colleagues wrote about them, and what the provider told us about
    these payments, in one look; the latest ``most`` of each. ``named`` says of subjects what they belong to, and where that
    is."""
    told = {subject.key: name for subject, name in named.items()}
    if not subjects:
        return []
    parts = [_audit(subjects, most), _notes(subjects, most)]
    if payments:
        parts.append(_events([payment.ref for payment in payments], most))
    rows = session.execute(union_all(*(select(part.subquery()) for part in parts))).all()
    story = sorted((_entry(row, told) for row in rows), key=lambda entry: entry.at, reverse=True)
    is_cut = any(count >= most for count in Counter(row.source for row in rows).values())
    return [*story, _rest(subjects[0], story[-1].at, most)] if is_cut else story


def _rest(subject: Subject, since: datetime, most: int) -> Entry:
    """The way on from a story that is longer than a page."""
    return Entry(
        at=since,
        text="Older entries stand in the audit",
        mark="person",
        who="Counterfoil",
        note=f"a page tells the latest {most}",
        link=f"/admin/audit/?subject={subject.ref}",
    )


def by_day(entries: Sequence[Entry], zone: str) -> list[tuple[date, list[Entry]]]:
    local = ZoneInfo(zone)
    return [(day, list(group)) for day, group in groupby(entries, key=lambda entry: entry.at.astimezone(local).date())]


def changes_of(row: Row[Any] | AuditEntry) -> list[tuple[str, str, str]]:
    """Field, before, after, as text; personal values stay sealed."""
    return [(name.replace("_", " "), _text(pair[0]), _text(pair[1])) for name, pair in row.changes.items()]


def actor_of(row: Row[Any] | AuditEntry, name: str | None) -> str:
    """Who did it, in words; ``name`` is that of a colleague."""
    if row.actor_kind == "staff":
        return name or row.actor_ref
    return {"customer": "the customer", "system": "Counterfoil"}.get(row.actor_kind, row.actor_ref)


def _entry(row: Row[Any], told: Mapping[tuple[str, int], tuple[str, str]]) -> Entry:
    if row.source == "note":
        return Entry(at=row.at, text=row.text, mark="note", who=row.name, anchor=row.note_ref)
    if row.source == "event":
        heard = "fetched by us" if row.heard_by == "poller" else "webhook"
        often = f", {row.deliveries} deliveries" if row.deliveries > 1 else ""
        return Entry(
            at=row.at,
            text=f"Provider told us: {row.event_type.removeprefix('payment.').replace('.', ' ').replace('_', ' ')}",
            mark="provider",
            who=row.provider,
            note=f"{heard}, {row.event_state}{often}",
            link=f"/admin/webhooks/{row.event_ref}",
        )
    return _from_audit(row, told.get((row.subject_kind, row.subject_id), ("", "")))


def _from_audit(row: Row[Any], belongs_to: tuple[str, str]) -> Entry:
    tag = Tag(row.tag)
    mark = "money" if tag in MONEY_TAGS else "wrong" if tag in WRONG_TAGS else "person"
    if row.actor_kind == "provider" and mark == "person":
        mark = "provider"
    return Entry(
        at=row.at,
        text=sentence_of(row),
        mark=mark,
        who=actor_of(row, row.name),
        note=row.reason,
        request_id=row.request_id,
        changes=changes_of(row),
        belongs_to=belongs_to,
    )


def sentence_of(row: Row[Any] | AuditEntry) -> str:
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


# A story has three sources, read as rows of the same columns; what a source does not know stays empty.
AUDITED = ("at", "tag", "subject_kind", "subject_id", "actor_kind", "actor_ref", "reason", "request_id", "changes")
NOTED = ("text", "note_ref")
HEARD = ("provider", "event_type", "event_state", "event_ref", "deliveries", "heard_by")
COLUMNS = (*AUDITED, "name", *NOTED, *HEARD)  # the name is that of a colleague


def _line(source: str, **known: Any) -> Select[*tuple[Any, ...]]:
    return select(literal(source).label("source"), *(known.get(name, null()).label(name) for name in COLUMNS))


def _audit(subjects: Sequence[Subject], most: int) -> Select[*tuple[Any, ...]]:
    """What was done, each with the name of the colleague who did it; that a note was written the note says itself."""
    entry = AuditEntry
    wanted = tuple_(entry.subject_kind, entry.subject_id).in_([subject.key for subject in subjects])
    told = {name: getattr(entry, name) for name in AUDITED}
    return (
        _line("audit", **told, name=StaffMember.name)
        .outerjoin(StaffMember, and_(entry.actor_kind == "staff", StaffMember.ref == entry.actor_ref))
        .where(wanted, entry.tag != Tag.NOTE_ADDED)
        .order_by(entry.id.desc())
        .limit(most)
    )


def _notes(subjects: Sequence[Subject], most: int) -> Select[*tuple[Any, ...]]:
    """What colleagues wrote, with their names."""
    wanted = tuple_(Note.about_kind, Note.about_id).in_([subject.key for subject in subjects])
    return (
        _line("note", at=Note.written_at, name=StaffMember.name, text=Note.text, note_ref=Note.ref)
        .join(StaffMember, StaffMember.id == Note.author_id)
        .where(wanted)
        .order_by(Note.id.desc())
        .limit(most)
    )


def _events(payment_refs: Sequence[str], most: int) -> Select[*tuple[Any, ...]]:
    """What the provider told us."""
    event = WebhookEvent
    told = {
        "provider": event.provider,
        "event_type": event.type,
        "event_ref": event.ref,
        "deliveries": event.deliveries,
    }
    return (
        _line(
            "event", at=event.received_at, **told, event_state=type_coerce(event.state, String), heard_by=event.heard_by
        )
        .where(event.payment_ref.in_(payment_refs))
        .order_by(event.id.desc())
        .limit(most)
    )
