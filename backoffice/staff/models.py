from sqlalchemy import Boolean
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import Choice, Id, Line, Ref, Timestamp, exact
from backoffice.core.db import Base
from backoffice.core.tracking import Tracked
from backoffice.staff.roles import Role


class StaffMember(Tracked, Base):
    __tablename__ = "staff"
    subject_kind = "staff"
    unaudited = frozenset({"password_hash"})  # changes silently only when argon2's cost is raised at a login

    id: Mapped[Id]
    ref: Mapped[Ref]
    email: Mapped[str] = mapped_column(exact(254), unique=True)
    name: Mapped[Line]
    role: Mapped[Role] = mapped_column(Choice(Role))
    password_hash: Mapped[Line]  # empty until an invited colleague chose one
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Timestamp]
