"""The page that gives money back: choose, see what will happen, confirm. What is chosen lives in the address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access, looks, sold, troubles
from backoffice.admin.actions import needs, refuse, request_key, typed_count, typed_text
from backoffice.admin.notes import Noted
from backoffice.core import clock, references, units
from backoffice.core.errors import CounterfoilError
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.disputes import service as disputes
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.service import ToShip
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.models import Order, OrderLine
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds import booking, wishes
from backoffice.refunds import service as refunds
from backoffice.refunds.beginning import RefundedMeanwhile
from backoffice.refunds.models import LOST, Refund, RefundReason, RefundState
from backoffice.refunds.wishes import NothingToRefund, Pieces, Wish
from backoffice.staff.roles import Right

A_WHILE = timedelta(hours=1)
REASONS = {
    RefundReason.WITHDRAWN: "The customer withdrew from the contract",
    RefundReason.RETURNED: "The goods came back",
    RefundReason.DAMAGED: "Damaged or faulty",
    RefundReason.NOT_DELIVERED: "Not delivered",
    RefundReason.GOODWILL: "Price reduced, goodwill",
    RefundReason.PAID_TWICE: "Paid twice, or too much",
    RefundReason.FRAUD: "Not paid by the holder of the card",
}


class NotAReason(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Choose why the money goes back.")


class NoKey(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("This form is not the one that the page showed. Open the page again, and send it anew.")


class DamagedForSale(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("What is damaged is not sold again: untick it, or choose another reason.")


class SameSum(CounterfoilError):
    status = 409

    def __init__(self, same: Refund) -> None:
        super().__init__(
            f"{money(same.money)} was {'asked' if same.is_open else 'given'} back a short while ago by {same.who}. "
            "Tick “once more” if you mean it."
        )


class TooMuch(CounterfoilError):
    status = 409

    def __init__(self, wanted: Money, left: Money) -> None:
        super().__init__(f"{money(wanted)} is more than the {money(left)} that is left of this payment.")


@dataclass(frozen=True)
class Choice:
    """What is to be given back, as chosen on the page: a sum, and the pieces it is for."""

    amount: Money
    pieces: tuple[tuple[OrderLine, int], ...] = ()


@dataclass(frozen=True)
class Row:
    """An order line as the page offers it."""

    line: OrderLine
    left: int
    to_ship: int  # of these, not sent yet
    chosen: str


class RefundForm(Noted):
    """The part of the refund desk that gives back."""

    @expose("/of/<payment>")
    def choose(self, payment: str) -> ResponseReturnValue:
        """What can be given back of a payment; once it is chosen, what will happen."""
        access.demand(Right.REFUND)
        found = sold.payment(payment)
        row, order, invoice = found.thing, found.order, found.invoice
        looks.at(found.person, order)
        before = refunds.of([row])
        left, parcels = wishes.left_of_lines(order), _parcels(order)
        choice, problem = None, ""
        try:
            choice = self._chosen(order, row, left)
            disputes.refuse_refund(row)
        except CounterfoilError as error:
            problem = str(error)
        return self.render(
            "office/refund_form.html",
            payment=row,
            order=order,
            flags=found.flags,
            invoice=invoice,
            rows=self._rows(order, left, parcels),
            left_over=booking.left(row),
            choice=choice,
            problem=problem,
            credited=booking.would_credit(invoice, choice.amount) if choice else None,
            priced=wishes.price(order, {line.id: count for line, count in choice.pieces}) if choice else None,
            before=before,
            same=self._same(before, choice) if choice else None,
            troubles=troubles.of([refund.subject() for refund in before]),
            reasons=REASONS,
            key=references.new("rfk"),
            staying=_staying(choice, parcels) if choice else {},
            half_sent=_half_sent(choice, parcels) if choice else {},
            sent={line_id: item.shipped for line_id, item in parcels.items()},
        )

    @expose("/of/<payment>", methods=["POST"])
    @needs(Right.REFUND)
    def give_back(self, payment: str) -> ResponseReturnValue:
        place = self.get_url(".choose", payment=payment)
        with units.read():
            row = payments.by_ref(payment)
            order = orders.get(invoices.get(row.invoice_id).order_id)
            try:
                wish = self._wish(order, row)
            except CounterfoilError as error:
                refuse(error)
                return redirect(f"{place}?{request.query_string.decode()}", 303)
        return self._carry_out(
            lambda: refunds.give_back(wish, by=access.by()), f"{place}?{request.query_string.decode()}"
        )

    def _carry_out(self, act: Callable[[], Refund], back: str) -> ResponseReturnValue:
        """Refund, and say what the provider said."""
        try:
            refund = act()
        except CounterfoilError as error:
            refuse(error)
            return redirect(back, 303)
        flash(*_said(refund))
        return redirect(self.get_url(".one", ref=refund.ref), 303)

    def _wish(self, order: Order, payment: Payment) -> Wish:
        choice = self._chosen(order, payment, wishes.left_of_lines(order))
        if choice is None:  # or somebody gave back all of it meanwhile
            raise NothingToRefund if booking.left(payment) else RefundedMeanwhile(payment)
        if not request.form.get("key"):
            raise NoKey
        same = self._same(refunds.of([payment]), choice)
        known = same is not None and same.request_key == request_key()
        if same and not known and not request.form.get("more"):
            raise SameSum(same)
        reason = request.form.get("reason", "")
        if reason not in REASONS:
            raise NotAReason
        shelved = {
            line.id: count for line, count in choice.pieces if request.form.get(f"shelve{line.id}") and line.variant_id
        }
        if shelved and reason == RefundReason.DAMAGED:
            raise DamagedForSale
        parcels = _parcels(order)
        half_sent = _half_sent(choice, parcels)
        seen = Money(typed_count("seen", 10**9), payment.currency)
        return Wish(
            payment_ref=payment.ref,
            amount=choice.amount,
            seen=seen,
            reason=RefundReason(reason),
            note=typed_text("note", 255),
            request_key=request_key(),
            pieces=[
                Pieces(
                    line.id,
                    count,
                    shelved=shelved.get(line.id, 0),
                    still_sent=half_sent.get(line.id, 0) if request.form.get(f"send{line.id}") else 0,
                    sent_seen=typed_count(f"sent{line.id}", 10**9) if line.id in parcels else None,
                )
                for line, count in choice.pieces
            ],
        )

    def _chosen(self, order: Order, payment: Payment, left: Mapping[int, int]) -> Choice | None:
        """What the address says; None while nothing was chosen. Raises CounterfoilError for what cannot be."""
        what, most = request.args.get("what", ""), booking.left(payment)
        if what == "all":
            pieces = tuple((line, left[line.id]) for line in order.lines if left[line.id])
            return Choice(most, pieces) if most else None
        if what == "sum":
            amount = _amount(request.args.get("amount", ""), payment.currency)
            if amount > most:
                raise TooMuch(amount, most)
            return Choice(amount)
        if what == "pieces":
            counts = {line.id: _count(line, left[line.id]) for line in order.lines}
            pieces = tuple((line, counts[line.id]) for line in order.lines if counts[line.id])
            if not pieces:
                raise NothingToRefund
            priced = wishes.price(order, {line.id: count for line, count in pieces})
            return Choice(min(priced, most), pieces) if most else None
        return None

    def _rows(self, order: Order, left: Mapping[int, int], parcels: Mapping[int, ToShip]) -> list[Row]:
        return [
            Row(
                line,
                left[line.id],
                min(parcels[line.id].left, left[line.id]) if line.id in parcels else 0,
                request.args.get(f"line{line.id}", "0"),
            )
            for line in order.lines
        ]

    def _same(self, before: Sequence[Refund], choice: Choice) -> Refund | None:
        """A refund over the same sum that was made a short while ago: perhaps this very one, by somebody who went back."""
        recent = [row for row in before if row.state not in LOST and row.created_at > clock.now() - A_WHILE]
        return next((row for row in reversed(recent) if row.money == choice.amount), None)


def _parcels(order: Order) -> dict[int, ToShip]:
    """What of each line is to be sent, and was; nothing of an order that is not delivered yet."""
    return {item.line.id: item for item in fulfilment.to_ship(order)} if fulfilment.find(order.id) else {}


def _staying(choice: Choice, parcels: Mapping[int, ToShip]) -> dict[int, int]:
    """Pieces by line that were to be sent, and are not any more."""
    staying = {line.id: min(count, parcels[line.id].left) for line, count in choice.pieces if line.id in parcels}
    return {line_id: count for line_id, count in staying.items() if count}


def _half_sent(choice: Choice, parcels: Mapping[int, ToShip]) -> dict[int, int]:
    """Of these, where others of the line were sent already: the customer may return those instead. Nobody is asked where
    everything is given back."""
    if request.args.get("what") == "all":
        return {}
    return {line_id: count for line_id, count in _staying(choice, parcels).items() if parcels[line_id].shipped}


def _amount(text: str, currency: str) -> Money:
    """``15``, ``15.00``, ``15,00`` or ``€ 15``. Raises NotAnAmount with what was typed, NothingToRefund."""
    plain = text.strip().removeprefix("€").removesuffix("€").strip()
    amount = Money.parse(plain, currency)
    if amount.amount < 1:
        raise NothingToRefund
    return amount


def _count(line: OrderLine, left: int) -> int:
    text = request.args.get(f"line{line.id}", "0").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise NothingToRefund
    if int(text) > left:
        raise wishes.PiecesRefunded(line.name, left)
    return int(text)


def _said(refund: Refund) -> tuple[str, str]:
    """What the provider said, as a sentence and its tone."""
    sum_ = money(refund.money)
    known: dict[RefundState, tuple[str, str]] = {
        RefundState.SUCCEEDED: (f"{sum_} is on its way back to the customer, who gets a mail.", "good"),
        RefundState.PENDING: (f"The provider has accepted to give {sum_} back; it may take days.", "good"),
        RefundState.REQUIRES_ACTION: (f"The provider asks the customer where to send {sum_}.", "good"),
        RefundState.FAILED: (f"The provider refused: {refund.failure_code}. No money moved.", "bad"),
        RefundState.CANCELLED: (f"The provider refused: {refund.failure_code}. No money moved.", "bad"),
    }
    silent = (
        f"The provider did not answer. {sum_} stays reserved, and it is asked again until it says what happened: do not "
        "give it back by another way.",
        "bad",
    )
    return known.get(refund.state, silent)
