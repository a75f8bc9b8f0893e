from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import Json, Line, Timestamp, exact
from backoffice.core.db import Base
from backoffice.core.tracking import Subject


class InvariantResult(Base):
    """What a check found last."""

    __tablename__ = "invariant_results"

    key: Mapped[str] = mapped_column(exact(80), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, unique=True)  # what a case about it is filed under
    checked_at: Mapped[Timestamp]
    milliseconds: Mapped[int] = mapped_column(Integer)
    found: Mapped[Json]  # {"refs": [...]}: the first of what does not fit
    error: Mapped[Line]  # why it could not be checked; empty where it was

    @property
    def refs(self) -> list[str]:
        return list(self.found["refs"])

    def subject(self) -> Subject:
        return Subject("invariant", self.number, self.key)
