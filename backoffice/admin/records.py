"""The records desk: audit, webhooks, mails, tasks."""

import json
from types import MappingProxyType

from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from backoffice.admin import access, timeline, troubles
from backoffice.admin.actions import Action, needs, reason, run
from backoffice.admin.cells import ZONE, choices, code, state
from backoffice.admin.filters import equals
from backoffice.admin.lists import DeskList
from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import WORDS, Tag
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.mail.models import Mail, MailState
from backoffice.payments import service as payments
from backoffice.staff import service as staff
from backoffice.staff.roles import Right, Role
from backoffice.tasks import service as tasks
from backoffice.tasks.models import Task, TaskState
from backoffice.webhooks.models import EventState, WebhookEvent


class AuditDesk(DeskList):
    sees = Right.SEE_RECORDS
    moment = "at"
    column_more = ("via", "network")
    column_list = ("at", "tag", "subject_ref", "actor_ref", "reason", "request_id")
    column_labels = {"at": "When", "tag": "What", "subject_ref": "About", "actor_ref": "Who", "request_id": "Request"}
    column_formatters = {
        "tag": lambda _view, _context, row, _name: Markup("{}<br><code>{}</code>").format(WORDS[Tag(row.tag)], row.tag),
        "subject_ref": lambda _view, _context, row, _name: Markup("{}<br><code>{}</code>").format(
            row.subject_kind, row.subject_ref
        ),
        "actor_ref": lambda _view, _context, row, _name: Markup("{}<br><code>{}</code>").format(
            row.actor_kind, row.actor_ref
        ),
        "request_id": code,
    }
    narrows = (
        equals("subject", "About (reference)", AuditEntry.subject_ref),
        equals("actor", "Who (reference)", AuditEntry.actor_ref),
        equals("request", "Request", AuditEntry.request_id),
        equals("tag", "What", AuditEntry.tag, [(str(tag), WORDS[tag]) for tag in Tag]),
    )
    blank = "No entry fits. Nothing is ever deleted here."
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
            who=timeline.actor_of(entry, names),
            changes=timeline.changes_of(entry),
        )


class WebhookDesk(DeskList):
    sees = Right.SEE_RECORDS
    moment = "received_at"
    column_more = ("event_key", "provider", "ref")
    column_list = ("received_at", "type", "state", "payment_ref", "heard_by", "deliveries", "note")
    column_labels = {
        "received_at": "Received",
        "payment_ref": "Payment",
        "heard_by": "Heard by",
        "note": "Remark",
        "event_key": "Provider's event id",
        "ref": "Reference",
    }
    column_formatters = {"state": state, "payment_ref": code}
    numbers = frozenset({"deliveries"})
    narrows = (
        equals("event", "Provider's event id", WebhookEvent.event_key),
        equals("payment", "Payment", WebhookEvent.payment_ref),
        equals("state", "State", WebhookEvent.state, choices(EventState), EventState),
    )
    blank = "No event fits."
    one_template = "office/webhook.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        event = session.query(WebhookEvent).filter_by(ref=ref).one_or_none()
        if event is None:
            raise NotFound("event")
        try:
            body = json.dumps(json.loads(event.raw), indent=2)
        except ValueError:
            body = event.raw.decode(errors="replace")
        payment = payments.find(event.provider, event.provider_payment, event.payment_ref)
        return self.render(self.one_template, event=event, body=body, payment=payment)


class MailDesk(DeskList):
    sees = Right.SEE_RECORDS
    moment = "created_at"
    personal = True
    column_list = ("created_at", "recipient", "subject_line", "about_ref", "state", "sent_at")
    column_labels = {"created_at": "Written", "recipient": "To", "subject_line": "Subject", "about_ref": "About"}
    column_formatters = {
        "state": lambda _view, _context, row, _name: Markup(
            '<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>'
        ).format(*(("good", "●", "Sent") if row.state == MailState.SENT else ("calm", "○", "Waiting"))),
        "about_ref": code,
    }
    narrows = (equals("about", "About (reference)", Mail.about_ref),)
    blank = "No mail fits."
    one_template = "office/mail.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        mail = session.query(Mail).filter_by(ref=ref).one_or_none()
        if mail is None:
            raise NotFound("mail")
        return self.render(self.one_template, mail=mail)


class TaskDesk(DeskList):
    sees = Right.SEE_RECORDS
    moment = "created_at"
    opens = MappingProxyType({Role.OPERATIONS: {"state": "gave_up"}, Role.ADMINISTRATOR: {"state": "gave_up"}})
    column_more = ("ref", "request_id")
    column_list = ("name", "state", "due_at", "attempts", "created_at", "last_error")
    column_labels = {
        "name": "Task",
        "due_at": "Due",
        "attempts": "Tries",
        "created_at": "Written",
        "ref": "Reference",
        "request_id": "Request",
    }
    column_formatters = {"state": state, "name": code}
    numbers = frozenset({"attempts"})
    narrows = (
        equals("state", "State", Task.state, choices(TaskState), TaskState),
        equals("request", "Request", Task.request_id),
    )
    blank = "No task fits."
    one_template = "office/task.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        task = tasks.get(ref)
        retryable = task.state in (TaskState.GAVE_UP, TaskState.WAITING)
        return self.render(
            self.one_template,
            task=task,
            arguments=json.dumps(task.arguments, indent=2),
            troubles=troubles.of([task.subject()]),
            days=timeline.by_day(timeline.of([task.subject()]), ZONE),
            actions=[
                Action(
                    "Run it now",
                    self.get_url(".retry", ref=ref),
                    Right.RETRY_TASKS,
                    "" if retryable else f"it is {task.state.value}",
                    asks="Why is it run again?",
                )
            ],
        )

    @expose("/<ref>/retry", methods=["POST"])
    @needs(Right.RETRY_TASKS)
    def retry(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            words = reason()
            units.write(lambda: tasks.retry(tasks.get(ref), by=access.by(), reason=words))

        return run(act, "The task runs as soon as a worker is free.", self.get_url(".one", ref=ref))
