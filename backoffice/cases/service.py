"""Opening, closing and finding cases. The system opens them, and closes them itself when the thing later succeeds."""

from typing import Any

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.core import clock, references
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.money import Money
from backoffice.core.states import StateTable
from backoffice.core.tracking import Subject, Tracked

MOVES = StateTable(
    Case.state, {CaseState.OPEN: frozenset({CaseState.RESOLVED}), CaseState.RESOLVED: frozenset[CaseState]()}
)


class ReasonMissing(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Write in one sentence how it was resolved; the sentence stays with the case.")


def open_case(kind: CaseKind, about: Tracked | Subject, *, at_risk: Money | None = None, **detail: Any) -> Case:
    """Open a case, or return the open one of this kind about this subject."""
    subject = about.subject() if isinstance(about, Tracked) else about
    key = f"{kind}:{subject.kind}:{subject.id}"
    known = session.scalars(select(Case).where(Case.open_key == key)).one_or_none()
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
    )
    session.add(case)
    audit.record(Tag.CASE_OPENED, case, by=SYSTEM, kind=kind, about=subject.ref, at_risk=at_risk)
    audit.record(Tag.CASE_OPENED, subject, by=SYSTEM, case=case.ref, kind=kind, at_risk=at_risk)
    return case


def close(kind: CaseKind, about: Tracked | Subject, *, because: str) -> bool:
    """Close the open case of this kind, if there is one: the thing succeeded after all."""
    subject = about.subject() if isinstance(about, Tracked) else about
    key = f"{kind}:{subject.kind}:{subject.id}"
    case = session.scalars(select(Case).where(Case.open_key == key)).one_or_none()
    return case is not None and resolve(case, because, by=SYSTEM)


def resolve(case: Case, resolution: str, *, by: Actor) -> bool:
    """Close a case with the sentence that says how; False if it was closed already. Raises ReasonMissing."""
    if not resolution.strip():
        raise ReasonMissing
    if not MOVES.move(
        case, CaseState.RESOLVED, open_key=None, resolved_at=clock.now(), resolution=resolution.strip()[:255]
    ):
        return False
    audit.record(Tag.CASE_RESOLVED, case, by=by, reason=resolution, state=(CaseState.OPEN, CaseState.RESOLVED))
    audit.record(Tag.CASE_RESOLVED, case.about, by=by, reason=resolution, case=case.ref)
    return True


def get(ref: str) -> Case:
    case = session.scalars(select(Case).where(Case.ref == ref)).one_or_none()
    if case is None:
        raise NotFound("case")
    return case


def open_about(subjects: list[Subject]) -> list[Case]:
    keys = [f"{kind}:{subject.kind}:{subject.id}" for kind in CaseKind for subject in subjects]
    return list(session.scalars(select(Case).where(Case.open_key.in_(keys)).order_by(Case.id))) if keys else []
