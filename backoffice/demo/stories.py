"""The story of one order until it is paid or over, as the rows it would have left had it been lived."""

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backoffice.core.money import Money
from backoffice.demo import workshop
from backoffice.demo.agenda import Agenda
from backoffice.demo.books import SYSTEM, Books, Buyer, Ware, stamp
from backoffice.demo.deals import STEPS, Deal, Line, Refs, Shop
from backoffice.ledger import entries
from backoffice.ledger.models import EntryKind
from backoffice.orders.service import FIRST_NUMBER
from backoffice.tax.arithmetic import Category, GrossLine, break_down

TO_PAY = timedelta(minutes=45)
STANDARD = Category("S", 1900)
PARCEL, FREE_FROM = {"EUR": 490, "DKK": 3_700}, {"EUR": 10_000, "DKK": 75_000}
CARDS = ("Visa ·· 4242", "Visa ·· 1881", "Mastercard ·· 4444", "Mastercard ·· 3222", "Amex ·· 0005")
DECLINES = ("insufficient_funds", "generic_decline", "expired_card", "do_not_honor")
NEVER = (None, None, None, None, None, None)  # series, year, position, number and days of a draft
TRIES = 20  # so often a customer looks for something that is there


class Stories:
    """Orders of one shop, each from its placing until it is paid or over."""

    def __init__(self, refs: Refs, shop: Shop, wares: Sequence[Ware], agenda: Agenda) -> None:
        self.refs, self.shop, self.wares, self.agenda = refs, shop, wares, agenda
        self.goods = {currency: [ware for ware in wares if currency in ware.prices] for currency in PARCEL}

    # -- what is bought

    def place(self, index: int, buyer: Buyer, placed: datetime, draw: random.Random, books: Books) -> Deal:
        """A customer orders; what becomes of it is planned. Pieces are held, the invoice is drafted, the page of the provider
        is open."""
        deal = self._agree(index, buyer, placed, draw, books)
        self._order(deal, buyer, books)
        self._draft(deal, books)
        luck = draw.random()
        if luck < 0.94 and draw.random() < 0.06:
            self._attempt(deal, 1, placed, books)
            self.agenda.plan(placed + timedelta(seconds=30), "decline", index, draw.choice(DECLINES))
            self.agenda.plan(placed + timedelta(seconds=35), "again", index)
        else:
            self._attempt(deal, 0, placed, books)
        if luck < 0.94:
            self.agenda.plan(placed + timedelta(seconds=draw.randrange(40, 400)), "pay", index)
        elif luck < 0.985:
            self.agenda.plan(placed + TO_PAY, "end", index, "expired")
        else:
            self.agenda.plan(placed + timedelta(minutes=draw.randrange(3, 30)), "end", index, "cancelled")
        return deal

    def _agree(self, index: int, buyer: Buyer, placed: datetime, draw: random.Random, books: Books) -> Deal:
        currency = "DKK" if buyer.country == "DK" and self.goods["DKK"] else "EUR"
        lines = [
            Line(books.id("order_lines"), ware.variant_id, ware.item_id, ware.item_ref, ware.sku, ware.name, count,
                 ware.prices[currency])
            for ware, count in self._choose(draw, currency, placed, books)
        ]  # fmt: skip
        if sum(line.total for line in lines) < FREE_FROM[currency]:
            parcel = (None, 0, "", "parcel", "Delivery: Parcel", 1, PARCEL[currency])
            lines.append(Line(books.id("order_lines"), *parcel))
        sums = break_down([GrossLine(Money(line.total, currency), STANDARD) for line in lines], currency)
        party = {"name": buyer.name, "street": buyer.street, "postcode": buyer.postcode, "city": buyer.city}
        party |= {"country": buyer.country, "email": buyer.email, "vat_id": "", "register_entry": "", "phone": ""}
        card = (buyer.index + (draw.random() < 0.15)) % len(CARDS)  # now and then another than usual
        return Deal(
            index, books.id("orders"), self.refs("ord", index), buyer.ref, json.dumps(party), currency, lines,
            books.id("invoices"), self.refs("inv", index), sums.net.amount, sums.vat.amount, placed, CARDS[card],
            f"sfp_{self.refs.bare(buyer.index * len(CARDS) + card)}",
        )  # fmt: skip

    def _choose(self, draw: random.Random, currency: str, at: datetime, books: Books) -> list[tuple[Ware, int]]:
        """One thing or two of what is there; what stands first on the shelves is bought most."""
        goods = self.goods[currency]
        chosen: dict[int, tuple[Ware, int]] = {}
        wanted = 1 if draw.random() < 0.45 else min(2, len(goods))
        for _ in range(TRIES):
            ware = goods[int(draw.random() ** 2 * len(goods))]
            count = 1 if draw.random() < 0.8 else draw.randrange(2, 5)
            if books.free(ware.item_id) >= count:
                chosen[ware.item_id] = (ware, count)
            if len(chosen) == wanted:
                break
        if not chosen:  # everything is gone: the workshop brings some before the customer looks again
            workshop.receive(self.refs, self.shop, ware, count, at, books)
            chosen[ware.item_id] = (ware, count)
        return list(chosen.values())

    # -- what is written when it is ordered

    def _order(self, deal: Deal, buyer: Buyer, books: Books) -> None:
        request = self.request(deal, 0)
        books.keep(
            "orders", deal.id, deal.id, deal.ref, FIRST_NUMBER + deal.id, self.refs("chk", deal.index), None,
            self.shop.entity_id, buyer.id, self.shop.terms_id, "placed", buyer.email, buyer.name, buyer.street, buyer.postcode,
            buyer.city, buyer.country, buyer.phone, "{}", "", "parcel", "Parcel", deal.currency, deal.total,
            stamp(deal.placed), stamp(deal.placed + TO_PAY), None,
        )  # fmt: skip
        books.tell(
            deal.placed, "order.placed", "order", deal.id, deal.ref, deal.by, request,
            f'{{"total": [null, {deal.money()}], "pieces": [null, {deal.pieces}], "delivery": [null, "Parcel"], '
            f'"terms": [null, 1], {buyer.sealed}}}',
        )  # fmt: skip
        for place, line in enumerate(deal.lines, 1):
            kind = "physical" if line.variant_id else "delivery"
            books.add(
                "order_lines", line.id, deal.id, place, kind, line.variant_id, line.sku, line.name, line.count, line.unit, "S",
                1900,
            )  # fmt: skip
        for line in deal.goods:
            held = books.held[line.item_id]
            books.move(line.item_id, "held", deal.placed, deal.ref, "", held=line.count)
            books.keep("stock_holds", deal.ref, deal.ref, line.variant_id, line.count, "held", stamp(deal.placed))
            books.tell(
                deal.placed, "stock.held", "stock", line.item_id, line.item_ref, deal.by, request,
                f'{{"held": [{held}, {held + line.count}], "holder": [null, "{deal.ref}"]}}',
            )  # fmt: skip

    def _draft(self, deal: Deal, books: Books) -> None:
        books.tell(
            deal.placed, "invoice.drafted", "invoice", deal.invoice_id, deal.invoice_ref, deal.by, self.request(deal, 0),
            f'{{"gross": [null, {deal.money()}], "vat": [null, {deal.money(deal.vat)}]}}',
        )  # fmt: skip
        books.keep(
            "invoices", deal.invoice_id, deal.invoice_id, deal.invoice_ref, self.shop.entity_id, deal.id, "draft", *NEVER,
            self.shop.seller, deal.party, deal.currency, deal.net, deal.vat, deal.total, stamp(deal.placed), "not_due", 0, None,
        )  # fmt: skip
        sums = break_down([GrossLine(deal.worth(line.total), STANDARD) for line in deal.lines], deal.currency)
        for place, (line, net) in enumerate(zip(deal.lines, sums.line_nets, strict=True), 1):
            books.keep(
                "invoice_lines", deal.invoice_id, books.id("invoice_lines"), deal.invoice_id, place, line.sku, line.name,
                line.count, line.unit, net.amount, line.total, "S", 1900, None,
            )  # fmt: skip
        books.keep(
            "invoice_taxes",
            deal.invoice_id,
            books.id("invoice_taxes"),
            deal.invoice_id,
            "S",
            1900,
            deal.net,
            deal.vat,
            None,
        )

    # -- how it is paid

    def _attempt(self, deal: Deal, place: int, begun: datetime, books: Books) -> None:
        """The page of the provider opens. ``place`` is 1 for an attempt that another one follows."""
        index = 2 * deal.index + place
        ref = self.refs("pay", index)
        deal.payment_id, deal.payment_ref, deal.provider_ref = books.id("payments"), ref, f"sbx_{ref[4:]}"
        asked = {
            "key": f"{ref}-open", "amount": deal.total, "currency": deal.currency, "reference": ref, "return_url": "",
            "description": f"order {deal.ref}", "expires_at": (begun + TO_PAY).isoformat(),
        }  # fmt: skip
        books.keep(
            "payments", deal.payment_id, deal.payment_id, ref, deal.invoice_id, "sandbox", "acct_sandbox", "test",
            f"{ref}-open", deal.invoice_id, json.dumps(asked), "sent", deal.currency, deal.total, 0, 0, deal.provider_ref, "",
            "", None, "", stamp(begun), None, stamp(begun), 0, json.dumps(self._said(deal, "open")),
        )  # fmt: skip
        about, request = self.payment(deal), self.request(deal, 1 + place)
        prepared = f'{{"amount": [null, {deal.money()}], "key": [null, "{ref}-open"]}}'
        books.tell(begun, "payment.prepared", *about, deal.by, request, prepared)
        books.tell(begun, "payment.sent", *about, SYSTEM, request, '{"state": ["created", "sent"]}', "open")
        self.hear(deal, 2 * place, "payment.created", "", self._said(deal, "open"), begun, books)

    def decline(self, deal: Deal, at: datetime, books: Books, code: str) -> None:
        self._finish(
            deal, 1, "declined", at, books, method=deal.method, method_fingerprint=deal.card, decline_code=code
        )
        books.tell(
            at,
            "payment.declined",
            *self.payment(deal),
            SYSTEM,
            self.request(deal, 2),
            '{"state": ["sent", "declined"]}',
            code,
        )

    def again(self, deal: Deal, at: datetime, books: Books) -> None:
        """A declined customer tries once more."""
        self._attempt(deal, 0, at, books)

    def pay(self, deal: Deal, at: datetime, books: Books) -> None:
        """The money is there: the order is paid, the invoice issued, the pieces taken."""
        known = {"method": deal.method, "method_fingerprint": deal.card, "captured_amount": deal.total}
        self._finish(deal, 0, "settled", at, books, settled_at=stamp(at), **known)
        captured = f'"captured": [null, {deal.money()}], "method": [null, {json.dumps(deal.method)}]'
        request = self.request(deal, 1)
        moved = f'{{{captured}, "state": ["sent", "settled"]}}'
        books.tell(at, "payment.settled", *self.payment(deal), deal.by, request, moved)
        books.post(at, EntryKind.PAYMENT_SETTLED, self.payment(deal), entries.settlement(deal.worth(deal.total)))
        for line in deal.goods:
            left, held = books.on_hand[line.item_id], books.held[line.item_id]
            books.move(line.item_id, "taken", at, deal.ref, "", here=-line.count, held=-line.count)
            books.tell(
                at, "stock.taken", "stock", line.item_id, line.item_ref, deal.by, request,
                f'{{"on_hand": [{left}, {left - line.count}], "held": [{held}, {held - line.count}], '
                f'"holder": [null, "{deal.ref}"]}}',
            )  # fmt: skip
        books.change("stock_holds", deal.ref, state="taken")
        books.change("orders", deal.id, state="paid", paid_at=stamp(at))
        books.tell(at, "order.paid", "order", deal.id, deal.ref, deal.by, request, '{"state": ["placed", "paid"]}')
        self._issue(deal, at, request, books)

    def _issue(self, deal: Deal, at: datetime, request: str, books: Books) -> None:
        day = at.astimezone(ZoneInfo(self.shop.zone)).date()
        deal.number = books.number("S", day, at, self.shop.entity_id, invoice=deal.invoice_id, note=None)
        for table in ("invoice_lines", "invoice_taxes"):
            books.change(table, deal.invoice_id, issued_at=stamp(at))
        series, year, position = deal.number.split("-")
        books.change(
            "invoices", deal.invoice_id, state="issued", series=series, year=int(year), position=int(position),
            number=deal.number, issued_on=books.latest, supplied_on=books.latest, collection_state="paid",
            paid_amount=deal.total, paid_at=stamp(at),
        )  # fmt: skip
        about = ("invoice", deal.invoice_id, deal.invoice_ref)
        books.post(at, EntryKind.INVOICE_ISSUED, about, entries.issue(deal.worth(deal.net), deal.worth(deal.vat)))
        books.post(at, EntryKind.INVOICE_PAID, about, entries.payment_of_invoice(deal.worth(deal.total)))
        paid = f'{{"paid": [null, {deal.money()}], "state": ["open", "paid"]}}'
        books.tell(at, "invoice.paid", *about, deal.by, request, paid)
        issued = f'"number": [null, "{deal.number}"], "gross": [null, {deal.money()}], "state": ["draft", "issued"]'
        books.tell(at, "invoice.issued", *about, deal.by, request, f"{{{issued}}}")

    def end(self, deal: Deal, at: datetime, books: Books, state: str) -> None:
        """Nobody paid in time, or the customer changed their mind."""
        reason = "not paid in time" if state == "expired" else "the customer changed their mind"
        request = self.request(deal, 3)
        self._finish(deal, 0, "cancelled", at, books)
        payment = self.payment(deal)
        books.tell(at, "payment.cancelled", *payment, SYSTEM, request, '{"state": ["sent", "cancelled"]}', "cancelled")
        books.change("orders", deal.id, state=state)
        moved = f'{{"state": ["placed", "{state}"]}}'
        books.tell(at, f"order.{state}", "order", deal.id, deal.ref, SYSTEM, request, moved, reason)
        books.change("invoices", deal.invoice_id, state="discarded")
        books.tell(
            at, "invoice.discarded", "invoice", deal.invoice_id, deal.invoice_ref, SYSTEM, request,
            '{"state": ["draft", "discarded"]}', reason,
        )  # fmt: skip
        books.change("stock_holds", deal.ref, state="released")
        for line in deal.goods:
            held = books.held[line.item_id]
            books.move(line.item_id, "released", at, deal.ref, reason, held=-line.count)
            books.tell(
                at, "stock.released", "stock", line.item_id, line.item_ref, SYSTEM, request,
                f'{{"held": [{held}, {held - line.count}], "holder": [null, "{deal.ref}"]}}', reason,
            )  # fmt: skip

    def _finish(self, deal: Deal, place: int, state: str, at: datetime, books: Books, **known: object) -> None:
        status = "paid" if state == "settled" else state
        said, claim = self._said(deal, status), deal.invoice_id if state == "settled" else None
        books.change(
            "payments",
            deal.payment_id,
            state=state,
            claim=claim,
            asked_at=stamp(at),
            last_answer=json.dumps(said),
            **known,
        )
        self.hear(deal, 2 * place + 1, f"payment.{status}", "payment", said, at, books)

    def _said(self, deal: Deal, status: str) -> dict[str, object]:
        return {"id": deal.provider_ref, "status": status, "amount": deal.total, "currency": deal.currency}

    # -- what all steps share

    def request(self, deal: Deal, step: int) -> str:
        return self.refs("req", deal.index * STEPS + step)

    def payment(self, deal: Deal) -> tuple[str, int, str]:
        return ("payment", deal.payment_id, deal.payment_ref)

    def hear(
        self, deal: Deal, step: int, kind: str, about: str, said: dict[str, object], at: datetime, books: Books
    ) -> None:
        """The provider tells of a payment, and of what it is about; nothing is to be done about an event about nothing."""
        index, when = deal.index * STEPS + step, stamp(at)
        ref = self.refs("whk", index)
        key = f"evt_{ref[4:]}"
        raw = {"id": key, "object": "event", "type": kind, "created": at.isoformat(), "data": {"object": said}}
        state, note = ("handled", "") if about else ("ignored", "we have no use for this type")
        books.add(
            "webhook_events", books.id("webhook_events"), ref, "sandbox", key, kind, "acct_sandbox", "test", about,
            said["id"] if about else "", deal.provider_ref, deal.payment_ref, json.dumps(raw), "{}", "webhook", state, 1, note,
            when, when, self.refs("req", index), when,
        )  # fmt: skip
