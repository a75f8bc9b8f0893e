"""The customers' desk: who they are, what they bought and owe, and everything that happened with them."""

from types import MappingProxyType
from typing import Any

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import ColumnElement, and_

from backoffice.admin import access, acquaintance, flags, looks, related, timeline, troubles, whose
from backoffice.admin.actions import Action, needs, reason, run
from backoffice.admin.badges import badge
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE
from backoffice.admin.filters import Filter
from backoffice.admin.frame import for_whoever_asks
from backoffice.admin.notes import Noted
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.core.actor import Actor
from backoffice.core.tracking import Subject
from backoffice.customers import accounts, finding
from backoffice.customers import service as customers
from backoffice.customers.models import Person
from backoffice.orders import service as orders
from backoffice.payment_methods import bars
from backoffice.payment_methods import service as payment_methods
from backoffice.payment_methods.models import MethodState, PaymentMethod
from backoffice.staff.roles import Right

SHAPES = MappingProxyType({"account": "done", "guest": "waiting"})


def _called(name: str) -> ColumnElement[bool]:
    words = finding.spellings(name)
    if not words:
        raise ValueError(name)
    return and_(*(Person.id.in_(finding.having(*word)) for word in words))


class CustomerDesk(Noted, Many):
    sees = Right.SEE_SALES
    moment = "created_at"
    personal = True
    column_list = ("name", "email", "standing", "flags", "created_at")
    column_more = ("barred_because", "ref")
    column_labels = MappingProxyType(
        {"email": "E-mail", "created_at": "First seen", "barred_because": "Barred because"}
    )
    column_formatters = MappingProxyType(
        {
            "standing": lambda _view, _context, row, _name: badge(SHAPES[row.standing], row.standing.capitalize()),
            "flags": lambda _view, _context, row, _name: flags.shown(row.flags),
        },
    )
    narrows = (
        Filter("email", "E-mail", lambda text: Person.email == text, whose.whole_email),
        Filter("name", "Name", _called),
        Filter("flag", "Look out for", flags.having, choices=flags.FLAGS),
    )
    spoken = frozenset({"standing", "flags"})
    looked_up = MappingProxyType({"flags": (Person.flags, flags.OF_PERSON)})
    blank = "No customer fits."
    for_many = (ForMany("customers.bar", "Bar"), ForMany("customers.admit", "Admit again"))
    one_template = "office/customer.html"

    def subject_of(self, ref: str) -> Subject:
        return customers.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        known = acquaintance.of(ref)
        person = known.person
        pages = {order.id: (f"order {order.number}", f"/admin/orders/{order.ref}") for order in known.orders}
        named = {order.subject(): pages[order.id] for order in known.orders}
        named |= {subject: pages[order_id] for subject, order_id in related.of_orders(list(pages)).items()}
        subjects = [person.subject(), *(row.subject() for row in known.kept), *named]
        wrong = troubles.of(subjects)
        looks.at(person, person)
        return self.render(
            self.one_template,
            known=known,
            person=person,
            standing=badge(SHAPES[person.standing], person.standing.capitalize()),
            flags=flags.shown(known.flags),
            kept=[(row, self._card_offer(person, row)) for row in known.kept],
            troubles=wrong,
            days=timeline.by_day(
                timeline.of(subjects, [item for item in named if item.kind == "payment"], named=named), ZONE
            ),
            actions=self._offers(person, any(item.case.kind == CaseKind.ACCOUNT_DELETION for item in wrong)),
        )

    @expose("/of/<order>")
    def of(self, order: str) -> ResponseReturnValue:
        """The page of whoever placed an order, whatever became of their address since."""
        person = customers.get(orders.by_ref(order).person_id)
        return redirect(self.get_url(".one", ref=person.ref), 303)

    @expose("/<ref>/close", methods=["POST"])
    @needs(Right.CLOSE_ACCOUNTS)
    def close(self, ref: str) -> ResponseReturnValue:
        def close_all(person: Person, *, by: Actor, reason: str) -> None:
            payment_methods.remove_all(person, by=by)
            accounts.close(person, by=by, reason=reason)

        return self._do(ref, close_all, "The account is closed; a mail says so.")

    @expose("/<ref>/bar", methods=["POST"])
    @needs(Right.BAR_CUSTOMERS)
    def bar(self, ref: str) -> ResponseReturnValue:
        return self._do(ref, customers.bar, "Nothing is sold to them online any more. Open orders go on.")

    @expose("/<ref>/admit", methods=["POST"])
    @needs(Right.BAR_CUSTOMERS)
    def admit(self, ref: str) -> ResponseReturnValue:
        return self._do(ref, customers.admit, "They can buy again.")

    @expose("/<ref>/cards/<card>/bar", methods=["POST"])
    @needs(Right.BAR_CUSTOMERS)
    def bar_card(self, ref: str, card: str) -> ResponseReturnValue:
        def bar(person: Person, *, by: Actor, reason: str) -> None:
            row = payment_methods.one(person.id, card)
            bars.forbid(row, by=by, words=reason)

        return self._do(ref, bar, "Nothing is charged to that card by itself any more.")

    @expose("/<ref>/cards/<card>/allow", methods=["POST"])
    @needs(Right.BAR_CUSTOMERS)
    def allow_card(self, ref: str, card: str) -> ResponseReturnValue:
        def allow(person: Person, *, by: Actor, reason: str) -> None:
            bars.allow(payment_methods.one(person.id, card), by=by, words=reason)

        return self._do(ref, allow, "The card may be charged again.")

    def _card_offer(self, person: Person, row: PaymentMethod) -> Action:
        if row.state == MethodState.BARRED:
            url = self.get_url(".allow_card", ref=person.ref, card=row.ref)
            return for_whoever_asks(
                Action("Allow again", url, Right.BAR_CUSTOMERS, asks="Why may it be charged again?")
            )
        url = self.get_url(".bar_card", ref=person.ref, card=row.ref)
        return for_whoever_asks(Action("Bar card", url, Right.BAR_CUSTOMERS, asks="Why is it not charged any more?"))

    def _do(self, ref: str, act: Any, done: str) -> ResponseReturnValue:
        def work() -> None:
            act(customers.by_ref(ref), by=access.by(), reason=reason())

        return run(lambda: units.write(work), done, self.get_url(".one", ref=ref))

    def _offers(self, person: Person, wants_deletion: bool) -> list[Action]:
        close = Action(
            "Close the account",
            self.get_url(".close", ref=person.ref),
            Right.CLOSE_ACCOUNTS,
            "" if person.has_account or wants_deletion else "there is none",
            asks="Why is it closed?",
        )
        bar = (
            Action("Admit again", self.get_url(".admit", ref=person.ref), Right.BAR_CUSTOMERS, asks="Why?")
            if person.barred_at
            else Action(
                "Bar", self.get_url(".bar", ref=person.ref), Right.BAR_CUSTOMERS, asks="Why is nothing sold to them?"
            )
        )
        return [self.note_offer(person.ref), close, bar]
