"""What was paid back is not delivered any more: pieces stay here, downloads close, visits are called off."""

from collections.abc import Mapping
from typing import cast

from sqlalchemy import CursorResult, select, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.calling_off import call_off
from backoffice.fulfilment.models import (
    Appointment,
    DownloadGrant,
    FulfilmentState,
    ShippedPieces,
)
from backoffice.orders.models import LineKind, Order, OrderLine


def keep_back(order: Order, pieces: Mapping[int, int], *, by: Actor, reason: str) -> None:
    """Deliver these pieces (order line id → how many) no more.

    What left already stays delivered. An order that is not being delivered is left as it is."""
    delivery = fulfilment.lock(order.id)
    if delivery is None or delivery.state == FulfilmentState.WITHDRAWN:
        return
    kept = 0
    for line in order.lines:
        count = pieces.get(line.id, 0)
        if not count:
            continue
        if line.kind == LineKind.PHYSICAL:
            kept += _stay(line, count)
        elif line.kind == LineKind.DIGITAL and count == line.quantity:
            _close(line, by=by, reason=reason)
        elif line.kind == LineKind.SERVICE:
            visits = session.scalars(select(Appointment).where(Appointment.order_line_id == line.id))
            call_off(order, visits, by=by, reason=reason)
    if kept:
        audit.record(Tag.FULFILMENT_KEPT_BACK, delivery, by=by, reason=reason, pieces=kept)
    fulfilment.advance(delivery, by=by)


def _stay(line: OrderLine, count: int) -> int:
    """Lower what is to be sent, as far as it has not left; returns by how many pieces."""
    query = select(ShippedPieces).where(ShippedPieces.order_line_id == line.id)
    row = session.scalars(query.execution_options(populate_existing=True)).one()
    stays = min(count, row.ordered - row.shipped)
    if not stays:
        return 0
    done = cast(
        "CursorResult[object]",
        session.execute(
            update(ShippedPieces)
            .where(ShippedPieces.id == row.id, ShippedPieces.ordered - ShippedPieces.shipped >= stays)
            .values(ordered=ShippedPieces.ordered - stays)
        ),
    )
    return stays if done.rowcount else 0


def _close(line: OrderLine, *, by: Actor, reason: str) -> None:
    for grant in session.scalars(select(DownloadGrant).where(DownloadGrant.order_line_id == line.id)):
        if grant.withdrawn_at is None:
            grant.withdrawn_at = clock.now()
            audit.record(Tag.DOWNLOAD_WITHDRAWN, grant, by=by, reason=reason)
