"""Keeping bytes: first into the store (outside a unit), then a row that says so."""

from sqlalchemy import select

from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.files.models import StoredFile


def put(content: bytes) -> str:
    """Store the bytes and return their SHA-256. Outside a unit: a file without a row is harmless, a row without a
    file is not."""
    units.closed()
    return ports().files.put(content)


def enter(sha256: str, size: int, *, name: str, media_type: str) -> StoredFile:
    """The row of a stored file, written once per content."""
    known = session.scalars(select(StoredFile).where(StoredFile.sha256 == sha256)).one_or_none()
    if known:
        return known
    row = StoredFile(sha256=sha256, size=size, name=name, media_type=media_type, created_at=clock.now())
    session.add(row)
    session.flush()
    return row


def read(sha256: str) -> bytes:
    """The bytes, checked against their hash. Raises MissingFile."""
    return ports().files.get(sha256)
