"""Writing mails into the outbox, and handing them to the mail port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import defer

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references, units
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.ports import ports, settings
from backoffice.core.states import StateTable
from backoffice.core.steps import ask_and_record
from backoffice.core.tracking import Subject, Tracked
from backoffice.files import service as files
from backoffice.files.models import StoredFile
from backoffice.mail.models import Mail, MailState
from backoffice.mail.rendering import render
from backoffice.tasks import service as tasks
from backoffice.tasks.models import Task
from integrations.mail.port import Attachment, Message


class HasLeft(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This mail was sent already. What it is about can be sent again from the page of its order.")


MOVES = StateTable(Mail.state, {MailState.WAITING: frozenset({MailState.SENT}), MailState.SENT: frozenset[MailState]()})


def is_known(key: str) -> bool:
    """Whether a mail was written under this key."""
    return session.scalars(select(Mail.id).where(Mail.dedupe_key == key)).first() is not None


def queue(
    template: str,
    *,
    to: str,
    about: Tracked,
    key: str,
    by: Actor = SYSTEM,
    attachments: Sequence[StoredFile] = (),
    **facts: Any,
) -> Mail:
    """Write a mail and the task that sends it, in the current unit. The same ``key`` writes one mail, ever."""
    known = session.scalars(select(Mail).where(Mail.dedupe_key == key)).one_or_none()
    if known:
        return known
    subject_line, text, html = render(template, facts)
    subject = about.subject()
    mail = Mail(
        ref=references.new("mai"),
        dedupe_key=key,
        template=template,
        about_kind=subject.kind,
        about_id=subject.id,
        about_ref=subject.ref,
        recipient=address(to),
        subject_line=subject_line,
        text=text,
        html=html,
        attachments={"files": [[item.name, item.media_type, item.sha256] for item in attachments]},
        state=MailState.WAITING,
        created_at=clock.now(),
        sent_at=None,
    )
    session.add(mail)
    audit.record(Tag.MAIL_QUEUED, mail, by=by, template=template, about=subject.ref)
    audit.record(Tag.MAIL_QUEUED, subject, by=by, mail=mail.ref, template=template, subject_line=subject_line)
    tasks.schedule("mail.send", dedupe=_handing_over(mail), mail_id=mail.id)
    return mail


def by_ref(ref: str) -> Mail:
    """Raises NotFound."""
    mail = session.scalars(select(Mail).where(Mail.ref == ref)).one_or_none()
    if mail is None:
        raise NotFound("mail")
    return mail


def task_of(mail: Mail) -> Task | None:
    """The task that hands it over; none for what was written by other hands (years in bulk)."""
    return tasks.find(_handing_over(mail))


def send_now(mail: Mail, *, by: Actor) -> None:
    """Hand a mail that waits over now, also one whose task gave up; one that is being handed over just now is let be: it would
    leave twice. Raises HasLeft."""
    if mail.state == MailState.SENT:
        raise HasLeft
    known = task_of(mail)
    if known is None:
        tasks.schedule("mail.send", dedupe=_handing_over(mail), mail_id=mail.id)
        return
    task = session.get_one(Task, known.id, with_for_update=True, populate_existing=True)  # nobody claims it meanwhile
    if task.lease_token and task.due_at > clock.now():
        return
    tasks.retry(task, by=by, reason="Its mail is to leave now.")


def address(text: str) -> str:
    """How the address of a recipient is kept."""
    return text.strip().lower()


def count_to(recipient: str, templates: Sequence[str], *, since: datetime) -> int:
    """How many mails of these kinds were written to an address since then."""
    query = select(func.count()).where(Mail.recipient == address(recipient), Mail.template.in_(templates))
    return session.scalar(query.where(Mail.created_at >= since)) or 0


def send(mail_id: int) -> None:
    """Hand one mail over; a mail that was sent is left alone. Raises MailUnavailable, and the task tries again."""
    with units.read():
        mail = session.get_one(Mail, mail_id)
        if mail.state == MailState.SENT:
            return
        message = _message(mail)
        subject = mail.about
    ask_and_record(
        "mail.send", message, ask=ports().mail.send, record=lambda _message, _answer: _mark_sent(mail_id, subject)
    )


def about(subjects: Sequence[Subject]) -> list[Mail]:
    """What was written about these, oldest first; what the mails say is not read."""
    refs = [subject.ref for subject in subjects]
    query = select(Mail).where(Mail.about_ref.in_(refs)).order_by(Mail.id)
    return list(session.scalars(query.options(defer(Mail.text), defer(Mail.html))))


def _handing_over(mail: Mail) -> str:
    return f"mail.send:{mail.ref}"


def _message(mail: Mail) -> Message:
    return Message(
        message_id=mail.ref,
        sender=settings().mail_from,
        to=mail.recipient,
        subject=mail.subject_line,
        text=mail.text,
        html=mail.html,
        attachments=tuple(
            Attachment(name, media_type, files.read(sha256))
            for name, media_type, sha256 in mail.attachments.get("files", [])
        ),
    )


def _mark_sent(mail_id: int, subject: Subject) -> None:
    mail = session.get_one(Mail, mail_id)
    if MOVES.move(mail, MailState.SENT, sent_at=clock.now()):
        audit.record(Tag.MAIL_SENT, mail, by=SYSTEM, state=(MailState.WAITING, MailState.SENT))
        audit.record(Tag.MAIL_SENT, subject, by=SYSTEM, mail=mail.ref, subject_line=mail.subject_line)
    tasks.finish_running()
