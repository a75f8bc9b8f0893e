"""The records desk: audit and mails."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, case, func, select

from backoffice.admin import access, looks, timeline, troubles, whose
from backoffice.admin.actions import Action, needs, run
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, about, code
from backoffice.admin.filters import Filter, equals
from backoffice.admin.lists import DeskList
from backoffice.admin.related import refs_of
from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import WORDS, Tag
from backoffice.core import links, units
from backoffice.core.actor import ActorKind
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.customers import service as customers
from backoffice.mail import service as mail
from backoffice.mail.models import Mail, MailState
from backoffice.staff import service as staff
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import Right
from backoffice.tasks import service as tasks


def _about(text: str) -> ColumnElement[bool]:
    """By reference or number; with an order, a payment or a payout comes all that belongs to it."""
    return AuditEntry.subject_ref.in_(refs_of(text))


_NAME = case(
    (
        AuditEntry.actor_kind == ActorKind.STAFF,
        func.coalesce(
            select(StaffMember.name).where(StaffMember.ref == AuditEntry.actor_ref).scalar_subquery(),
            AuditEntry.actor_ref,
        ),
    ),
    (AuditEntry.actor_kind == ActorKind.CUSTOMER, "customer"),
    (AuditEntry.actor_kind == ActorKind.SYSTEM, "Counterfoil"),
    else_=AuditEntry.actor_ref,
)


def _by(text: str) -> ColumnElement[bool]:
    """A reference of anybody, or what a colleague's name or address begins with."""
    return AuditEntry.actor_ref.in_([text, *staff.refs_like(text, addresses=access.has(Right.SEE_STAFF))])


class AuditDesk(DeskList):
    sees = Right.SEE_RECORDS
    moment = "at"
    column_more = ("via", "network", "actor_ref", "changes")
    column_list = ("at", "tag", "subject_ref", "who", "reason", "request_id")
    column_labels = {
        "at": "When", "tag": "What", "subject_ref": "About", "actor_ref": "Who (reference)", "request_id": "Request",
        "changes": "Before and after",
    }  # fmt: skip
    looked_up = MappingProxyType({"who": (AuditEntry.who, _NAME)})
    column_formatters = {
        "tag": lambda _view, _context, row, _name: Markup('<span title="{}">{}</span>').format(
            row.tag, WORDS[Tag(row.tag)]
        ),
        "subject_ref": lambda _view, _context, row, _name: about(row.subject_kind, row.subject_ref),
        "actor_ref": lambda _view, _context, row, _name: Markup("{} <code>{}</code>").format(
            row.actor_kind, row.actor_ref
        ),
        "request_id": code,
        "changes": lambda _view, _context, row, _name: "; ".join(
            f"{name}: {before} → {after}" for name, before, after in timeline.changes_of(row)
        ),
    }
    spoken = frozenset({"tag"})
    narrows = (
        Filter("subject", "About (number or reference)", _about, is_personal=True),
        Filter("actor", "Who (name or reference)", _by, is_personal=True),
        equals("request", "Request", AuditEntry.request_id),
        equals("tag", "What", AuditEntry.tag, [(str(tag), WORDS[tag]) for tag in Tag]),
    )
    blank = "No entry fits what is asked for. Nothing is ever deleted here."
    one_template = "office/audit.html"

    def link_to(self, row: AuditEntry) -> str:
        return str(self.get_url(".one", number=row.id))

    @expose("/<int(max=999999999999999999):number>")
    def one(self, number: int) -> ResponseReturnValue:
        entry = session.get(AuditEntry, number)
        if entry is None:
            raise NotFound("audit entry")
        names = staff.names({entry.actor_ref})
        return self.render(
            self.one_template,
            entry=entry,
            fact=WORDS[Tag(entry.tag)],
            who=timeline.actor_of(entry, names.get(entry.actor_ref)),
            changes=timeline.changes_of(entry),
        )


def _standing(mail: Mail) -> Markup:
    shape = ("good", "●", "Sent") if mail.state == MailState.SENT else ("calm", "○", "Waiting")
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(*shape)


class MailDesk(Many):
    sees = Right.SEE_RECORDS
    moment = "created_at"
    personal = True
    column_list = ("created_at", "recipient", "subject_line", "about_ref", "state", "sent_at")
    column_labels = {"created_at": "Written", "recipient": "To", "subject_line": "Subject", "about_ref": "About"}
    column_formatters = {
        "state": lambda _view, _context, row, _name: _standing(row),
        "about_ref": code,
    }
    spoken = frozenset({"state"})
    made_of: ClassVar[Mapping[str, Sequence[str]]] = {}  # never the texts of a whole page
    narrows = (
        Filter("recipient", "To (address)", lambda address: Mail.recipient == address, whose.whole_email),
        Filter("about", "About (number or reference)", lambda text: Mail.about_ref.in_(refs_of(text))),
        equals("state", "State", Mail.state, (("waiting", "Waiting"), ("sent", "Sent")), MailState),
    )
    blank = "No mail fits."
    for_many = (ForMany("mails.send", "Send now", asks=False),)
    one_template = "office/mail.html"

    def rows(self) -> Select[Any]:
        """Mails to colleagues are for those who see the accounts of colleagues."""
        every = select(Mail)
        return every if access.has(Right.SEE_STAFF) else every.where(Mail.about_kind != "staff")

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found = self._of(ref)
        looks.at_page(customers.find(found.recipient), found.subject())
        task = mail.task_of(found)
        return self.render(
            self.one_template,
            mail=found,
            standing=_standing(found),
            place=troubles.place_of(found.about),
            text=links.hidden(found.text),
            task=task,
            failures=tasks.failures(task) if task else [],
            days=timeline.by_day(timeline.of([found.subject()]), ZONE),
            actions=[
                Action(
                    "Send it now",
                    self.get_url(".send", ref=ref),
                    Right.SEND_MAILS,
                    "it was sent" if found.state == MailState.SENT else "",
                )
            ],
        )

    @expose("/<ref>/send", methods=["POST"])
    @needs(Right.SEND_MAILS)
    def send(self, ref: str) -> ResponseReturnValue:
        return run(
            lambda: units.write(lambda: mail.send_now(self._of(ref), by=access.by())),
            "The mail leaves as soon as a worker is free.",
            self.get_url(".one", ref=ref),
        )

    def _of(self, ref: str) -> Mail:
        found: Mail | None = session.scalars(self.rows().where(Mail.ref == ref)).one_or_none()
        if found is None:
            raise NotFound("mail")
        return found
