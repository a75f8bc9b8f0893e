"""The story of one order in a history, as the rows it would have left had it been lived."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backoffice.core.money import Money
from backoffice.demo.books import CUSTOMER, SYSTEM, Books, Buyer, Ware, Who, amount, base32, stamp
from backoffice.ledger import entries
from backoffice.ledger.models import EntryKind
from backoffice.orders.service import FIRST_NUMBER
from backoffice.tax.arithmetic import Category, GrossLine, break_down

TO_PAY = timedelta(minutes=45)
STANDARD = Category("S", 1900)
PARCEL, FREE_FROM = {"EUR": 490, "DKK": 3_700}, {"EUR": 10_000, "DKK": 75_000}
CARDS = ("Visa ·· 4242", "Visa ·· 1881", "Mastercard ·· 4444", "Mastercard ·· 3222", "Amex ·· 0005")
DECLINES = ("insufficient_funds", "generic_decline", "expired_card", "do_not_honor")
PACKER = ("staff", "stf_history")
NEVER = (None, None, None, None, None, None)  # series, year, position, number and days of a draft


class Refs:
    """References of one history: unlike any that chance makes, and in the order of what they name."""

    def __init__(self, seed: int) -> None:
        self.mark = base32(seed % 1024, 2)

    def __call__(self, prefix: str, index: int) -> str:
        return f"{prefix}_h{self.mark}{base32(index, 17)}"


@dataclass(frozen=True)
class Shop:
    """What all orders have in common. ``seller`` is JSON, as invoices hold it."""

    entity_id: int
    terms_id: int
    zone: str
    seller: str
    now: datetime


@dataclass(frozen=True)
class Line:
    """A line of order and invoice; ``variant_id`` is None for delivery. Amounts in minor units, VAT included."""

    id: int
    variant_id: int | None
    sku: str
    name: str
    count: int
    unit: int

    @property
    def total(self) -> int:
        return self.count * self.unit


@dataclass(frozen=True)
class Deal:
    """One order while its story is told."""

    index: int
    id: int
    ref: str
    buyer: Buyer
    currency: str
    chosen: Sequence[tuple[Ware, int]]
    lines: Sequence[Line]
    invoice_id: int
    invoice_ref: str
    placed: datetime
    paid_at: datetime | None
    ends: str  # its last state
    request: str  # in which it was placed
    later: str  # in which it was paid, or ended

    @property
    def by(self) -> Who:
        return (CUSTOMER, self.buyer.ref)

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(count for _ware, count in self.chosen)

    def money(self) -> str:
        return amount(self.total, self.currency)


class Stories:
    """Orders of one shop, told one after the other."""

    def __init__(self, refs: Refs, shop: Shop, wares: Sequence[Ware], buyers: Sequence[Buyer]) -> None:
        self.refs, self.shop, self.wares, self.buyers = refs, shop, wares, buyers

    def order(self, index: int, placed: datetime, draw: random.Random, books: Books) -> None:
        """One order from its placing to its end."""
        deal = self._agree(index, placed, draw, books)
        self._place(deal, books)
        number = self._invoice(deal, books)
        self._pay(deal, draw, books)
        if deal.paid_at is None:
            self._end(deal, draw, books)
        else:
            self._settle(deal, deal.paid_at, number, books)
            self._deliver(deal, deal.paid_at, draw, books)

    def _agree(self, index: int, placed: datetime, draw: random.Random, books: Books) -> Deal:
        buyer = self.buyers[min(int(draw.random() ** 1.6 * len(self.buyers)), len(self.buyers) - 1)]
        currency = "DKK" if draw.random() < 0.12 else "EUR"
        chosen = self._choose(draw, currency)
        luck = draw.random()
        ends = "paid" if luck < 0.94 or placed + TO_PAY > self.shop.now else "expired" if luck < 0.985 else "cancelled"
        paid_at = min(placed + timedelta(seconds=draw.randrange(40, 400)), self.shop.now) if ends == "paid" else None
        lines = [
            Line(books.id("order_lines"), ware.variant_id, ware.sku, ware.name, count, ware.prices[currency])
            for ware, count in chosen
        ]
        if sum(line.total for line in lines) < FREE_FROM[currency]:
            lines.append(Line(books.id("order_lines"), None, "parcel", "Delivery: Parcel", 1, PARCEL[currency]))
        return Deal(
            index, books.id("orders"), self.refs("ord", index), buyer, currency, chosen, lines, books.id("invoices"),
            self.refs("inv", index), placed, paid_at, ends, self.refs("req", 2 * index), self.refs("req", 2 * index + 1),
        )  # fmt: skip

    def _choose(self, draw: random.Random, currency: str) -> list[tuple[Ware, int]]:
        """One thing or two; what stands first on the shelves is bought most."""
        chosen: dict[int, tuple[Ware, int]] = {}
        wanted = 1 if draw.random() < 0.45 else 2
        while len(chosen) < wanted:
            ware = self.wares[int(draw.random() ** 2 * len(self.wares))]
            if currency not in ware.prices:
                ware = draw.choice([other for other in self.wares[:200] if currency in other.prices] or [ware])
            if currency not in ware.prices:
                return self._choose(draw, "EUR")
            chosen[ware.variant_id] = (ware, 1 if draw.random() < 0.8 else draw.randrange(2, 5))
        return list(chosen.values())

    def _place(self, deal: Deal, books: Books) -> None:
        buyer = deal.buyer
        books.add(
            "orders", deal.id, deal.ref, FIRST_NUMBER + deal.id, self.refs("chk", deal.index), None, self.shop.entity_id,
            buyer.id, self.shop.terms_id, deal.ends, buyer.email, buyer.name, buyer.street, buyer.postcode, buyer.city,
            buyer.country, buyer.phone, "{}", "", "parcel", "Parcel", deal.currency, deal.total, stamp(deal.placed),
            stamp(deal.placed + TO_PAY), stamp(deal.paid_at),
        )  # fmt: skip
        books.tell(
            deal.placed, "order.placed", "order", deal.id, deal.ref, deal.by, deal.request,
            f'{{"total": [null, {deal.money()}], "pieces": [null, {deal.pieces}], "delivery": [null, "Parcel"], '
            f'"terms": [null, 1], {buyer.sealed}}}',
        )  # fmt: skip
        for place, line in enumerate(deal.lines, 1):
            kind = "physical" if line.variant_id else "delivery"
            books.add(
                "order_lines", line.id, deal.id, place, kind, line.variant_id, line.sku, line.name, line.count, line.unit, "S",
                1900,
            )  # fmt: skip
        for ware, count in deal.chosen:
            books.add("stock_movements", ware.item_id, "held", 0, count, deal.ref, "", stamp(deal.placed))
            books.tell(
                deal.placed, "stock.held", "stock", ware.item_id, ware.item_ref, deal.by, deal.request,
                f'{{"held": [0, {count}], "holder": [null, "{deal.ref}"]}}',
            )  # fmt: skip

    def _invoice(self, deal: Deal, books: Books) -> str:
        """Draft the invoice, and issue it where the order was paid; its number."""
        sums = break_down([GrossLine(Money(line.total, deal.currency), STANDARD) for line in deal.lines], deal.currency)
        gross, net, vat = sums.gross.amount, sums.net.amount, sums.vat.amount
        books.tell(
            deal.placed, "invoice.drafted", "invoice", deal.invoice_id, deal.invoice_ref, deal.by, deal.request,
            f'{{"gross": [null, {deal.money()}], "vat": [null, {amount(vat, deal.currency)}]}}',
        )  # fmt: skip
        numbered = self._number(deal, deal.paid_at, books) if deal.paid_at else NEVER
        buyer, issued_at = deal.buyer, stamp(deal.paid_at)
        party = {"name": buyer.name, "street": buyer.street, "postcode": buyer.postcode, "city": buyer.city}
        party |= {"country": buyer.country, "email": buyer.email, "vat_id": "", "register_entry": "", "phone": ""}
        state, collected = ("issued", "paid") if deal.paid_at else ("discarded", "not_due")
        books.add(
            "invoices", deal.invoice_id, deal.invoice_ref, self.shop.entity_id, deal.id, state, *numbered, self.shop.seller,
            json.dumps(party), deal.currency, net, vat, gross, stamp(deal.placed), collected, gross if deal.paid_at else 0,
            issued_at,
        )  # fmt: skip
        for place, (line, line_net) in enumerate(zip(deal.lines, sums.line_nets, strict=True), 1):
            books.add(
                "invoice_lines", books.id("invoice_lines"), deal.invoice_id, place, line.sku, line.name, line.count, line.unit,
                line_net.amount, line.total, "S", 1900, issued_at,
            )  # fmt: skip
        books.add("invoice_taxes", books.id("invoice_taxes"), deal.invoice_id, "S", 1900, net, vat, issued_at)
        if deal.paid_at:
            about = ("invoice", deal.invoice_id, deal.invoice_ref)
            books.post(deal.paid_at, EntryKind.INVOICE_ISSUED, about, entries.issue(sums.net, sums.vat))
            books.post(deal.paid_at, EntryKind.INVOICE_PAID, about, entries.payment_of_invoice(sums.gross))
        return str(numbered[3])

    def _number(self, deal: Deal, paid_at: datetime, books: Books) -> tuple[object, ...]:
        """The next number of the year; its day never falls behind that of the number before."""
        day = books.latest = max(books.latest, paid_at.astimezone(ZoneInfo(self.shop.zone)).date())
        position = books.numbers[day.year] = books.numbers.get(day.year, 0) + 1
        number = f"S-{day.year}-{position:06d}"
        books.add(
            "number_register",
            self.shop.entity_id,
            "S",
            day.year,
            position,
            number,
            deal.invoice_id,
            day,
            stamp(paid_at),
        )
        return "S", day.year, position, number, day, day

    def _pay(self, deal: Deal, draw: random.Random, books: Books) -> None:
        """The attempts: now and then one is declined before the one that succeeds."""
        begun = deal.placed
        if deal.paid_at and draw.random() < 0.06:
            self._attempt(deal, 1, begun, "declined", begun + timedelta(seconds=30), draw, books)
            begun += timedelta(seconds=35)
        if deal.paid_at:
            self._attempt(deal, 0, begun, "settled", deal.paid_at, draw, books)
        else:
            self._attempt(deal, 0, begun, "cancelled", self._ended(deal), draw, books)

    def _attempt(
        self, deal: Deal, place: int, begun: datetime, state: str, over: datetime, draw: random.Random, books: Books
    ) -> None:
        payment_id, index = books.id("payments"), 2 * deal.index + place
        ref, request = self.refs("pay", index), self.refs("req", index)
        provider_ref, settled, total = f"sbx_{ref[4:]}", state == "settled", deal.total
        code = draw.choice(DECLINES) if state == "declined" else ""
        method = draw.choice(CARDS) if state != "cancelled" else ""
        said = {"id": provider_ref, "status": "paid" if settled else state, "amount": total, "currency": deal.currency}
        asked = {
            "key": f"{ref}-open", "amount": total, "currency": deal.currency, "reference": ref, "return_url": "",
            "description": f"order {deal.ref}", "expires_at": (begun + TO_PAY).isoformat(),
        }  # fmt: skip
        books.add(
            "payments", payment_id, ref, deal.invoice_id, "sandbox", "acct_sandbox", "test", f"{ref}-open",
            deal.invoice_id if settled else None, json.dumps(asked), state, deal.currency, total, total if settled else 0, 0,
            provider_ref, "", method, code, stamp(begun), stamp(over) if settled else None, stamp(over), 0, json.dumps(said),
        )  # fmt: skip
        about = ("payment", payment_id, ref)
        prepared = f'{{"amount": [null, {deal.money()}], "key": [null, "{ref}-open"]}}'
        books.tell(begun, "payment.prepared", *about, deal.by, request, prepared)
        books.tell(begun, "payment.sent", *about, SYSTEM, request, '{"state": ["created", "sent"]}', "open")
        if settled:
            captured = f'"captured": [null, {deal.money()}], "method": [null, {json.dumps(method)}]'
            moved = f'{{{captured}, "state": ["sent", "settled"]}}'
            books.tell(over, "payment.settled", *about, deal.by, request, moved)
            books.post(over, EntryKind.PAYMENT_SETTLED, about, entries.settlement(Money(total, deal.currency)))
        else:
            books.tell(
                over, f"payment.{state}", *about, SYSTEM, request, f'{{"state": ["sent", "{state}"]}}', code or state
            )
        self._hear(index, ref, request, said, (("created", begun), (str(said["status"]), over)), books)

    def _hear(
        self,
        index: int,
        ref: str,
        request: str,
        said: dict[str, object],
        heard: Sequence[tuple[str, datetime]],
        books: Books,
    ) -> None:
        """What the provider told of an attempt."""
        for place, (kind, at) in enumerate(heard):
            key, when = f"evt_{ref[4:]}{place}", stamp(at)
            raw = {"id": key, "object": "event", "type": f"payment.{kind}", "data": {"object": said}}
            useless = kind == "created"
            state, note = ("ignored", "we have no use for this type") if useless else ("handled", "")
            about = ("", "") if useless else ("payment", said["id"])
            books.add(
                "webhook_events", books.id("webhook_events"), self.refs("whk", 2 * index + place), "sandbox", key, raw["type"],
                "acct_sandbox", "test", *about, said["id"], ref, json.dumps(raw), "{}", "webhook", state, 1, note,
                when, when, request, when,
            )  # fmt: skip

    def _settle(self, deal: Deal, at: datetime, number: str, books: Books) -> None:
        for ware, count in deal.chosen:
            books.add("stock_holds", deal.ref, ware.variant_id, count, "taken", stamp(deal.placed))
            books.add("stock_movements", ware.item_id, "taken", -count, -count, deal.ref, "", stamp(at))
            left = books.on_hand[ware.item_id]
            books.tell(
                at, "stock.taken", "stock", ware.item_id, ware.item_ref, deal.by, deal.later,
                f'{{"on_hand": [{left + count}, {left}], "held": [{count}, 0], "holder": [null, "{deal.ref}"]}}',
            )  # fmt: skip
            books.sold[ware.item_id] = books.sold.get(ware.item_id, 0) + count
        about = ("invoice", deal.invoice_id, deal.invoice_ref, deal.by, deal.later)
        books.tell(at, "order.paid", "order", deal.id, deal.ref, deal.by, deal.later, '{"state": ["placed", "paid"]}')
        books.tell(at, "invoice.paid", *about, f'{{"paid": [null, {deal.money()}], "state": ["open", "paid"]}}')
        issued = f'"number": [null, "{number}"], "gross": [null, {deal.money()}], "state": ["draft", "issued"]'
        books.tell(at, "invoice.issued", *about, f"{{{issued}}}")

    def _ended(self, deal: Deal) -> datetime:
        return deal.placed + (TO_PAY if deal.ends == "expired" else timedelta(minutes=3 + deal.index % 27))

    def _end(self, deal: Deal, draw: random.Random, books: Books) -> None:
        at = self._ended(deal)
        reason = "not paid in time" if deal.ends == "expired" else "the customer changed their mind"
        moved = f'{{"state": ["placed", "{deal.ends}"]}}'
        books.tell(at, f"order.{deal.ends}", "order", deal.id, deal.ref, SYSTEM, deal.later, moved, reason)
        books.tell(
            at, "invoice.discarded", "invoice", deal.invoice_id, deal.invoice_ref, SYSTEM, deal.later,
            '{"state": ["draft", "discarded"]}', reason,
        )  # fmt: skip
        for ware, count in deal.chosen:
            books.add("stock_holds", deal.ref, ware.variant_id, count, "released", stamp(deal.placed))
            books.add("stock_movements", ware.item_id, "released", 0, -count, deal.ref, reason, stamp(at))
            books.tell(
                at, "stock.released", "stock", ware.item_id, ware.item_ref, SYSTEM, deal.later,
                f'{{"held": [{count}, 0], "holder": [null, "{deal.ref}"]}}', reason,
            )  # fmt: skip

    def _deliver(self, deal: Deal, paid_at: datetime, draw: random.Random, books: Books) -> None:
        leaves = paid_at + timedelta(hours=draw.randrange(2, 70))
        gone = leaves < self.shop.now
        about = ("fulfilment", books.id("fulfilments"), self.refs("ful", deal.index))
        books.add("fulfilments", about[1], about[2], deal.id, "done" if gone else "open", stamp(paid_at))
        books.tell(paid_at, "fulfilment.opened", *about, deal.by, deal.later, f'{{"order": [null, "{deal.ref}"]}}')
        goods = [line for line in deal.lines if line.variant_id]
        for line in goods:
            books.add("shipped_pieces", line.id, line.count, line.count if gone else 0)
        if not gone:
            return
        parcel_id, ref, tracking = (
            books.id("shipments"),
            self.refs("shp", deal.index),
            f"0034{draw.randrange(10**15, 10**16)}",
        )
        page = f"https://www.dhl.de/en/privatkunden/dhl-sendungsverfolgung.html?piececode={tracking}"
        books.add("shipments", parcel_id, ref, deal.id, f"shk_{ref[4:]}", "DHL", tracking, page, stamp(leaves))
        for line in goods:
            books.add("shipment_lines", parcel_id, line.id, line.count)
        told = f'"order": [null, "{deal.ref}"], "carrier": [null, "DHL"], "tracking": [null, "{tracking}"]'
        request, changes = self.refs("req", 2 * deal.index + 1), f'{{{told}, "pieces": [null, {deal.pieces}]}}'
        books.tell(leaves, "shipment.sent", "shipment", parcel_id, ref, PACKER, request, changes)
        books.tell(leaves, "fulfilment.advanced", *about, PACKER, request, '{"state": ["open", "done"]}')
