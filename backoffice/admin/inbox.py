"""The inbox: everything that needs a person."""

import json
from types import MappingProxyType

from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from backoffice.admin import access, timeline
from backoffice.admin.actions import Action, needs, reason, run
from backoffice.admin.cells import ZONE, choices, plain, state
from backoffice.admin.filters import equals
from backoffice.admin.lists import DeskList
from backoffice.cases import service as cases
from backoffice.cases.kinds import WORDINGS, CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.core import units
from backoffice.core.tracking import Subject
from backoffice.staff.roles import Right, Role

DESKS = {"order": "orders", "payment": "payments", "invoice": "invoices", "task": "tasks", "webhook_event": "webhooks"}


def place_of(subject: Subject) -> str:
    """Where the subject of a case has its page; empty where it has none."""
    desk = DESKS.get(subject.kind)
    return f"/admin/{desk}/{subject.ref}" if desk else ""


class CaseDesk(DeskList):
    sees = Right.SEE_INBOX
    moment = "opened_at"
    opens = MappingProxyType({role: {"state": "open"} for role in Role})
    column_more = ("resolved_at", "resolution", "ref")
    column_list = ("kind", "about_ref", "at_risk", "opened_at", "state")
    column_labels = {"kind": "What", "about_ref": "About", "at_risk": "Money at risk", "opened_at": "Since"}
    column_formatters = {
        "state": state,
        "kind": lambda _view, _context, row, _name: WORDINGS[CaseKind(row.kind)].title,
        "about_ref": lambda _view, _context, row, _name: Markup("{} <code>{}</code>").format(
            row.about_kind.replace("_", " "), row.about_ref
        ),
        "at_risk": lambda _view, _context, row, _name: plain(row.at_risk),
    }
    numbers = frozenset({"at_risk"})
    narrows = (
        equals("state", "State", Case.state, choices(CaseState), CaseState),
        equals("kind", "Kind", Case.kind, [(str(kind), WORDINGS[kind].title) for kind in CaseKind]),
    )
    blank = "Nothing needs you. When something gives up or does not add up, it appears here."
    one_template = "office/case.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        case = cases.get(ref)
        is_open = case.state == CaseState.OPEN
        return self.render(
            self.one_template,
            case=case,
            wording=WORDINGS[CaseKind(case.kind)],
            about_url=place_of(case.about),
            detail=json.dumps(case.detail, indent=2),
            days=timeline.by_day(timeline.of([case.subject()]), ZONE),
            cases=[],
            actions=[
                Action(
                    "Close the case",
                    self.get_url(".resolve", ref=ref),
                    Right.RESOLVE_CASES,
                    "" if is_open else "closed already",
                    asks="How was it resolved?",
                )
            ],
        )

    @expose("/<ref>/resolve", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def resolve(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            words = reason()
            units.write(lambda: cases.resolve(cases.get(ref), words, by=access.by()))

        return run(act, "The case is closed.", self.get_url(".one", ref=ref))
