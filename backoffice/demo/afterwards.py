"""What becomes of a paid order in a history: parcels, and money that goes back."""

import json
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backoffice.demo.books import Books, stamp
from backoffice.demo.deals import STEPS, Deal, Line
from backoffice.demo.stories import STANDARD, Stories
from backoffice.invoices import crediting
from backoffice.invoices.crediting import Balance
from backoffice.ledger import entries
from backoffice.ledger.models import EntryKind
from backoffice.orders.service import FIRST_NUMBER
from backoffice.refunds.models import RefundReason
from backoffice.refunds.reasons import WORDS
from backoffice.tax.arithmetic import CategoryTotal

TRACKING_PAGE = "https://www.dhl.de/en/privatkunden/dhl-sendungsverfolgung.html?piececode="
# Of all paid orders: so many are taken back before they leave, so many send something back, get a reduction, are disputed.
WITHDRAWN, RETURNED, REDUCED, DISPUTED = 0.012, 0.052, 0.062, 0.066
IN_TWO = 0.12  # of those with more than one piece
REMARKS = {
    RefundReason.GOODWILL: ("Scratched in transit, kept it for a reduction.", "Came a day late.", "One screw missing."),
    RefundReason.RETURNED: ("Unused, in its box.", "Too long for the bench.", ""),
    RefundReason.WITHDRAWN: ("", "Wrote before it left.", ""),
}  # fmt: skip


class Afterwards:
    """Orders of one shop from the moment they are paid. ``open`` plans; the other methods are the steps that it planned."""

    def __init__(self, stories: Stories) -> None:
        self.stories, self.refs, self.shop, self.agenda = stories, stories.refs, stories.shop, stories.agenda

    # -- what is going to happen

    def open(self, deal: Deal, at: datetime, draw: random.Random, books: Books) -> None:
        """Delivery begins."""
        deal.ids["delivery"] = books.id("fulfilments")
        about = self._delivery(deal)
        books.keep("fulfilments", deal.ids["delivery"], *about[1:], deal.id, "open", stamp(at))
        request = self.stories.request(deal, 1)
        books.tell(at, "fulfilment.opened", *about, deal.by, request, f'{{"order": [null, "{deal.ref}"]}}')
        for line in deal.goods:
            books.keep("shipped_pieces", line.id, line.id, line.count, 0)
        self._plan(deal, at, draw)

    def _plan(self, deal: Deal, paid: datetime, draw: random.Random) -> None:
        luck, index = draw.random(), deal.index
        leaves = self.shop.at_work(paid + timedelta(hours=draw.randrange(2, 50)), draw)
        if luck < WITHDRAWN:
            self.agenda.plan(paid + (leaves - paid) * 0.6, "refund", index, RefundReason.WITHDRAWN, 1, 1)
            return
        parcels = 2 if deal.pieces > 1 and draw.random() < IN_TWO else 1
        for number in range(1, parcels + 1):
            leaves = leaves if number == 1 else self.shop.at_work(leaves + timedelta(days=draw.randrange(1, 5)), draw)
            self.agenda.plan(leaves, "parcel", index, number, parcels, str(draw.randrange(10**15, 10**16)))
        later = self.shop.at_work(leaves + timedelta(days=draw.randrange(4, 21)), draw)
        if luck < RETURNED:
            self.agenda.plan(later, "refund", index, RefundReason.RETURNED, 0, int(draw.random() < 0.9))
        elif luck < REDUCED:
            self.agenda.plan(later, "refund", index, RefundReason.GOODWILL, 0, 0)
        elif luck < DISPUTED:
            self.agenda.plan(
                paid + timedelta(days=draw.randrange(6, 40), minutes=draw.randrange(600)), "dispute", index
            )

    # -- parcels

    def parcel(self, deal: Deal, at: datetime, books: Books, number: int, parcels: int, tracking: str) -> None:
        """The only parcel of an order, or the first or second of two."""
        packed = self._packed(deal, number, parcels)
        parcel_id, ref = books.id("shipments"), self.refs("shp", deal.index * STEPS + number)
        tracking = f"0034{tracking}"
        books.add(
            "shipments", parcel_id, ref, deal.id, f"shk_{ref[4:]}", "DHL", tracking, TRACKING_PAGE + tracking, stamp(at)
        )
        for line, count, shipped in packed:
            books.add("shipment_lines", parcel_id, line.id, count)
            books.change("shipped_pieces", line.id, shipped=shipped)
        pieces = sum(count for _line, count, _shipped in packed)
        told = f'"order": [null, "{deal.ref}"], "carrier": [null, "DHL"], "tracking": [null, "{tracking}"]'
        request, is_last = self.stories.request(deal, 3 + number), number == parcels
        changes = f'{{{told}, "pieces": [null, {pieces}]}}'
        books.tell(at, "shipment.sent", "shipment", parcel_id, ref, self.shop.packer, request, changes)
        was, state = "open" if number == 1 else "partly", "done" if is_last else "partly"
        books.change("fulfilments", deal.ids["delivery"], state=state)
        moved = f'{{"state": ["{was}", "{state}"]}}'
        books.tell(at, "fulfilment.advanced", *self._delivery(deal), self.shop.packer, request, moved)

    def _packed(self, deal: Deal, number: int, parcels: int) -> list[tuple[Line, int, int]]:
        """Lines of a parcel with their pieces in it, and how many have left then: of two, the first has one piece."""
        first, *others = deal.goods
        if parcels == 1:
            return [(line, line.count, line.count) for line in deal.goods]
        if number == 1:
            return [(first, 1, 1)]
        rest = [(first, first.count - 1, first.count)] if first.count > 1 else []
        return rest + [(line, line.count, line.count) for line in others]

    # -- money that goes back

    def refund(
        self, deal: Deal, at: datetime, draw: random.Random, books: Books, reason: str, whole: int, shelved: int
    ) -> None:
        """All of an order that has not left, one piece that came back, or a part of the price."""
        why = RefundReason(reason)
        lines = list(deal.lines) if whole else [] if why == RefundReason.GOODWILL else [draw.choice(deal.goods)]
        given = [(line, line.count if whole else 1) for line in lines]
        if given:
            amount = sum(line.unit * count for line, count in given)
        else:
            amount = min(draw.randrange(5, 16) * 100, deal.total)
        ref, request = self.refs("rfd", deal.index), self.stories.request(deal, 6)
        about, by = ("refund", books.id("refunds"), ref), self.shop.packer
        note_id = books.id("credit_notes")
        said = {
            "id": f"srf_{ref[4:]}", "object": "refund", "payment": deal.provider_ref, "reference": ref, "amount": amount,
            "currency": deal.currency, "status": "succeeded", "reason": "requested_by_customer", "failure": "",
            "created": at.isoformat(), "payment_reference": deal.payment_ref,
        }  # fmt: skip
        asked = {
            "key": f"{ref}-refund", "payment": deal.provider_ref, "amount": amount, "currency": deal.currency, "reference": ref,
            "reason": "requested_by_customer",
        }  # fmt: skip
        when = stamp(at)
        books.add(
            "refunds", about[1], ref, self.refs("key", deal.index), deal.payment_id, f"{ref}-refund", json.dumps(asked),
            "succeeded", why.value, draw.choice(REMARKS[why]), deal.currency, amount, said["id"], "", by[1], None, note_id,
            when, when, when, when, 0, json.dumps(said), None, 0, 0,
        )  # fmt: skip
        for line, count in given:
            books.add("refund_lines", about[1], line.id, count, count if shelved and line.variant_id else 0, 0)
        books.change("payments", deal.payment_id, refunded_amount=amount)
        money = deal.money(amount)
        books.tell(
            at, "payment.refund_reserved", *self.stories.payment(deal), by, request,
            f'{{"refunded": [{deal.money(0)}, {money}], "refund": [null, "{ref}"]}}',
        )  # fmt: skip
        prepared = f'{{"amount": [null, {money}], "why": [null, "{why}"], "key": [null, "{ref}-refund"]}}'
        books.tell(at, "refund.prepared", *about, by, request, prepared)
        accepted = f'{{"amount": [null, {money}], "state": ["created", "succeeded"]}}'
        books.tell(at, "refund.accepted", *about, by, request, accepted)
        books.post(at, EntryKind.REFUND, about, entries.refund(deal.worth(amount), deal.worth(0)))
        because = f"refunded: {WORDS[why]}"
        if whole:
            self._keep_back(deal, at, because, request, books)
        if shelved:
            self._take_back(deal, at, given, because, request, books)
        self._credit(deal, at, note_id, why, amount, given, request, books)
        self.stories.hear(deal, 4, "refund.created", "refund", said, at, books)

    def _keep_back(self, deal: Deal, at: datetime, because: str, request: str, books: Books) -> None:
        for line in deal.goods:
            books.change("shipped_pieces", line.id, ordered=0)
        delivery = self._delivery(deal)
        kept = f'{{"pieces": [null, {deal.pieces}]}}'
        books.tell(at, "fulfilment.kept_back", *delivery, self.shop.packer, request, kept, because)
        books.change("fulfilments", deal.ids["delivery"], state="withdrawn")
        withdrawn = '{"state": ["open", "withdrawn"]}'
        books.tell(at, "fulfilment.withdrawn", *delivery, self.shop.packer, request, withdrawn, because)

    def _take_back(
        self, deal: Deal, at: datetime, given: list[tuple[Line, int]], because: str, request: str, books: Books
    ) -> None:
        for line, count in given:
            if not line.variant_id:
                continue
            left = books.on_hand[line.item_id]
            books.move(line.item_id, "returned", at, deal.ref, because, here=count)
            books.tell(
                at, "stock.returned", "stock", line.item_id, line.item_ref, self.shop.packer, request,
                f'{{"on_hand": [{left}, {left + count}], "holder": [null, "{deal.ref}"]}}', because,
            )  # fmt: skip

    def _credit(
        self, deal: Deal, at: datetime, note_id: int, why: RefundReason, amount: int, given: list[tuple[Line, int]],
        request: str, books: Books,
    ) -> None:  # fmt: skip
        """The credit note over what goes back. It comes last, as it does in life: it takes its number."""
        invoiced = CategoryTotal(STANDARD, deal.worth(deal.net), deal.worth(deal.vat))
        balance = Balance(invoiced, deal.worth(0), deal.worth(0))
        (part,) = crediting.credit({STANDARD: deal.worth(amount)}, [balance])
        ref, words = self.refs("crn", deal.index), WORDS[why]
        day = at.astimezone(ZoneInfo(self.shop.zone)).date()
        number = books.number("C", day, at, self.shop.entity_id, invoice=None, note=note_id)
        lines = [(line.sku, line.name, count, line.unit * count) for line, count in given]
        lines = lines or [("", f"Order {FIRST_NUMBER + deal.id}, {words}", 1, amount)]
        nets = part.net.split([gross for *_what, gross in lines])
        for place, ((sku, name, count, gross), net) in enumerate(zip(lines, nets, strict=True), 1):
            books.add("credit_note_lines", note_id, place, sku, name, count, net.amount, gross, "S", 1900)
        books.add("credit_note_taxes", note_id, 1, "S", 1900, part.net.amount, part.vat.amount)
        series, year, position = number.split("-")
        books.add(
            "credit_notes", note_id, ref, self.shop.entity_id, deal.invoice_id, series, int(year), int(position), number,
            books.latest, words, self.shop.seller, deal.party, deal.currency, part.net.amount, part.vat.amount, amount,
            len(lines), 1, stamp(at),
        )  # fmt: skip
        about, money, by = ("credit_note", note_id, ref), deal.money(amount), self.shop.packer
        books.post(at, EntryKind.CREDIT_NOTE, about, entries.credit(part.net, part.vat))
        vat = deal.money(part.vat.amount)
        issued = f'{{"number": [null, "{number}"], "gross": [null, {money}], "vat": [null, {vat}]}}'
        books.tell(at, "credit_note.issued", *about, by, request, issued, words)
        credited = f'{{"number": [null, "{number}"], "amount": [null, {money}]}}'
        books.tell(at, "invoice.credited", "invoice", deal.invoice_id, deal.invoice_ref, by, request, credited, words)

    def _delivery(self, deal: Deal) -> tuple[str, int, str]:
        return ("fulfilment", deal.ids["delivery"], self.refs("ful", deal.index))
