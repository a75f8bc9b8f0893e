"""The provider's side of a history: the sandbox's books get the payments that the history says were taken there."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests
from sqlalchemy import func, select

from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.ports import settings
from backoffice.demo.deals import Refs
from backoffice.disputes.models import Dispute
from backoffice.payments.models import Payment
from backoffice.refunds.models import Refund

PIECE = 2_000
TIMEOUT = 60  # seconds


class NoSandbox(CounterfoilError):
    status = 503

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"The sandbox provider at {url} does not answer ({why}), so its books have nothing of this history and will differ "
            "from ours. Start it and run the same command again."
        )


def mirror(seed: int, told: Callable[[int], None] = lambda _count: None) -> int:
    """Tell the sandbox of every payment of a history with what was given back and disputed of it, each once, and have it pay
    out day by day; returns how many payments it has of them. Nothing is told where another provider is configured. Raises
    NoSandbox."""
    if settings().payments != "sandbox":
        return 0
    count = 0
    for piece in payments_of(seed):
        _post("/control/history", piece)
        count += len(piece)
        told(len(piece))
    if count:
        _post("/control/history/payouts", None)
    return count


def settled(seed: int) -> int:
    """How many payments of a history hold money."""
    with units.read():
        return session.scalar(select(func.count()).select_from(Payment).where(*_of(Refs(seed)))) or 0


def _of(refs: Refs) -> Sequence[Any]:
    return *_among(Payment.ref, "pay", refs), Payment.captured_amount > 0


def _among(column: Any, prefix: str, refs: Refs) -> Sequence[Any]:
    low, high = refs.within(prefix)
    return column >= low, column < high


def payments_of(seed: int) -> Iterator[list[dict[str, Any]]]:
    """What a history says was paid, in pieces, as the sandbox takes it over."""
    last, refs = "", Refs(seed)
    while True:
        columns = (
            Payment.id, Payment.ref, Payment.provider_ref, Payment.amount, Payment.currency, Payment.method, Payment.created_at,
            Payment.settled_at,
        )  # fmt: skip
        query = select(*columns).where(*_of(refs), Payment.ref > last).order_by(Payment.ref).limit(PIECE)
        with units.read():
            rows = session.execute(query).all()
            ids = [row.id for row in rows]
            refunds, disputes = _refunds_of(ids, refs), _disputes_of(ids, refs)
        if not rows:
            return
        yield [
            {
                "id": row.provider_ref,
                "reference": row.ref,
                "amount": row.amount,
                "currency": row.currency,
                "method": row.method,
                "created": row.created_at.isoformat(),
                "settled": row.settled_at.isoformat(),
                "refunds": refunds.get(row.id, []),
                "disputes": disputes.get(row.id, []),
            }
            for row in rows
        ]
        last = rows[-1].ref


def _refunds_of(payment_ids: Sequence[int], refs: Refs) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    query = select(Refund.payment_id, Refund.provider_ref, Refund.ref, Refund.amount, Refund.created_at)
    told_of = (Refund.payment_id.in_(payment_ids), *_among(Refund.ref, "rfd", refs))
    for row in session.execute(query.where(*told_of).order_by(Refund.id)):
        told = {
            "id": row.provider_ref,
            "reference": row.ref,
            "amount": row.amount,
            "created": row.created_at.isoformat(),
        }
        found.setdefault(row.payment_id, []).append(told)
    return found


def _disputes_of(payment_ids: Sequence[int], refs: Refs) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    told_of = (Dispute.payment_id.in_(payment_ids), *_among(Dispute.ref, "dsp", refs))
    query = select(Dispute).where(*told_of).order_by(Dispute.id)
    for row in session.scalars(query):
        told = {
            "id": row.provider_ref, "amount": row.amount, "status": str(row.state), "reason": row.reason,
            "due_by": row.due_by.isoformat() if row.due_by else "", "created": row.opened_at.isoformat(),
            "ended": row.ended_at.isoformat() if row.ended_at else "",
        }  # fmt: skip
        found.setdefault(row.payment_id, []).append(told)
    return found


def _post(path: str, payments: list[dict[str, Any]] | None) -> None:
    url = settings().sandbox_url
    try:
        answer = requests.post(url + path, json={"payments": payments or []}, timeout=TIMEOUT)
    except requests.RequestException as error:
        raise NoSandbox(url, type(error).__name__) from error
    if answer.status_code != 200:
        raise NoSandbox(url, f"HTTP {answer.status_code}")
