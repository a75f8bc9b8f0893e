"""The page of the promises: every check green or red, with what it found, and when it looked last."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin.actions import Action, needs, request_key, run
from backoffice.admin.frame import Screen
from backoffice.core import references, units
from backoffice.invariants import service as invariants
from backoffice.invariants.checks import CHECKS
from backoffice.invariants.models import InvariantResult
from backoffice.invariants.promises.check import Check
from backoffice.staff.roles import Right


@dataclass(frozen=True)
class Line:
    check: Check
    result: InvariantResult | None

    @property
    def state(self) -> str:
        if self.result is None:
            return "waiting"
        return "refused" if self.result.refs else "unknown" if self.result.error else "done"


class Promises(Screen):
    sees = Right.SEE_RECORDS

    def __init__(self) -> None:
        super().__init__("Promises", "promises", "System")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        known = invariants.last()
        lines = [Line(check, known.get(check.key)) for check in CHECKS]
        promised: dict[str, list[Line]] = {}
        for line in lines:
            promised.setdefault(line.check.promise, []).append(line)
        return self.render(
            "office/promises.html",
            promises=list(promised.items()),
            broken=sum(line.state == "refused" for line in lines),
            unseen=sum(line.state in ("waiting", "unknown") for line in lines),
            total=len(lines),
            checked_at=_oldest([line.result for line in lines if line.result]),
            actions=[Action("Check now", self.get_url(".check"), Right.LOOK_CLOSER, key=references.new("chk"))],
        )

    @expose("/check", methods=["POST"])
    @needs(Right.LOOK_CLOSER)
    def check(self) -> ResponseReturnValue:
        key = request_key()
        return run(
            lambda: units.write(lambda: invariants.ask_for(key)),
            "A worker looks now; load this page again in a moment.",
            self.get_url(".index"),
        )


def _oldest(results: Sequence[InvariantResult]) -> object:
    return min((item.checked_at for item in results), default=None)
