from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Exact, Id, Line, Timestamp, exact
from backoffice.core.db import Base


class StoredFile(Base):
    """What was stored: the bytes lie in the file store under their SHA-256. Frozen whole."""

    __tablename__ = "files"

    id: Mapped[Id]
    sha256: Mapped[str] = mapped_column(exact(64), unique=True)
    size: Mapped[BigInt]
    media_type: Mapped[Exact]
    name: Mapped[Line]
    created_at: Mapped[Timestamp]
