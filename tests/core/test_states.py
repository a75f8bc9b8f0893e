"""State tables: one mover, and two that try the same move."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.states import IllegalMove, StateTable
from backoffice.orders import service as orders
from backoffice.orders.models import OrderState
from backoffice.orders.service import MOVES as ORDERS
from backoffice.payments.models import OPEN, PaymentState
from backoffice.payments.service import MOVES as PAYMENTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("table", StateTable.known, ids=lambda table: str(table.column))
def test_every_state_can_be_reached_and_none_follows_itself(table):
    states = set(table.moves)
    first = next(iter(type(next(iter(states)))))
    reachable, frontier = {first}, {first}
    while frontier:
        frontier = {after for here in frontier for after in table.moves[here]} - reachable
        reachable |= frontier
    never_first = states - reachable
    assert all(not table.sources(state) for state in never_first), "a state that something leads to must be reachable"
    assert all(here not in after for here, after in table.moves.items())


@given(st.lists(st.sampled_from(list(PaymentState)), max_size=12))
def test_a_settled_payment_stays_settled_whatever_is_told(path):
    here = PaymentState.CREATED
    for there in path:
        if PAYMENTS.allows(here, there):
            assert here != PaymentState.SETTLED
            here = there


def test_an_open_payment_can_always_settle():
    assert all(PAYMENTS.allows(state, PaymentState.SETTLED) for state in OPEN)


def test_moving_again_is_false_and_moving_wrongly_is_refused(shop):
    sale = shop.buyer().orders()

    def work():
        order = orders.by_ref(sale.order_ref)
        first = orders.end(order, OrderState.CANCELLED, by=SYSTEM, reason="test")
        second = ORDERS.move(order, OrderState.CANCELLED)
        with pytest.raises(IllegalMove):
            ORDERS.move(order, OrderState.PAID)
        return first, second

    assert units.write(work) == (True, False)


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_of_two_that_cancel_at_once_one_does_it(shop):
    sale = shop.buyer().orders()
    results = []
    start = threading.Barrier(2)

    def run():
        with shop.app.app_context():
            start.wait()
            results.append(
                units.write(
                    lambda: orders.end(orders.by_ref(sale.order_ref), OrderState.CANCELLED, by=SYSTEM, reason="test")
                )
            )

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]
    assert shop.tags(sale.order_ref).count("order.cancelled") == 1
    assert shop.order(sale).state == OrderState.CANCELLED


def test_states_read_from_the_database_are_members(shop):
    sale = shop.buyer().orders()
    assert isinstance(shop.order(sale).state, OrderState)


def test_every_table_of_states_is_known():
    """The one above asks each of them: an import that is missing would ask none."""
    written = [path for path in (ROOT / "backoffice").rglob("*.py") if "= StateTable(" in path.read_text()]
    assert {table.column.class_.__module__.split(".")[1] for table in StateTable.known} == {
        path.relative_to(ROOT).parts[1] for path in written
    }
