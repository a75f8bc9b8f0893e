"""The machine room: what providers told us, and what is to be done by itself."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access, looks, timeline, troubles
from backoffice.admin.actions import Action, needs, reason, refuse, request_key, run
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, choices, code, moment, state
from backoffice.admin.filters import equals
from backoffice.admin.notes import Noted
from backoffice.admin.related import of_arguments
from backoffice.admin.whose import customer_of
from backoffice.audit.models import AuditEntry
from backoffice.core import links, references, units
from backoffice.core.errors import CounterfoilError
from backoffice.core.tracking import Subject
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.staff.roles import Right, Role
from backoffice.tasks import registry
from backoffice.tasks import service as tasks
from backoffice.tasks.models import Task, TaskState
from backoffice.webhooks import foreseeing, relay
from backoffice.webhooks import service as webhooks
from backoffice.webhooks.models import EventState, WebhookEvent


class WebhookDesk(Noted, Many):
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
    made_of: ClassVar[Mapping[str, Sequence[str]]] = {}  # never the bodies of a whole page
    narrows = (
        equals("event", "Provider's event id", WebhookEvent.event_key),
        equals("payment", "Payment", WebhookEvent.payment_ref),
        equals("type", "Type, as the provider names it", WebhookEvent.type),
        equals("state", "State", WebhookEvent.state, choices(EventState), EventState),
    )
    blank = "No event fits."
    for_many = (ForMany("webhooks.replay", "Handle once more"),)
    one_template = "office/webhook.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        event = webhooks.by_ref(ref)
        try:
            body = links.hidden(json.dumps(json.loads(event.raw), indent=2, ensure_ascii=False))
        except ValueError:
            body = links.hidden(event.raw.decode(errors="replace"))
        payment = payments.find(event.provider, event.provider_payment, event.payment_ref)
        _look_at(event, payment)
        handled_by = tasks.under(relay.task_key(event.ref), f"webhooks.replay:{event.ref}:")
        return self.render(
            self.one_template,
            event=event,
            body=body,
            payment=payment,
            handled_by=handled_by,
            failures=tasks.failures(*handled_by) if handled_by else [],
            troubles=troubles.of([event.subject()]),
            days=timeline.by_day(timeline.of([event.subject()]), ZONE),
            actions=[
                Action(
                    "Handle it once more",
                    self.get_url(".replay", ref=ref),
                    Right.REPLAY_EVENTS,
                    "it is not for us" if event.state == EventState.REJECTED else "",
                    asks="Why?",
                    key=references.new("rpl"),
                ),
                Action(
                    "Show what it would change",
                    self.get_url(".preview", ref=ref),
                    Right.LOOK_CLOSER,
                    "it is not for us" if event.state == EventState.REJECTED else "",
                ),
                self.note_offer(ref),
            ],
        )

    def subject_of(self, ref: str) -> Subject:
        return webhooks.by_ref(ref).subject()

    @expose("/<ref>/preview", methods=["POST"])
    @needs(Right.LOOK_CLOSER)
    def preview(self, ref: str) -> ResponseReturnValue:
        """Handle it and take all of it back: what would be written, and what would follow."""
        with units.read():
            event_id = webhooks.by_ref(ref).id
        try:
            foreseen = foreseeing.foresee(event_id)
        except CounterfoilError as error:
            refuse(error)
            return redirect(self.get_url(".one", ref=ref), 303)
        with units.read():
            event = webhooks.by_ref(ref)
            _look_at(event, payments.find(event.provider, event.provider_payment, event.payment_ref))
            return self.render(
                "office/webhook_preview.html",
                event=event,
                changes=[(timeline.sentence_of(row), row, timeline.changes_of(row), _place(row)) for row in foreseen.changes],
                tasks=foreseen.tasks,
                actions=[
                    Action(
                        "Handle it once more", self.get_url(".replay", ref=ref), Right.REPLAY_EVENTS, asks="Why?",
                        first=bool(foreseen.changes), key=references.new("rpl"),
                    )
                ],
            )  # fmt: skip

    @expose("/<ref>/replay", methods=["POST"])
    @needs(Right.REPLAY_EVENTS)
    def replay(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            webhooks.replay(webhooks.by_ref(ref), by=access.by(), reason=reason(), request_key=request_key())

        return run(
            lambda: units.write(act),
            "The event is handled once more as soon as a worker is free.",
            self.get_url(".one", ref=ref),
        )


def _look_at(event: WebhookEvent, payment: Payment | None) -> None:
    """Its body may name somebody."""
    looks.at_page(customer_of(payment) if payment else None, event.subject())


def _due(_view: object, _context: object, task: Task, _name: str) -> str:
    """While a task runs, and after it ended, the column holds the end of its lease."""
    return moment(task.due_at) if task.state == TaskState.WAITING else ""


class TaskDesk(Noted, Many):
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
    column_formatters = {"state": state, "name": code, "due_at": _due}
    made_of: ClassVar[Mapping[str, Sequence[str]]] = {"due_at": ("due_at", "state")}
    numbers = frozenset({"attempts"})
    narrows = (
        equals("name", "Task", Task.name, [(name, name) for name in sorted(registry.names())]),
        equals("state", "State", Task.state, choices(TaskState), TaskState),
        equals("request", "Request", Task.request_id),
    )
    blank = "No task fits."
    for_many = (
        ForMany("tasks.retry", "Run now"),
        ForMany("tasks.cancel", "Cancel"),
    )
    one_template = "office/task.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        task = tasks.get(ref)
        if task.name.startswith("accounts."):  # its arguments say who asked for a link
            looks.at_page(None, task.subject())
        retryable = task.state in (TaskState.GAVE_UP, TaskState.WAITING)
        return self.render(
            self.one_template,
            task=task,
            about=troubles.places_of(of_arguments(task.arguments)),
            arguments=json.dumps(task.arguments, indent=2),
            failures=tasks.failures(task),
            troubles=troubles.of([task.subject()]),
            days=timeline.by_day(timeline.of([task.subject()]), ZONE),
            actions=[
                Action(
                    "Run it now",
                    self.get_url(".retry", ref=ref),
                    Right.RETRY_TASKS,
                    "" if retryable else f"it is {task.state.value}",
                    asks="Why is it run again?",
                ),
                Action(
                    "Cancel it",
                    self.get_url(".cancel", ref=ref),
                    Right.RETRY_TASKS,
                    _why_not_cancel(task, retryable),
                    asks="Why is it not wanted any more?",
                ),
                self.note_offer(ref),
            ],
        )

    def subject_of(self, ref: str) -> Subject:
        return tasks.get(ref).subject()

    @expose("/<ref>/cancel", methods=["POST"])
    @needs(Right.RETRY_TASKS)
    def cancel(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            words = reason()
            units.write(lambda: tasks.cancel(tasks.get(ref), by=access.by(), reason=words))

        return run(act, "The task is cancelled.", self.get_url(".one", ref=ref))

    @expose("/<ref>/retry", methods=["POST"])
    @needs(Right.RETRY_TASKS)
    def retry(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            words = reason()
            units.write(lambda: tasks.retry(tasks.get(ref), by=access.by(), reason=words))

        return run(act, "The task runs as soon as a worker is free.", self.get_url(".one", ref=ref))


def _why_not_cancel(task: Task, is_open: bool) -> str:
    if not is_open:
        return f"it is {task.state.value}"
    return "it must run" if registry.must_run(task.name) else ""


def _place(row: AuditEntry) -> str:
    return troubles.place_of(Subject(row.subject_kind, row.subject_id, row.subject_ref))
