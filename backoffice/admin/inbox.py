"""The inbox: everything that needs a person, whose it is, and its next step as a button."""

from types import MappingProxyType
from typing import Any

from flask import request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, select

from backoffice.admin import access, troubles, whose
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.case_page import CasePage, shown_state
from backoffice.admin.cells import ZONE, plain
from backoffice.admin.filters import Filter, equals
from backoffice.admin.frame import for_whoever_asks
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.cases.wordings import WORDINGS
from backoffice.core import clock, formatting
from backoffice.staff.roles import Right, Role

STATES = (("open", "Open"), ("asleep", "Asleep"), ("resolved", "Resolved"))
OWNERS = (("me", "Me"), ("nobody", "Nobody"), ("others", "Others"))


def _in_state(state: str) -> ColumnElement[bool]:
    asleep = and_(Case.state == CaseState.OPEN, Case.snoozed_until > clock.now())
    if state == "asleep":
        return asleep
    if state == "open":
        return cases.awake()
    return Case.state == CaseState(state)


def _owned(by: str) -> ColumnElement[bool]:
    mine = access.me().id
    match by:
        case "me":
            return Case.owner_id == mine
        case "nobody":
            return Case.owner_id.is_(None)
        case "others":
            return and_(Case.owner_id.is_not(None), Case.owner_id != mine)
    raise ValueError(by)


BUTTON = Markup('<a class="button small" href="{}">{}</a>')
FORM = Markup(
    '<form method="post" action="{url}" data-once><input type="hidden" name="csrf_token" value="{token}">'
    '<input type="hidden" name="key" value="{key}"><input type="hidden" name="back" value="{back}">'
)
PRESS = Markup('{form}<button class="small">{label}</button></form>')
ASK = Markup(
    '<details><summary class="button small">{label} …</summary>{form}<label>{asks} <input name="reason" required'
    ' maxlength="255"></label> <button class="small first">{label}</button></form></details>'
)


class CaseDesk(CasePage, Many):
    sees = Right.SEE_INBOX
    moment = "opened_at"
    opens = MappingProxyType({role: {"state": "open"} for role in Role})
    column_more = ("about_ref", "resolved_at", "resolution", "ref")
    column_list = ("kind", "order_number", "at_risk", "opened_at", "owner_name", "state", "next_step")
    column_labels = {
        "kind": "What", "order_number": "Subject", "about_ref": "Reference of it", "at_risk": "Money at risk",
        "opened_at": "Open for",
        "owner_name": "Whose", "next_step": "Next",
    }  # fmt: skip
    column_formatters = {
        "state": lambda _view, _context, row, _name: shown_state(row),
        "kind": lambda _view, _context, row, _name: WORDINGS[CaseKind(row.kind)].title.rstrip("."),
        "next_step": lambda view, _context, row, _name: view.next_step(row),
        "about_ref": lambda _view, _context, row, _name: Markup("{} <code>{}</code>").format(
            troubles.called(row.about_kind), row.about_ref
        ),
        "order_number": lambda _view, _context, row, _name: _subject(row),
        "at_risk": lambda _view, _context, row, _name: plain(row.at_risk),
        "owner_name": lambda _view, _context, row, _name: row.owner_name or "nobody",
        "opened_at": lambda _view, _context, row, _name: Markup('<span title="since {}">{}</span>').format(
            formatting.short_moment(row.opened_at, ZONE),
            formatting.age(row.opened_at, row.resolved_at or clock.now()),
        ),
    }
    numbers = frozenset({"at_risk"})
    spoken = frozenset({"state", "kind"})
    filed = MappingProxyType(
        {
            "order_number": lambda row: (
                f"order {row.order_number}" if row.order_number else troubles.called(row.about_kind)
            ),
            "next_step": lambda row: troubles.BEST[CaseKind(row.kind)].label if row.state == CaseState.OPEN else "",
        }
    )
    looked_up = MappingProxyType({"order_number": (Case.order_number, whose.ORDER_OF_CASE)})
    narrows = (
        Filter("state", "State", _in_state, choices=STATES),
        Filter("owner", "Whose", _owned, choices=OWNERS),
        equals("kind", "Kind", Case.kind, [(str(kind), WORDINGS[kind].title) for kind in CaseKind]),
        equals("about", "About (reference)", Case.about_ref, is_personal=True),
    )
    blank = "Nothing needs you. When something gives up or does not add up, it appears here."
    for_many = (
        ForMany("cases.take", "Take", asks=False),
        ForMany("cases.close", "Close"),
    )

    def rows(self) -> Select[Any]:
        return select(Case).where(troubles.seen())

    def next_step(self, case: Case) -> Markup:
        """The next best action as a button of the row: pressed at once, with its reason where it asks for one."""
        for item in map(for_whoever_asks, troubles.best(case, back=request.full_path.rstrip("?"))):
            if item.why_not:
                return Markup('<span class="soft" title="{}">{}</span>').format(item.why_not, item.label)
            if item.is_link:
                return BUTTON.format(item.url, item.label)
            form = FORM.format(url=item.url, token=generate_csrf(), key=item.key, back=item.back)
            return (ASK if item.asks else PRESS).format(form=form, label=item.label, asks=item.asks)
        return Markup()


def _subject(case: Case) -> Any:
    """The number of the order it belongs to; else what it is about, by its kind, leading there."""
    if case.order_number is not None:
        return whose.number_cell(None, None, case, "")
    called, place = troubles.called(case.about_kind), troubles.place_of(case.about)
    return Markup('<a href="{}" title="{}">{}</a>').format(place, case.about_ref, called) if place else called
