from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import Id, Line, LongText, Ref, Timestamp, exact
from backoffice.core.db import Base
from backoffice.core.tracking import Tracked


class Person(Tracked, Base):
    """A customer, guest or not. ``wrapped_key`` seals their data in the audit log; destroying it unseals nothing more."""

    __tablename__ = "people"
    subject_kind = "person"

    id: Mapped[Id]
    ref: Mapped[Ref]
    email: Mapped[str] = mapped_column(exact(254), unique=True)  # normalised: trimmed, lower case
    name: Mapped[Line]
    wrapped_key: Mapped[LongText]
    created_at: Mapped[Timestamp]
