"""Writing notes, calling colleagues in them by ``@handle``, and telling whom a note waits for."""

import re
from collections.abc import Sequence

from sqlalchemy import select, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, references
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, FormUsed, NotFound
from backoffice.core.tracking import Subject
from backoffice.notes.models import Mention, Note
from backoffice.staff.models import StaffMember

LONGEST = 2_000
_CALL = re.compile(r"(?<![\w.@-])@([a-z0-9][a-z0-9._-]*[a-z0-9]|[a-z0-9])", re.IGNORECASE)


class NothingWritten(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__(f"Write something, at most {LONGEST:,} characters.")


class NobodyCalled(CounterfoilError):
    """A mention that would reach nobody; the note is not written, so that nobody waits for an answer in vain."""

    status = 422

    def __init__(self, handles: Sequence[str], known: Sequence[str]) -> None:
        missing = ", ".join(f"@{handle}" for handle in handles)
        super().__init__(f"{missing} is nobody here. You can call {', '.join(f'@{handle}' for handle in known)}.")


def handle(member: StaffMember) -> str:
    """What a colleague is called by: the part of their address before the @; of two who share it, whoever came first."""
    return member.email.partition("@")[0]


def add(about: Subject, text: str, *, author: StaffMember, request_key: str) -> Note:
    """Write a note; the same ``request_key`` writes one. The audit says that it was written, not what it says.

    Raises NothingWritten, CardNumber, NobodyCalled, FormUsed."""
    known = session.scalars(select(Note).where(Note.request_key == request_key)).one_or_none()
    text = text.strip().replace("\r\n", "\n")
    if known:
        if (known.about_kind, known.about_id, known.author.id, known.text) != (*about.key, author.id, text):
            raise FormUsed
        return known
    if not text or len(text) > LONGEST:
        raise NothingWritten
    refuse_card_number(text)
    called = _called(text)
    note = Note(
        ref=references.new("nte"),
        request_key=request_key,
        about_kind=about.kind,
        about_id=about.id,
        about_ref=about.ref,
        author=author,
        text=text,
        written_at=clock.now(),
    )
    session.add(note)
    session.flush()
    session.add_all(Mention(note=note, staff_id=member.id, seen_at=None) for member in called if member.id != author.id)
    names = ", ".join(handle(member) for member in called)
    audit.record(
        Tag.NOTE_ADDED, about, by=actor.staff(author.ref), note=note.ref, **({"called": names} if names else {})
    )
    return note


def waiting_for(member_id: int, most: int = 20) -> list[Mention]:
    """Mentions that a colleague has not seen yet, the latest first."""
    query = select(Mention).where(Mention.staff_id == member_id, Mention.seen_at.is_(None))
    return list(session.scalars(query.order_by(Mention.id.desc()).limit(most)))


def see(note_ref: str, member_id: int) -> None:
    """Note that a colleague has read what they were called for. Raises NotFound for anybody else's mention."""
    query = select(Mention).join(Note, Note.id == Mention.note_id)
    mention = session.scalars(query.where(Note.ref == note_ref, Mention.staff_id == member_id)).one_or_none()
    if mention is None:
        raise NotFound("note for you")
    session.execute(
        update(Mention)
        .where(Mention.id == mention.id, Mention.seen_at.is_(None))
        .values(seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _called(text: str) -> list[StaffMember]:
    handles = {found.lower() for found in _CALL.findall(text)}
    if not handles:
        return []
    everybody = session.scalars(select(StaffMember).where(StaffMember.active).order_by(StaffMember.id)).all()
    by_handle = {handle(member): member for member in reversed(everybody)}
    unknown = sorted(handles - by_handle.keys())
    if unknown:
        raise NobodyCalled(unknown, sorted(by_handle)[:12])
    return [by_handle[found] for found in sorted(handles)]
