from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Exact, Id, Json, Line, LongText, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Subject, Tracked


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"


class Mail(Tracked, Base):
    """One mail to one person, as it was written. ``dedupe_key`` lets each mail of a story exist once."""

    __tablename__ = "mails"
    __table_args__ = table(
        Index("ix_mails_day", "created_at", "id"),
        Index("ix_mails_about_ref", "about_ref", "id"),
        Index("ix_mails_recipient", "recipient", "id"),
        Index("ix_mails_state", "state", "id"),
    )
    subject_kind = "mail"

    id: Mapped[Id]
    ref: Mapped[Ref]
    dedupe_key: Mapped[str] = mapped_column(exact(160), unique=True)
    template: Mapped[Exact]
    about_kind: Mapped[Exact]
    about_id: Mapped[BigInt]
    about_ref: Mapped[Exact]
    recipient: Mapped[Line]  # in lower case: nobody relies on another, and it is looked for
    subject_line: Mapped[Line]
    text: Mapped[LongText]
    html: Mapped[LongText]
    attachments: Mapped[Json]  # {"files": [[name, media type, sha256], …]}
    state: Mapped[MailState] = mapped_column(Choice(MailState))
    created_at: Mapped[Timestamp]
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    @property
    def about(self) -> Subject:
        return Subject(self.about_kind, self.about_id, self.about_ref)
