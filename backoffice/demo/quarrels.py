"""Disputes in a history: the customer's bank takes the money, a colleague answers or does not, and the bank decides."""

import json
import random
from datetime import datetime, timedelta

from backoffice.demo.books import SYSTEM, Books, Who, stamp
from backoffice.demo.deals import STEPS, Deal
from backoffice.demo.stories import Stories
from backoffice.ledger import entries
from backoffice.ledger.models import EntryKind

PROVIDER: Who = ("provider", "sandbox")
TIME_TO_ANSWER = timedelta(days=7)  # and the rest of the day on which it ends
LONGEST = timedelta(days=40)  # from the taking to the bank's decision
EVIDENCE = "The parcel was handed over at the address of the order; its number is in the tracking."


class Quarrels:
    """Disputes of one shop. ``open`` is the first step, and plans the others."""

    def __init__(self, stories: Stories) -> None:
        self.stories, self.refs, self.shop, self.agenda = stories, stories.refs, stories.shop, stories.agenda

    def open(self, deal: Deal, at: datetime, draw: random.Random, books: Books) -> None:
        """The money is gone, the card is barred, and a case says until when to answer."""
        due = (at + TIME_TO_ANSWER).replace(hour=0, minute=0, second=0, microsecond=0)
        if draw.random() < 0.7:
            answered = self.shop.at_work(at + timedelta(days=draw.randrange(1, 4), minutes=draw.randrange(60)), draw)
            self.agenda.plan(answered, "answer", deal.index, due.isoformat(), at.isoformat())
            decided = answered + timedelta(days=draw.randrange(6, 28), minutes=draw.randrange(600))
            won = draw.random() < 0.55
            self.agenda.plan(
                decided, "decide", deal.index, "won" if won else "lost", due.isoformat(), at.isoformat(), 1
            )
        else:
            self.agenda.plan(due, "decide", deal.index, "lost", due.isoformat(), at.isoformat(), 0)
        deal.ids["dispute"] = books.id("disputes")
        about, request, money = self._dispute(deal), self.stories.request(deal, 7), deal.money()
        said = self._said(deal, "needs_response", at, due)
        books.keep(
            "disputes", about[1], about[1], about[2], deal.payment_id, said["id"], "needs_response", 0, "fraudulent",
            deal.currency, deal.total, deal.total, stamp(at), stamp(due), None, None, stamp(at), 0, json.dumps(said),
        )  # fmt: skip
        opened = f'{{"amount": [null, {money}], "why": [null, "fraudulent"], "payment": [null, "{deal.payment_ref}"]}}'
        books.tell(at, "dispute.opened", *about, PROVIDER, request, opened)
        detail = {"reason": "fraudulent", "answer_until": due.isoformat(), "asked_first": False}
        self._case(deal, at, "dispute_open", detail, request, books)
        bar_id, bar = books.id("card_bars"), self.refs("bar", deal.index)
        deal.ids["bar"] = bar_id
        books.keep("card_bars", bar_id, bar_id, bar, deal.card, about[2], "disputed", stamp(at), None)
        source = f'{{"source": [null, "{about[2]}"]}}'
        books.tell(at, "card.barred", "card_bar", bar_id, bar, PROVIDER, request, source, "disputed")
        taken = f'{{"withdrawn": [{deal.money(0)}, {money}]}}'
        total = deal.worth(deal.total)
        books.tell(at, "dispute.withdrawn", *about, PROVIDER, request, taken, f"{total} of {total}")
        books.post(at, EntryKind.DISPUTE, about, entries.dispute(total), f":{self.refs('mov', deal.index * STEPS)}")
        self.stories.hear(deal, 5, "dispute.created", "dispute", said, at, books)

    def answer(self, deal: Deal, at: datetime, books: Books, due: str, opened: str) -> None:
        """A colleague submits what we hold."""
        about, request, by = self._dispute(deal), self.stories.request(deal, 8), self.shop.bookkeeper
        ref, said = self.refs("ans", deal.index), self._kept(deal, "under_review", opened, due)
        asked = {
            "key": f"{ref}-answer",
            "dispute": said["id"],
            "texts": {"uncategorized_text": EVIDENCE},
            "receipt_name": "",
        }
        books.add(
            "dispute_answers", ref, about[1], self.refs("key", deal.index), f"{ref}-answer", None, json.dumps(asked), None,
            "accepted", "", by[1], stamp(at), 0,
        )  # fmt: skip
        prepared = f'{{"fields": [null, "uncategorized_text"], "key": [null, "{ref}-answer"]}}'
        books.tell(at, "dispute.answer_prepared", *about, by, request, prepared)
        books.tell(at, "dispute.answered", *about, by, request, '{"answer": ["created", "accepted"]}')
        books.change(
            "disputes",
            about[1],
            state="under_review",
            answered_at=stamp(at),
            asked_at=stamp(at),
            last_answer=json.dumps(said),
        )
        moved = f'{{"amount": [null, {deal.money()}], "state": ["needs_response", "under_review"]}}'
        books.tell(at, "dispute.under_review", *about, by, request, moved)
        self._close(deal, at, "dispute_open", by, "The dispute is under review.", request, books)
        self.stories.hear(deal, 6, "dispute.updated", "dispute", said, at, books)

    def decide(
        self,
        deal: Deal,
        at: datetime,
        draw: random.Random,
        books: Books,
        state: str,
        due: str,
        opened: str,
        answered: int,
    ) -> None:
        """The bank has decided. What is lost stays a case until a colleague has seen it."""
        about, request, total = self._dispute(deal), self.stories.request(deal, 9), deal.worth(deal.total)
        said, was = self._kept(deal, state, opened, due), "under_review" if answered else "needs_response"
        known = {"withdrawn_amount": 0} if state == "won" else {}
        books.change(
            "disputes",
            about[1],
            state=state,
            ended_at=stamp(at),
            asked_at=stamp(at),
            last_answer=json.dumps(said),
            **known,
        )
        moved = f'{{"amount": [null, {deal.money()}], "state": ["{was}", "{state}"]}}'
        books.tell(at, f"dispute.{state}", *about, SYSTEM, request, moved)
        if state == "won":
            bar = self.refs("bar", deal.index)
            books.change("card_bars", deal.ids["bar"], lifted_at=stamp(at))
            source = f'{{"source": [null, "{about[2]}"]}}'
            books.tell(
                at, "card.freed", "card_bar", deal.ids["bar"], bar, SYSTEM, request, source, "The dispute is won."
            )
            back = f'{{"withdrawn": [{deal.money()}, {deal.money(0)}]}}'
            books.tell(at, "dispute.reinstated", *about, SYSTEM, request, back, f"{total} of {total}")
            books.post(
                at, EntryKind.DISPUTE, about, entries.dispute(-total), f":{self.refs('mov', deal.index * STEPS + 1)}"
            )
        else:
            if not answered:
                self._close(deal, at, "dispute_open", SYSTEM, "The dispute is lost.", request, books)
            self._case(deal, at, "dispute_lost", {"reason": "fraudulent"}, request, books)
            self.agenda.plan(self.shop.at_work(at + timedelta(hours=30), draw), "accept", deal.index)
        self.stories.hear(deal, 7, "dispute.closed", "dispute", said, at, books)

    def accept(self, deal: Deal, at: datetime, books: Books) -> None:
        """A colleague closes the case of a loss."""
        reason = "Booked as a loss; nothing more can be said to the bank."
        self._close(deal, at, "dispute_lost", self.shop.bookkeeper, reason, self.stories.request(deal, 10), books)

    def _case(self, deal: Deal, at: datetime, kind: str, detail: dict[str, object], request: str, books: Books) -> None:
        about, case_id, ref = self._dispute(deal), books.id("cases"), self._case_ref(deal, kind)
        deal.ids[kind] = case_id
        books.keep(
            "cases", case_id, case_id, ref, kind, *about, f"{kind}:dispute:{about[1]}", "open", json.dumps(detail), deal.total,
            deal.currency, stamp(at), None, "", None, None, None,
        )  # fmt: skip
        risk = f'"at_risk": [null, {deal.money()}]'
        opened = f'{{"kind": [null, "{kind}"], "about": [null, "{about[2]}"], {risk}}}'
        books.tell(at, "case.opened", "case", case_id, ref, SYSTEM, request, opened)
        told = f'{{"case": [null, "{ref}"], "kind": [null, "{kind}"], {risk}}}'
        books.tell(at, "case.opened", *about, SYSTEM, request, told)

    def _close(self, deal: Deal, at: datetime, kind: str, by: Who, reason: str, request: str, books: Books) -> None:
        about, ref = self._dispute(deal), self._case_ref(deal, kind)
        books.change("cases", deal.ids[kind], open_key=None, state="resolved", resolved_at=stamp(at), resolution=reason)
        moved = '{"state": ["open", "resolved"]}'
        books.tell(at, "case.resolved", "case", deal.ids[kind], ref, by, request, moved, reason)
        books.tell(at, "case.resolved", *about, by, request, f'{{"case": [null, "{ref}"]}}', reason)

    def _case_ref(self, deal: Deal, kind: str) -> str:
        return self.refs("cas", 2 * deal.index + (kind == "dispute_lost"))

    def _dispute(self, deal: Deal) -> tuple[str, int, str]:
        return ("dispute", deal.ids["dispute"], self.refs("dsp", deal.index))

    def _kept(self, deal: Deal, status: str, opened: str, due: str) -> dict[str, object]:
        return self._said(deal, status, datetime.fromisoformat(opened), datetime.fromisoformat(due))

    def _said(self, deal: Deal, status: str, opened: datetime, due: datetime) -> dict[str, object]:
        return {
            "id": f"sdp_{self.refs.bare(deal.index)}", "object": "dispute", "payment": deal.provider_ref,
            "payment_reference": deal.payment_ref, "amount": deal.total, "currency": deal.currency, "status": status,
            "inquiry": False, "reason": "fraudulent", "due_by": due.isoformat(), "created": opened.isoformat(),
            "withdrawn": 0 if status == "won" else deal.total,
        }  # fmt: skip
