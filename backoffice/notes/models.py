from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import BigInt, Exact, Id, LongText, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Subject
from backoffice.staff.models import StaffMember


class Note(Base):
    """A few lines of one colleague about one thing. ``request_key`` makes one note of one press of the button."""

    __tablename__ = "notes"
    __table_args__ = table(Index("ix_notes_about", "about_kind", "about_id", "id"))

    id: Mapped[Id]
    ref: Mapped[Ref]
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)
    about_kind: Mapped[Exact]
    about_id: Mapped[BigInt]
    about_ref: Mapped[Exact]
    author_id: Mapped[BigInt] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[LongText]
    written_at: Mapped[Timestamp]
    author: Mapped[StaffMember] = relationship(lazy="joined", innerjoin=True)

    @property
    def about(self) -> Subject:
        return Subject(self.about_kind, self.about_id, self.about_ref)


class Mention(Base):
    """A colleague called by a note; ``seen_at`` is when they said that they have read it."""

    __tablename__ = "mentions"
    __table_args__ = table(UniqueConstraint("note_id", "staff_id"), Index("ix_mentions_staff", "staff_id", "seen_at"))

    id: Mapped[Id]
    note_id: Mapped[BigInt] = mapped_column(ForeignKey("notes.id"))
    staff_id: Mapped[BigInt] = mapped_column(ForeignKey("staff.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    note: Mapped[Note] = relationship(lazy="joined", innerjoin=True)
