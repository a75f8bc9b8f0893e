"""Downloads of what was bought: by signed link, counted, closed when the delivery is withdrawn."""

from datetime import timedelta

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog.models import DigitalAsset
from backoffice.core import clock
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.states import change_where
from backoffice.fulfilment.models import DownloadGrant
from backoffice.orders.models import Order

AGAIN = timedelta(hours=1)  # so long a download may be begun anew without counting again: connections break
MOST_ANEW = 3  # times


class UsedUp(CounterfoilError):
    status = 409

    def __init__(self, most: int) -> None:
        super().__init__(
            "This file was downloaded %(most)s times, which is as often as a purchase allows. Write to us, and we help.",
            most=most,
        )


def of(order: Order) -> list[DownloadGrant]:
    """The open downloads of an order; withdrawn ones are gone."""
    query = select(DownloadGrant).where(DownloadGrant.order_id == order.id, DownloadGrant.withdrawn_at.is_(None))
    return list(session.scalars(query.order_by(DownloadGrant.id)))


def take(order: Order, grant_ref: str, *, by: Actor) -> DigitalAsset:
    """Count one download, unless one counted within the hour and broke off, and return what it is. Raises NotFound for one
    that is withdrawn or of another order, UsedUp."""
    grant = _open(order, grant_ref)
    if _is_fresh(grant) and change_where(
        grant,
        DownloadGrant.begun_anew < MOST_ANEW,
        DownloadGrant.withdrawn_at.is_(None),
        begun_anew=DownloadGrant.begun_anew + 1,
    ):
        audit.record(Tag.DOWNLOAD_TAKEN, grant, by=by, begun_anew=(grant.begun_anew - 1, grant.begun_anew))
        return grant.asset
    if not change_where(
        grant,
        DownloadGrant.used < DownloadGrant.most,
        DownloadGrant.withdrawn_at.is_(None),
        used=DownloadGrant.used + 1,
        counted_at=clock.now(),
        begun_anew=0,
    ):
        if grant.withdrawn_at is not None:
            raise NotFound("download")
        raise UsedUp(grant.most)
    audit.record(Tag.DOWNLOAD_TAKEN, grant, by=by, used=(grant.used - 1, grant.used))
    return grant.asset


def can_begin_anew(grant: DownloadGrant) -> bool:
    """Whether taking it now counts no more than it did, which is true of what is used up too."""
    return _is_fresh(grant) and grant.begun_anew < MOST_ANEW


def _is_fresh(grant: DownloadGrant) -> bool:
    return grant.counted_at is not None and grant.counted_at > clock.now() - AGAIN


def allow_more(order: Order, grant_ref: str, *, by: Actor, reason: str) -> bool:
    """Let a customer download once more who has used everything up; False while they may, so that pressed twice it is once.
    Raises NotFound as ``take`` does."""
    grant = _open(order, grant_ref)
    if not change_where(grant, DownloadGrant.used >= DownloadGrant.most, most=DownloadGrant.most + 1):
        return False
    audit.record(Tag.DOWNLOAD_EXTENDED, grant, by=by, reason=reason, most=(grant.most - 1, grant.most))
    return True


def _open(order: Order, grant_ref: str) -> DownloadGrant:
    grant = next((item for item in of(order) if item.ref == grant_ref), None)
    if grant is None:
        raise NotFound("download")
    return grant
