"""The page of one case: what it is about, what can be done, its end; and the page of the runbook for each kind."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select

from backoffice.admin import access, looks, related, timeline, troubles, whose
from backoffice.admin.actions import Action, Field, needs, reason, run, typed_seen, typed_text
from backoffice.admin.badges import badge
from backoffice.admin.cells import ZONE
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
from backoffice.staff.roles import Right
from backoffice.tasks.models import Task

MORNING = time(8)  # a case that sleeps until a day wakes then


class NoDay(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Name the day on which the case comes back.")


class NoOther(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Choose the case that is the same trouble.")


class CasePage(Noted):
    """The part of the inbox that shows one case."""

    one_template = "office/case.html"

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


def shown_state(case: Case) -> Markup:
    if until := cases.asleep_until(case):
        return badge(case.state, f"Asleep until {formatting.short_moment(until, ZONE)}", "waiting")
    return badge(case.state)


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
