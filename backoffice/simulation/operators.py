"""What colleagues, banks and the provider's own dashboard do in a simulated day, on whatever order they come upon."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from backoffice.core import actor, references, units
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.disputes import answering
from backoffice.disputes.models import Dispute, DisputeState
from backoffice.fulfilment import parcels
from backoffice.fulfilment import service as fulfilment
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds import service as refunds
from backoffice.refunds import wishes
from backoffice.refunds.models import LOST, Refund, RefundReason, RefundState
from backoffice.refunds.wishes import Pieces
from backoffice.refunds.wishes import Wish as RefundWish
from backoffice.simulation.world import World
from integrations.payments.disputes import EvidenceField
from integrations.payments.port import RefundRequest

OPERATOR = actor.staff("stf_simulated")


class Operators:
    def __init__(self, world: World) -> None:
        self.world = world
        self.form: RefundWish | None = None  # left open in a tab

    def act(self) -> None:
        draw = self.world.draw
        draw.choice(
            (
                self.refund, self.refund, self.press_again, self.send_again, self.ship, self.elsewhere, self.late,
                self.disputes, self.answer, self.decides, self.charge_elsewhere, self.pay_otherwise, self.made_after_all,
                self.leave,
            )
        )()  # fmt: skip

    def refund(self) -> None:
        draw = self.world.draw
        with units.read():
            payment = self._some_payment()
            if payment is None or not payment.refundable:
                return
            order = orders.get(invoices.get(payment.invoice_id).order_id)
            left = wishes.left_of_lines(order)
            lines = [line for line in order.lines if left[line.id]]
            pieces: list[Pieces] = []
            amount = Money(draw.randint(1, payment.refundable.amount), payment.currency)
            if lines and draw.random() < 0.4:
                line = draw.choice(lines)
                count = draw.randint(1, left[line.id])
                shelved = count if line.kind.value == "physical" and draw.random() < 0.5 else 0
                pieces = [Pieces(line.id, count, shelved)]
                amount = min(wishes.price(order, {line.id: count}), payment.refundable)
            elif draw.random() < 0.4:
                amount = payment.refundable
            self.form = RefundWish(
                payment_ref=payment.ref,
                amount=amount,
                seen=payment.refunded,
                reason=draw.choice((RefundReason.RETURNED, RefundReason.GOODWILL, RefundReason.DAMAGED)),
                request_key=references.new("sim"),
                pieces=pieces,
            )
        self.press_again()

    def press_again(self) -> None:
        """The same form: a double click, another tab, or much later."""
        if self.form:
            refunds.give_back(self.form, by=OPERATOR)

    def send_again(self) -> None:
        ref = self._some_ref(select(Refund.ref).where(Refund.state.in_(LOST)))
        if ref:
            refunds.send_again(ref, reason="came back", by=OPERATOR)

    def pay_otherwise(self) -> None:
        """Somebody transfers by hand what came back, and says so; perhaps another sent it again meanwhile."""
        came_back = Refund.state.in_(LOST), Refund.accepted_at.is_not(None)
        ref = self._some_ref(select(Refund.ref).where(*came_back))
        if ref and self.world.chance(0.3):
            refunds.pay_otherwise(ref, how="transfer", by=OPERATOR)

    def leave(self) -> None:
        """Of what went to a customer twice, somebody decides that they keep it."""
        ref = self._some_ref(select(Refund.ref).where(Refund.twice_amount > 0))
        if ref and self.world.chance(0.5):
            refunds.leave(ref, why="not worth asking for", by=OPERATOR)

    def made_after_all(self) -> None:
        """The provider makes a refund that it had refused, or whose request was on its way for too long."""
        query = (
            select(Refund).where(Refund.state == RefundState.FAILED, Refund.accepted_at.is_(None)).order_by(Refund.id)
        )
        with units.read():
            asked = [RefundRequest.from_json(row.request) for row in session.scalars(query) if row.request]
        if asked and self.world.chance(0.5):
            wish, books = self.world.draw.choice(asked), self.world.provider.books
            if not any(row["reference"] == wish.reference for row in books.refunds.of(wish.payment)):
                books.refunds.create(wish.payment, wish.amount, reference=wish.reference)
                self.world.faults["refund made after all"] += 1

    def ship(self) -> None:
        draw = self.world.draw
        with units.read():
            payment = self._some_payment()
            if payment is None:
                return
            order = orders.get(invoices.get(payment.invoice_id).order_id)
            if fulfilment.find(order.id) is None:
                return
            pieces = {item.line.id: draw.randint(0, item.left) for item in fulfilment.to_ship(order) if item.left > 0}
            ref = order.ref
        key = references.new("sim")
        if any(pieces.values()):
            by, asked = OPERATOR, wishes.in_question
            units.write(
                lambda: parcels.ship(orders.by_ref(ref), pieces, request_key=key, tracking="", by=by, in_question=asked)
            )

    def disputes(self) -> None:
        """A customer's bank takes the money back, or asks about it first."""
        books = self.world.provider.books
        paid = self._paid(but={row["payment"] for row in books.disputes.all()})
        if paid and self.world.chance(0.4):
            inquiry = self.world.draw.random() < 0.3
            books.disputes.open(self.world.draw.choice(paid)["id"], inquiry=inquiry)
            self.world.faults["inquiry" if inquiry else "dispute"] += 1

    def answer(self) -> None:
        """A colleague answers a dispute; perhaps twice, from two tabs."""
        waiting = select(Dispute.ref).where(Dispute.state == DisputeState.NEEDS_RESPONSE).order_by(Dispute.id)
        with units.read():
            refs = list(session.scalars(waiting))
        if refs:
            ref = self.world.draw.choice(refs)
            texts = {EvidenceField.TEXT: "It was delivered."}
            answering.answer(ref, texts, with_receipt=False, request_key=references.new("sim"), by=OPERATOR)

    def decides(self) -> None:
        """The bank: an inquiry becomes a dispute, or is closed; a dispute is won or lost."""
        books = self.world.provider.books
        undecided = [row for row in books.disputes.all() if row["status"] in ("needs_response", "under_review")]
        if undecided:
            row = self.world.draw.choice(undecided)
            if row["inquiry"]:
                decision = self.world.draw.choice(("escalate", "closed"))
            else:
                decision = self.world.draw.choice(("won", "lost"))
            if decision == "escalate":
                books.disputes.escalate(row["id"])
            else:
                books.disputes.close(row["id"], decision)
            self.world.faults[f"dispute: {decision}"] += 1

    def elsewhere(self) -> None:
        """Somebody gives money back in the provider's own dashboard."""
        if not self.world.chance(0.2):
            return
        books = self.world.provider.books
        paid = self._paid(but={row["payment"] for row in books.disputes.all() if row["withdrawn"]})
        if paid:
            row = self.world.draw.choice(paid)
            part = self.world.draw.randint(1, row["captured"] - row["refunded"])
            books.refunds.create(row["id"], part)
            self.world.faults["refund in the dashboard"] += 1

    def charge_elsewhere(self) -> None:
        """Somebody charges a card in the provider's own dashboard, for something that nobody here knows of. Books are compared
        from our first payment on."""
        books, soon = self.world.provider.books, self.world.clock() + timedelta(hours=1)
        if not self.world.chance(0.1) or not any(row["reference"] for row in books.payments()):
            return
        amount = self.world.draw.randint(100, 20_000)
        asked = {"reference": "", "amount": amount, "currency": "EUR", "description": "By telephone", "return_url": ""}
        row = books.create({**asked, "expires_at": soon.isoformat()})
        self.world.elsewhere.add(row["id"])
        books.pay(row["id"], "Visa ·· 4242")
        self.world.faults["charge in the dashboard"] += 1

    def late(self) -> None:
        """A bank captures what was over already."""
        if not self.world.chance(0.05):
            return
        over = [
            row for row in self.world.provider.books.payments() if row["status"] in ("expired", "cancelled", "declined")
        ]
        if over:
            row = self.world.draw.choice(over)
            self.world.provider.books.force_capture(row["id"], row["amount"])
            self.world.late[row["reference"]] += 1
            self.world.faults["late capture"] += 1

    def _some_ref(self, query: Select[str]) -> str | None:
        """One of the refunds that are found."""
        with units.read():
            found = list(session.scalars(query.order_by(Refund.id)))
        return self.world.draw.choice(found) if found else None

    def _paid(self, but: set[str]) -> list[dict[str, Any]]:
        """Payments of ours whose money is still there, by the provider's books."""
        paid = [row for row in self.world.provider.books.payments() if row["captured"] > row["refunded"]]
        return [row for row in paid if row["id"] not in but | self.world.elsewhere]

    def _some_payment(self) -> Payment | None:
        found = list(session.scalars(select(Payment).where(Payment.state == PaymentState.SETTLED).order_by(Payment.id)))
        return self.world.draw.choice(found) if found else None
