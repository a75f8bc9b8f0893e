"""Opening, closing and finding cases. The system opens them, and closes them itself when the thing later succeeds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import seeing
from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.cases.wordings import WORDINGS
from backoffice.core import clock, references
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import NOW, session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.looks import look
from backoffice.core.money import Money
from backoffice.core.seen import ChangedMeanwhile, check
from backoffice.core.states import StateTable
from backoffice.core.tracking import Subject, Tracked
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import Role

_OPEN = select(Case).where(Case.open_key == bindparam("key"))
_IS_OPEN = select(Case.id).where(Case.open_key == bindparam("key"))

LONGEST_SLEEP = timedelta(days=90)

MOVES = StateTable(
    Case.state, {CaseState.OPEN: frozenset({CaseState.RESOLVED}), CaseState.RESOLVED: frozenset[CaseState]()}
)


class CaseClosed(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This case is closed already; there is nothing to do in it any more.")


class NotInTheFuture(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__(f"Let the case sleep until a day to come, at most {LONGEST_SLEEP.days} days from now.")


class NotThisCase(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("Merge it into another case that is open; this one would disappear in itself.")


class CannotTake(CounterfoilError):
    status = 409

    def __init__(self, owner: StaffMember) -> None:
        super().__init__(f"{owner.name} could not see this case: the account is closed, or its role does not show it.")


class TakenMeanwhile(ChangedMeanwhile):
    def __init__(self, owner: StaffMember | None) -> None:
        has_it = f"{owner.name} has it" if owner else "Nobody has it"
        super().__init__(f"{has_it} since this page was opened. Look at it again, then decide.")


class ReasonMissing(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Write in one sentence how it was resolved; the sentence stays with the case.")


def open_case(kind: CaseKind, about: Tracked | Subject, *, at_risk: Money | None = None, **detail: Any) -> Case:
    """Open a case, or return the open one of this kind about this subject."""
    subject = about.subject() if isinstance(about, Tracked) else about
    key = f"{kind}:{subject.kind}:{subject.id}"
    known = session.scalars(_OPEN, {"key": key}).one_or_none()
    if known:
        return known
    case = Case(
        ref=references.new("cas"),
        kind=str(kind),
        about_kind=subject.kind,
        about_id=subject.id,
        about_ref=subject.ref,
        open_key=key,
        state=CaseState.OPEN,
        detail=detail,
        at_risk_amount=at_risk.amount if at_risk else None,
        currency=at_risk.currency if at_risk else None,
        opened_at=clock.now(),
        resolved_at=None,
        resolution="",
        owner_id=None,
        snoozed_until=None,
        merged_into_id=None,
    )
    session.add(case)
    audit.record(Tag.CASE_OPENED, case, by=SYSTEM, kind=kind, about=subject.ref, at_risk=at_risk)
    audit.record(Tag.CASE_OPENED, subject, by=SYSTEM, case=case.ref, kind=kind, at_risk=at_risk)
    return case


def close(kind: CaseKind, about: Tracked | Subject, *, because: str) -> bool:
    """Close the open case of this kind, if there is one: the thing succeeded after all."""
    subject = about.subject() if isinstance(about, Tracked) else about
    key = f"{kind}:{subject.kind}:{subject.id}"
    if look(_IS_OPEN, key=key).first() is None:  # nearly always: no object is made for it
        return False
    case = session.scalars(_OPEN, {"key": key}).one_or_none()  # none, where somebody closed it since the look
    return case is not None and resolve(case, because, by=SYSTEM)


def was_told(kind: CaseKind, about: Tracked) -> bool:
    """Whether there was ever a case of this kind about this subject, open or not."""
    subject = about.subject()
    query = select(Case.id).where(Case.about_ref == subject.ref, Case.kind == str(kind))
    return session.scalars(query.limit(1)).first() is not None


def resolve(case: Case, resolution: str, *, by: Actor) -> bool:
    """Close a case with the sentence that says how; False if it was closed already. Raises ReasonMissing."""
    if not resolution.strip():
        raise ReasonMissing
    return _end(case, resolution.strip(), by=by)


def can_take(case: Case, owner: StaffMember) -> bool:
    return owner.active and seeing.sees(owner.role, case.about_kind)


def assign(case: Case, owner: StaffMember | None, *, seen: str | None = None, by: Actor) -> bool:
    """Make a case somebody's, or nobody's; False if it was so already. ``seen`` is the reference of whose it was when somebody
    decided, empty for nobody's; None where nobody looked. Raises CaseClosed, TakenMeanwhile, and CannotTake for a colleague who
    would never find it among theirs."""
    session.refresh(case, with_for_update=True)
    _must_be_open(case)
    if owner and not can_take(case, owner):
        raise CannotTake(owner)
    before, after = case.owner, owner
    if (before and before.id) == (after and after.id):
        return False
    if seen is not None and seen != (before.ref if before else ""):
        raise TakenMeanwhile(before)
    case.owner = owner
    audit.record(Tag.CASE_ASSIGNED, case, by=by, owner=(before and before.ref, after and after.ref))
    return True


def snooze(case: Case, until: datetime, *, seen: str | None = None, by: Actor, reason: str) -> bool:
    """Let a case leave the inbox until a moment; False if it sleeps until then. ``seen`` is the ``mark`` of how long it slept
    when somebody decided. Raises CaseClosed, NotInTheFuture, ChangedMeanwhile."""
    session.refresh(case, with_for_update=True)  # of two at the same moment the second finds what the first wrote
    _must_be_open(case)
    if case.snoozed_until == until:
        return False
    check(seen, case.snoozed_until)
    if not clock.now() < until <= clock.now() + LONGEST_SLEEP:
        raise NotInTheFuture
    before, case.snoozed_until = case.snoozed_until, until
    audit.record(Tag.CASE_SNOOZED, case, by=by, reason=reason, until=(before, until))
    return True


def wake(case: Case, *, by: Actor) -> bool:
    """Bring a sleeping case back; False if it was awake."""
    if case.snoozed_until is None:
        return False
    before, case.snoozed_until = case.snoozed_until, None
    audit.record(Tag.CASE_SNOOZED, case, by=by, until=(before, None))
    return True


def merge(case: Case, into: Case, *, by: Actor, reason: str) -> bool:
    """Close a case as the same trouble as another, which goes on; False if it was closed already. Raises NotThisCase."""
    if case.id == into.id or into.state != CaseState.OPEN:
        raise NotThisCase
    title = WORDINGS[CaseKind(into.kind)].title.lower().rstrip(".")
    if not _end(case, f"{reason} (the same as {into.ref}: {title})", by=by):
        return False
    case.merged_into = into
    audit.record(Tag.CASE_MERGED, into, by=by, reason=reason, case=case.ref, kind=case.kind, about=case.about_ref)
    return True


def get_seen(ref: str, role: Role) -> Case:
    """A case that the role may see. Raises NotFound: whether there is another is not said."""
    case = get(ref)
    if not seeing.sees(role, case.about_kind):
        raise NotFound("case")
    return case


def get(ref: str) -> Case:
    case = session.scalars(select(Case).where(Case.ref == ref)).one_or_none()
    if case is None:
        raise NotFound("case")
    return case


def awake() -> ColumnElement[bool]:
    """Condition: open, and not sleeping now."""
    return and_(Case.state == CaseState.OPEN, or_(Case.snoozed_until.is_(None), Case.snoozed_until <= NOW))


def asleep_until(case: Case) -> datetime | None:
    """When an open case wakes; None if it is awake, or over."""
    until = case.snoozed_until
    return until if case.state == CaseState.OPEN and until and until > clock.now() else None


def open_ones(most: int = 200) -> Sequence[Case]:
    """The open cases, the oldest first."""
    return session.scalars(select(Case).where(Case.state == CaseState.OPEN).order_by(Case.id).limit(most)).all()


def open_about(subjects: Sequence[Subject]) -> list[Case]:
    """The open cases about these subjects, the oldest first."""
    if not subjects:
        return []
    known = {subject.key for subject in subjects}
    query = select(Case).where(Case.about_ref.in_([subject.ref for subject in subjects]), Case.state == CaseState.OPEN)
    return [case for case in session.scalars(query.order_by(Case.id)) if case.about.key in known]


def _end(case: Case, resolution: str, *, by: Actor) -> bool:
    if not MOVES.move(
        case,
        CaseState.RESOLVED,
        open_key=None,
        resolved_at=clock.now(),
        resolution=resolution[:255],
        snoozed_until=None,
    ):
        return False
    audit.record(Tag.CASE_RESOLVED, case, by=by, reason=resolution, state=(CaseState.OPEN, CaseState.RESOLVED))
    audit.record(Tag.CASE_RESOLVED, case.about, by=by, reason=resolution, case=case.ref)
    return True


def _must_be_open(case: Case) -> None:
    if case.state != CaseState.OPEN:
        raise CaseClosed
