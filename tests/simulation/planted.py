"""Guards, each taken away by a patch or by dropping its index: what the simulator must find. Shared by the tests and by
whoever looks for seeds."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Update, bindparam, select, update

from backoffice.collection import outcomes
from backoffice.collection import service as collection
from backoffice.collection.answers import Unanswered
from backoffice.core import states
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.states import StateTable
from backoffice.core.writes import change
from backoffice.disputes import recording as disputes
from backoffice.invoices import numbering
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.orders import service as orders
from backoffice.orders.models import Order
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.reconciliation import breaks, postings
from backoffice.refunds import beginning, consequences, overtaking, recording
from backoffice.refunds.models import Refund, RefundState
from backoffice.stock import service as stock
from backoffice.stock.models import StockItem
from backoffice.tasks import runner as tasks_runner
from backoffice.tasks import service as tasks
from backoffice.tasks.models import Task
from backoffice.webhooks import handling, relay
from backoffice.webhooks import service as webhooks
from integrations.payments.port import OutcomeUnknown, Topic
from integrations.payments.sandbox import SandboxPayments
from integrations.sandbox import refunds as sandbox_refunds

STAND = 0.01  # seconds between a look and what is done about it, where the lock that belongs there was taken away


def _new_key(method: str) -> Callable[[pytest.MonkeyPatch], None]:
    real = getattr(SandboxPayments, method)

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(
            SandboxPayments,
            method,
            lambda self, request: real(self, replace(request, key=f"{request.key}{random.random()}")),
        )

    return plant


def _no_late_money(patch: pytest.MonkeyPatch) -> None:
    moves = {**payments.MOVES.moves, PaymentState.CANCELLED: frozenset(), PaymentState.DECLINED: frozenset()}
    patch.setattr(payments, "MOVES", StateTable(Payment.state, moves))


def _sum_is_not_free_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(payments, "return_refund", lambda *_a, **_k: None)


def _refunds_never_come_back(patch: pytest.MonkeyPatch) -> None:
    moves = {**recording.MOVES.moves, RefundState.SUCCEEDED: frozenset()}
    patch.setattr(recording, "MOVES", StateTable(Refund.state, moves))


def _unconditional_reserve(patch: pytest.MonkeyPatch) -> None:
    def reserve(payment, amount, *, seen, by, refund):
        del seen
        return real(payment, amount, seen=payment.refunded, by=by, refund=refund) or True

    real = payments.reserve_refund
    patch.setattr(payments, "reserve_refund", reserve)


def _unheard_refunds(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(handling.HANDLERS, Topic.REFUND, handling._ignore)


def _answered_before_stored(patch: pytest.MonkeyPatch) -> None:
    """The poller stays, and mends it before anybody looks: the fault is seen when it happens, or never."""
    real = webhooks._store
    patch.setattr(webhooks, "_store", lambda *event: real(*event) if event[-1] == "poller" else None)


def _arrived_and_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relay, "tasks", SimpleNamespace(schedule=lambda *_args, **_kwargs: None))


def _numbers_stand_still(patch: pytest.MonkeyPatch) -> None:
    real = numbering.take
    patch.setattr(numbering, "take", lambda entity, series: replace(real(entity, series), position=1))


def _numbers_are_left_out(patch: pytest.MonkeyPatch) -> None:
    real = numbering.take

    def take(entity, series):
        number = real(entity, series)
        return real(entity, series) if number.position == 2 else number

    patch.setattr(numbering, "take", take)


def _relay_does_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relay, "_is_any", lambda: False)


def _nothing_is_fetched(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhooks, "_known", lambda _provider, keys: set(keys))


def _silence_is_an_empty_list(patch: pytest.MonkeyPatch) -> None:
    """A round that was not answered counts as complete; and the next looks back no further than to it."""
    real = SandboxPayments.events_since

    def events_since(self, since):
        try:
            return real(self, since)
        except OutcomeUnknown:
            return []

    patch.setattr(SandboxPayments, "events_since", events_since)
    patch.setattr(webhooks, "OVERLAP", timedelta(0))


def _money_of_others_is_nobodys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handling, "_money_of_others", lambda seen, _found: handling._ignore(seen))


def _stock_is_never_enough(patch: pytest.MonkeyPatch) -> None:
    anyhow = update(StockItem.__table__).where(StockItem.id == bindparam("item_id"))
    values = {"on_hand": bindparam("new_on_hand"), "held": bindparam("new_held")}
    patch.setattr(stock, "_MOVED", anyhow.values(**values))


def _nothing_posted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "take_back", lambda *_args, **_kwargs: None)


def _taken_stays_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes.stock, "take", lambda *_args, **_kwargs: None)


def _pieces_come_back_twice(patch: pytest.MonkeyPatch) -> None:
    real = stock.take_back

    def twice(*args, **kwargs):
        real(*args, **kwargs)
        patch_free_update(*args)

    def patch_free_update(variant_id: int, quantity: int) -> None:
        more = update(StockItem.__table__).where(StockItem.variant_id == bindparam("variant"))
        change(more.values(on_hand=StockItem.on_hand + quantity), {"variant": variant_id}, moved=True)

    patch.setattr(consequences.stock, "take_back", twice)


def _unposted_disputes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disputes.ledger, "post", _unless(disputes.ledger.post, EntryKind.DISPUTE))


def _unposted_lines(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(postings, "of_line", lambda *_args: [])


def _unless(post: Callable[..., None], kind: EntryKind) -> Callable[..., None]:
    return lambda known, *args, **kwargs: None if known == kind else post(known, *args, **kwargs)


def _unheard_disputes(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(handling.HANDLERS, Topic.DISPUTE, handling._ignore)


def _differences_stay_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(breaks, "_close", lambda _item: None)


def _refund_of_what_the_bank_took(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(beginning.disputes, "refuse_refund", lambda _payment: None)
    patch.setattr(sandbox_refunds.Refunds, "is_disputed", lambda *_args: False)  # a provider that does not look either


def _what_was_decided_meanwhile_is_overlooked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(overtaking, "look", lambda *_args: overtaking.Meanwhile())


def _news_of_cards_is_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(handling.HANDLERS, Topic.METHOD, handling._ignore)


def _refused_cards_stay_usable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collection, "heed", lambda *_args, **_kwargs: None)


def _leases_never_run_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tasks_runner, "LEASE", timedelta(days=365))


def _silence_is_taken_for_no(patch: pytest.MonkeyPatch) -> None:
    def give_up(payment: Payment, answer: Unanswered, *, by: Actor) -> None:
        payments.note_answer(payment, {"unanswered": answer.reason}, answered=False)
        payments.move(payment, PaymentState.CANCELLED, by=by, reason=answer.reason)

    patch.setattr(collection, "_record_silence", give_up)


def _any_lease_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tasks_runner, "_still_ours", lambda _lease: True)
    patch.setattr(tasks, "_settle", lambda lease, **values: _settle_whoever_asks(lease.task_id, values))


def _settle_whoever_asks(task_id: int, values: dict[str, object]) -> None:
    session.execute(update(Task).where(Task.id == task_id).values(**values))


def _pieces_are_counted_unlocked(patch: pytest.MonkeyPatch) -> None:
    def items(variant_ids):
        query = select(*[getattr(StockItem, name) for name in stock.Counted._fields])
        query = query.where(StockItem.variant_id.in_(list(variant_ids))).order_by(StockItem.variant_id)
        return [stock.Counted._make(row) for row in session.execute(query)]

    patch.setattr(stock, "_items", _standing(items))


def _standing(look: Callable[..., Any]) -> Callable[..., Any]:
    """A look after which time passes before anything is done about what was seen."""

    def looked(*args: Any) -> Any:
        seen = look(*args)
        time.sleep(STAND)
        return seen

    return looked


def _moves_without_looking(patch: pytest.MonkeyPatch) -> None:
    real = states.change_where
    patch.setattr(payments, "lock", _standing(lambda key: session.get_one(Payment, key, populate_existing=True)))
    patch.setattr(StateTable, "_statement", _from_anywhere)
    for module in (states, payments):
        patch.setattr(module, "change_where", lambda row, *_conditions, **values: real(row, **values))


def _from_anywhere(table: StateTable, _to: object, names: Sequence[str]) -> Update:
    model = table.column.class_
    return (
        update(model)
        .where(model.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
        .execution_options(moved=True, synchronize_session=False)
    )


def _orders_are_not_locked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(orders, "lock", lambda order_id: session.get_one(Order, order_id, populate_existing=True))
    patch.setattr(payments, "open_for", _standing(payments.open_for))


def _nothing(_patch: pytest.MonkeyPatch) -> None:
    pass


# guard taken away → how; they are missed on days in which everybody acts at the same time
AT_ONCE: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "an invoice has one open payment": _orders_are_not_locked,
    "an event is stored once": _nothing,
    "pieces are counted under a lock": _pieces_are_counted_unlocked,
    "a move looks where it begins": _moves_without_looking,
}
# guard taken away → table and columns of the unique index that goes with it
INDEXES: dict[str, tuple[str, tuple[str, ...]]] = {
    "an invoice has one open payment": ("payments", ("claim",)),
    "an event is stored once": ("webhook_events", ("event_key", "provider")),
}

# guard taken away → how
PLANTED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a page is asked for with the same key": _new_key("open_page"),
    "a refund is asked for with the same key": _new_key("refund"),
    "who is not answered asks before trying again": _silence_is_taken_for_no,
    "a lease is one worker's": _any_lease_will_do,
    "money that comes after all is taken in": _no_late_money,
    "a refund that came back frees its sum": _sum_is_not_free_again,
    "a refund may fail after it succeeded": _refunds_never_come_back,
    "what was seen decides a refund": _unconditional_reserve,
    "refunds made elsewhere are taken in": _unheard_refunds,
    "an event is stored before it is answered": _answered_before_stored,
    "an event that arrived gets its task": _arrived_and_forgotten,
    "disputes are taken in": _unheard_disputes,
    "what a bank took is posted": _unposted_disputes,
    "a disputed payment is not refunded": _refund_of_what_the_bank_took,
    "what only the provider knows is posted": _unposted_lines,
    "a difference closes when both books agree": _differences_stay_open,
    "a lease runs out": _leases_never_run_out,
    "money that is not ours has its case": _money_of_others_is_nobodys,
    "numbers count up": _numbers_stand_still,
    "no number is left out": _numbers_are_left_out,
    "what arrived is handed on": _relay_does_nothing,
    "what no webhook brought is fetched": _nothing_is_fetched,
    "a round that was not answered is not complete": _silence_is_an_empty_list,
    "pieces are held under a condition": _stock_is_never_enough,
    "what came back is posted back": _nothing_posted,
    "settlement takes the held pieces": _taken_stays_held,
    "every change of stock is a movement": _pieces_come_back_twice,
    "a refund that was overtaken moves no pieces": _what_was_decided_meanwhile_is_overlooked,
    "news of a card is heard": _news_of_cards_is_lost,
    "a card that its bank refused for good is barred": _refused_cards_stay_usable,
}
