"""The inbox: everything that needs a person, whose it is, and the page of the runbook for each kind."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, func, select

from backoffice.admin import access, looks, related, timeline, troubles, whose
from backoffice.admin.actions import Action, Field, needs, reason, run, typed_seen, typed_text
from backoffice.admin.badges import badge
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, plain
from backoffice.admin.filters import Filter, equals
from backoffice.admin.frame import for_whoever_asks
from backoffice.admin.notes import Noted
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.cases.wordings import WORDINGS
from backoffice.core import clock, formatting, units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.seen import mark
from backoffice.core.tracking import Subject
from backoffice.staff import service as staff
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import Right, Role
from backoffice.tasks.models import Task

MORNING = time(8)  # a case that sleeps until a day wakes then
STATES = (("open", "Open"), ("asleep", "Asleep"), ("resolved", "Resolved"))
OWNERS = (("me", "Me"), ("nobody", "Nobody"), ("others", "Others"))


class NoDay(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Name the day on which the case comes back.")


class NoOther(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Choose the case that is the same trouble.")


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


def shown_state(case: Case) -> Markup:
    if until := cases.asleep_until(case):
        return badge(case.state, f"Asleep until {formatting.short_moment(until, ZONE)}", "waiting")
    return badge(case.state)


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


class CaseDesk(Noted, Many):
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
    one_template = "office/case.html"
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

    def subject_of(self, ref: str) -> Subject:
        return _case(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        case = _case(ref)
        others = self._others(case)
        numbers = _order_numbers([case, *others])
        others.sort(key=lambda it: (it.about_ref != case.about_ref, numbers[it.id] != numbers[case.id], -it.id))
        if case.detail:  # what a customer wrote, or what a provider said of them
            looks.at_page(None, case.subject())
        return self.render(
            self.one_template,
            case=case,
            wording=WORDINGS[CaseKind(case.kind)],
            about_url=troubles.place_of(case.about),
            best_url=next((item.url for item in troubles.best(case) if item.is_link), ""),
            called=troubles.called(case.about_kind),
            order_number=numbers[case.id],
            of_task=_of_task(case),
            age=formatting.age(case.opened_at, case.resolved_at or clock.now()),
            shown_state=shown_state(case),
            detail=json.dumps(case.detail, indent=2),
            merged=session.scalars(select(Case.ref).where(Case.merged_into_id == case.id).order_by(Case.id)).all(),
            days=timeline.by_day(timeline.of([case.subject()]), ZONE),
            troubles=[],
            actions=self._offers(case, [(other.ref, _told(other, numbers[other.id])) for other in others]),
        )

    @expose("/kinds/<kind>")
    def kind(self, kind: str) -> ResponseReturnValue:
        """The page of the runbook: what such a case means, what to do, and how it ends."""
        if kind not in list(CaseKind):
            raise NotFound("kind of case")
        open_now = session.scalar(
            select(func.count()).where(Case.kind == kind, Case.state == CaseState.OPEN, troubles.seen())
        )
        return self.render(
            "office/kind.html", kind=kind, wording=WORDINGS[CaseKind(kind)], best=troubles.BEST[CaseKind(kind)],
            open_now=open_now,
        )  # fmt: skip

    @expose("/<ref>/take", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def take(self, ref: str) -> ResponseReturnValue:
        def act(case: Case) -> None:
            cases.assign(case, staff.by_ref(access.me().ref), seen=request.args.get("from", ""), by=access.by())

        return self._do(ref, act, "The case is yours.")

    @expose("/<ref>/assign", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def assign(self, ref: str) -> ResponseReturnValue:
        def act(case: Case) -> None:
            chosen = typed_text("owner")
            cases.assign(case, staff.by_ref(chosen) if chosen else None, seen=typed_seen(), by=access.by())

        return self._do(ref, act, "The case has another owner.")

    @expose("/<ref>/snooze", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def snooze(self, ref: str) -> ResponseReturnValue:
        def act(case: Case) -> None:
            try:
                day = date.fromisoformat(typed_text("until"))
                until = clock.at_place(datetime.combine(day, MORNING), ZONE)
            except ValueError:
                raise NoDay from None
            cases.snooze(case, until, seen=typed_seen(), by=access.by(), reason=reason())

        return self._do(ref, act, "The case sleeps until then.")

    @expose("/<ref>/wake", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def wake(self, ref: str) -> ResponseReturnValue:
        return self._do(ref, lambda case: cases.wake(case, by=access.by()), "The case is back in the inbox.")

    @expose("/<ref>/merge", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def merge(self, ref: str) -> ResponseReturnValue:
        def act(case: Case) -> None:
            into = typed_text("into")
            if not into:
                raise NoOther
            cases.merge(case, _case(into), by=access.by(), reason=reason())

        return self._do(ref, act, "The case is closed as the same trouble as the other.")

    @expose("/<ref>/resolve", methods=["POST"])
    @needs(Right.RESOLVE_CASES)
    def resolve(self, ref: str) -> ResponseReturnValue:
        return self._do(ref, lambda case: cases.resolve(case, reason(), by=access.by()), "The case is closed.")

    def _do(self, ref: str, act: Any, done: str) -> ResponseReturnValue:
        return run(lambda: units.write(lambda: act(_case(ref))), done, self.get_url(".one", ref=ref))

    def _offers(self, case: Case, others: Sequence[tuple[str, str]]) -> list[Action]:
        note = self.note_offer(case.ref)
        if case.state != CaseState.OPEN:
            over = Action(
                "Close the case", self.get_url(".resolve", ref=case.ref), Right.RESOLVE_CASES, "closed already"
            )
            return [over, note]
        here = str(self.get_url(".one", ref=case.ref))
        mine = case.owner_id == access.me().id
        offers = troubles.best(case, back=here)
        if not mine:
            offers.append(troubles.take(case))
        offers.append(
            Action(
                "Close the case",
                self.get_url(".resolve", ref=case.ref),
                Right.RESOLVE_CASES,
                asks="How was it resolved?",
            )
        )
        offers.append(note)
        offers.append(self._hand_over(case))
        if cases.asleep_until(case):
            offers.append(Action("Wake it", self.get_url(".wake", ref=case.ref), Right.RESOLVE_CASES))
        else:
            offers.append(
                Action(
                    "Let it sleep",
                    self.get_url(".snooze", ref=case.ref),
                    Right.RESOLVE_CASES,
                    asks="What are we waiting for?",
                    fields=(
                        Field("until", "Until the morning of", "date"),
                        Field("seen", "", "hidden", mark(case.snoozed_until)),
                    ),
                )
            )
        if others:
            field = Field("into", "The same trouble as", choices=[("", "choose …"), *others])
            url = self.get_url(".merge", ref=case.ref)
            offers.append(Action("Merge", url, Right.RESOLVE_CASES, asks="Why is it the same?", fields=(field,)))
        return offers

    def _hand_over(self, case: Case) -> Action:
        colleagues = session.scalars(
            select(StaffMember).where(StaffMember.active).order_by(StaffMember.name, StaffMember.id)
        ).all()
        able = [member for member in colleagues if cases.can_take(case, member)]
        choices = (("", "Nobody"), *((member.ref, member.name) for member in able))
        current = case.owner.ref if case.owner else ""
        return Action(
            "Hand it over",
            self.get_url(".assign", ref=case.ref),
            Right.RESOLVE_CASES,
            fields=(
                Field("owner", "To", choices=choices, value=current, required=False),
                Field("seen", "", "hidden", current),
            ),
        )

    def _others(self, case: Case) -> list[Case]:
        """Open cases that may be the same trouble."""
        if case.state != CaseState.OPEN:
            return []
        known = {other.id: other for other in (*cases.open_about([case.about]), *cases.open_ones())}
        return [other for other in known.values() if other.id != case.id and troubles.sees(other.about)]


def _subject(case: Case) -> Any:
    """The number of the order it belongs to; else what it is about, by its kind, leading there."""
    if case.order_number is not None:
        return whose.number_cell(None, None, case, "")
    called, place = troubles.called(case.about_kind), troubles.place_of(case.about)
    return Markup('<a href="{}" title="{}">{}</a>').format(place, case.about_ref, called) if place else called


def _of_task(case: Case) -> list[tuple[str, str, str]]:
    """What the task of a case was about, where the colleague may see that."""
    task = session.get(Task, case.about_id) if case.about_kind == "task" else None
    found = related.of_arguments(task.arguments) if task else []
    return troubles.places_of([subject for subject in found if troubles.sees(subject)])


def _order_numbers(known: Sequence[Case]) -> dict[int, int | None]:
    """Case → the number of the order it belongs to."""
    query = select(Case.id, whose.ORDER_OF_CASE).where(Case.id.in_([case.id for case in known]))
    return {row[0]: row[1] for row in session.execute(query)}


def _told(case: Case, order_number: int | None) -> str:
    """A case among others, in one line."""
    parts = [
        WORDINGS[CaseKind(case.kind)].title.rstrip("."),
        f"order {order_number}" if order_number else f"{troubles.called(case.about_kind)} {case.about_ref}",
        formatting.money(case.at_risk) if case.at_risk else "",
        f"open for {formatting.age(case.opened_at, clock.now())}",
    ]
    return ", ".join(filter(None, parts))


def _case(ref: str) -> Case:
    """A case that the colleague may see. Raises NotFound."""
    return cases.get_seen(ref, access.my_role())
