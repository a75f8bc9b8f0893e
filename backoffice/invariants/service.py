"""Running the checks and keeping what they found. A check that finds something opens a case; one that finds nothing any more
closes it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.invariants.checks import CHECKS
from backoffice.invariants.models import InvariantResult
from backoffice.invariants.promises.check import Check
from backoffice.tasks import service as tasks

MOST = 20  # of what does not fit, by check

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Finding:
    """What one check found: nothing is well, unless it could not be checked."""

    check: Check
    refs: Sequence[str]
    milliseconds: int
    error: str = ""

    @property
    def holds(self) -> bool:
        return not self.refs and not self.error


def check(checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Run checks, each in a read unit of its own. Nothing is written."""
    return [_run(item) for item in checks]


def check_and_keep() -> list[Finding]:
    """Run all checks, keep what they found, open and close their cases."""
    findings = check()
    for finding in findings:
        units.write(lambda finding=finding: _keep(finding))  # type: ignore[misc]
    return findings


def last() -> dict[str, InvariantResult]:
    """What each check found last, by its key."""
    return {row.key: row for row in session.scalars(select(InvariantResult))}


def ask_for(request_key: str) -> None:
    """Have a worker run all checks now."""
    tasks.schedule("invariants.check", dedupe=f"invariants.check:{request_key}")


def _run(item: Check) -> Finding:
    started = time.perf_counter()
    try:
        with units.read():
            rows = session.execute(text(item.query + f" LIMIT {MOST}")).all()
    except DBAPIError as error:
        log.error("an invariant could not be checked", check=item.key, error=str(error.orig)[:200])
        return Finding(item, (), _since(started), f"{type(error.orig).__name__}: {error.orig}"[:255])
    return Finding(item, [str(row[0]) for row in rows], _since(started))


def _keep(finding: Finding) -> None:
    row = session.get(InvariantResult, finding.check.key)
    if row is None:
        number = (session.scalar(select(func.max(InvariantResult.number))) or 0) + 1
        row = InvariantResult(key=finding.check.key, number=number)
        session.add(row)
    row.checked_at, row.milliseconds, row.error = clock.now(), finding.milliseconds, finding.error
    row.found = {"refs": list(finding.refs)}
    session.flush()
    if finding.refs:
        cases.open_case(
            CaseKind.INVARIANT_BROKEN, row.subject(), found=", ".join(finding.refs[:3]), what=finding.check.words
        )
    elif not finding.error:
        cases.close(CaseKind.INVARIANT_BROKEN, row.subject(), because="The check finds nothing any more.")


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
