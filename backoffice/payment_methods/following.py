"""Asking the provider about a method that is kept, and having it forget one."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, borders, clock, holders, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.payment_methods import service as methods
from backoffice.payment_methods.models import MOVES, MethodState, PaymentMethod
from backoffice.tasks import service as tasks
from integrations.payments.port import NOT_AN_OUTCOME, OutcomeUnknown, Refused

REMOVE_AGAIN = timedelta(minutes=10)

log = structlog.get_logger(__name__)


def learn(method_id: int, *, by: Actor, then: Callable[[], None]) -> bool:
    """Ask what became of a kept method at the provider. ``then`` runs in the unit; False where the provider is silent."""
    with units.read():
        row = session.get_one(PaymentMethod, method_id)
        provider_ref, held_at = row.provider_ref, (row.provider, row.account, row.mode)
    units.closed()
    try:
        holders.refuse_elsewhere(ports().payments, held_at)
        snapshot = ports().payments.methods.retrieve(provider_ref)
    except OutcomeUnknown as error:
        log.warning("provider did not say what became of a method", error=str(error))
        return False
    except Refused as refusal:
        if refusal.code in NOT_AN_OUTCOME:
            log.error("provider refused to say", code=refusal.code)
            return False
        snapshot = None  # it knows nothing of it
    borders.cross("payment_methods.asked")

    def record() -> None:
        methods.follow(session.get_one(PaymentMethod, method_id), snapshot, by=by)
        then()

    units.write(record)
    return True


def have_removed(method_id: int) -> None:
    """The task that has the provider forget a method: tries until it did."""
    with units.read():
        row = session.get_one(PaymentMethod, method_id)
        provider_ref, key, state = row.provider_ref, f"{row.ref}-remove", row.state
        held_at = (row.provider, row.account, row.mode)
    if state == MethodState.REMOVING:
        units.closed()
        try:
            holders.refuse_elsewhere(ports().payments, held_at)
            ports().payments.methods.remove(provider_ref, key=key)
        except OutcomeUnknown as error:
            log.warning("provider did not take a method off", error=str(error))
            units.write(lambda: tasks.postpone_running(clock.now() + REMOVE_AGAIN))
            return
        borders.cross("payment_methods.removed")
    units.write(lambda: _removed(method_id))


def _removed(method_id: int) -> None:
    row = session.get_one(PaymentMethod, method_id)
    if MOVES.move(row, MethodState.REMOVED, preferred_key=None):
        audit.record(
            Tag.METHOD_FORGOTTEN,
            row,
            by=actor.provider(row.provider),
            state=(MethodState.REMOVING, MethodState.REMOVED),
        )
    tasks.finish_running()
