"""The inbox: verify, store raw under a unique key, answer. What was stored is a queue (``relay``) and is handled by a task."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

import structlog
from prometheus_client import Counter
from sqlalchemy import Table, bindparam, func, select, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import alone, borders, clock, references, units
from backoffice.core.actor import Actor, origin
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound, ProgrammingError
from backoffice.core.looks import look
from backoffice.core.ports import ports
from backoffice.core.tracking import Subject
from backoffice.core.writes import change
from backoffice.tasks import bell
from backoffice.tasks import service as tasks
from backoffice.webhooks.models import EventState, PollerRound, WebhookEvent
from integrations.payments.port import BadSignature, OutcomeUnknown, ProviderEvent, Refused, Topic

LARGEST = 512 * 1024  # bytes
KEPT_HEADERS = ("Content-Type", "User-Agent")  # an allow-list: signatures and credentials are not kept
OVERLAP = timedelta(minutes=10)  # how far the poller looks back behind its last complete round
FIRST_LOOK = timedelta(days=2)
TIME_TO_COME = timedelta(minutes=5)  # an event that no webhook brought by then was not delivered
QUIET = timedelta(hours=1)
MOST_LOOKED_FOR = 500  # keys in one question

_EVENTS = cast("Table", WebhookEvent.__table__)
_ONE_MORE = (
    update(_EVENTS)
    .where(_EVENTS.c.provider == bindparam("of"), _EVENTS.c.event_key == bindparam("key"))
    .values(deliveries=_EVENTS.c.deliveries + 1)
)
_HEARD_SINCE = (
    select(WebhookEvent.id)
    .where(
        WebhookEvent.provider == bindparam("provider"),
        WebhookEvent.heard_by == "webhook",
        WebhookEvent.received_at >= bindparam("moment"),
    )
    .limit(1)
)
# Events that we had to fetch and no webhook has brought since; of those that we ask the provider's endpoint for.
_FETCHED_ALONE = select(func.count(), func.min(WebhookEvent.occurred_at)).where(
    WebhookEvent.provider == bindparam("provider"),
    WebhookEvent.heard_by == "poller",
    WebhookEvent.deliveries == 1,
    WebhookEvent.about != Topic.NOTHING,
    WebhookEvent.received_at >= bindparam("heard_since"),  # by its index: nothing is heard before it happens
    WebhookEvent.occurred_at >= bindparam("since"),
    WebhookEvent.occurred_at < bindparam("until"),
)

INBOX = Counter("counterfoil_webhooks_total", "Webhooks by provider and what became of them.", ["provider", "outcome"])
log = structlog.get_logger(__name__)


class NotOurs(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This event is about another account or mode. It is kept, and never handled.")


class NotStored(ProgrammingError):
    """The provider is told of a failure and sends the event again."""

    def __init__(self) -> None:
        super().__init__("an event was refused as known, and is not known")


def receive(provider: str, raw: bytes, headers: Mapping[str, str]) -> int:
    """Take one webhook in and return the HTTP status of the answer.

    404: no such endpoint (or no secret for it). 413: too large. 400: bad signature, or signed bytes that are no event.
    200: stored, now or before; also for another account or mode, which is stored as rejected and never handled."""
    port = ports().payments
    if provider != port.name or not port.has_webhook_secret():
        return 404
    if len(raw) > LARGEST:
        return _count(provider, "too_large", 413)
    try:
        event = port.verify(raw, headers, now=clock.now())
    except BadSignature as error:
        log.warning("webhook refused", provider=provider, why=str(error))
        return _count(provider, "bad_signature", 400)
    except ValueError:
        return _count(provider, "unreadable", 400)
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    _store(provider, event, kept, "webhook")
    borders.cross("webhooks.stored")
    return _count(provider, "stored", 200)


def replay(event: WebhookEvent, *, by: Actor, reason: str, request_key: str) -> None:
    """Handle a stored event once more, whatever became of it: handlers are safe any number of times. The same ``request_key``
    asks for it once.

    Raises NotOurs for an event of another account or mode."""
    if event.state == EventState.REJECTED:
        raise NotOurs
    key = f"webhooks.replay:{event.ref}:{request_key}"
    if tasks.is_known(key):
        return
    audit.record(Tag.EVENT_REPLAYED, event.subject(), by=by, reason=reason, type=event.type)
    tasks.schedule("webhooks.replay", dedupe=key, event_id=event.id)


def by_ref(ref: str) -> WebhookEvent:
    """Raises NotFound."""
    event = session.scalars(select(WebhookEvent).where(WebhookEvent.ref == ref)).one_or_none()
    if event is None:
        raise NotFound("event")
    return event


def poll() -> int:
    """Ask the provider for events that never came, and take them in; returns how many were new.

    Looks back to the last round that was complete, whatever webhooks came since. Raises nothing for a provider that
    is silent or refuses: the next round asks again."""
    port = ports().payments
    started = clock.now()
    with units.read():
        last = session.get(PollerRound, port.name)
        since = last.complete_until - OVERLAP if last else started - FIRST_LOOK
    since = since.replace(
        microsecond=0
    )  # a provider may count in whole seconds: it lists the one that has begun, we know it
    try:
        events = port.events_since(since)
    except (OutcomeUnknown, Refused) as error:
        log.warning("provider did not list its events", error=str(error))
        return 0
    borders.cross("webhooks.listed")
    known = _known(port.name, [_key(event) for event in events])
    missing = [event for event in events if _key(event) not in known]
    for event in missing:
        _store(port.name, event, {}, "poller")
        INBOX.labels(port.name, "polled").inc()
        borders.cross("webhooks.fetched")
    units.write(lambda: _complete_round(port.name, since, started))
    return len(missing)


def _known(provider: str, keys: Sequence[str]) -> set[str]:
    """Those of these events that we have, found one by one through the index that keeps them unique."""
    found: set[str] = set()
    for first in range(0, len(keys), MOST_LOOKED_FOR):
        some = keys[first : first + MOST_LOOKED_FOR]
        query = select(WebhookEvent.event_key).where(
            WebhookEvent.event_key.in_(some), WebhookEvent.provider == provider
        )
        with units.read():
            found.update(session.scalars(query))
    return found


def _key(event: ProviderEvent) -> str:
    """What tells an event from others of its provider, however long its id is."""
    return event.event_id if len(event.event_id) <= 255 else hashlib.sha256(event.event_id.encode()).hexdigest()


def _complete_round(provider: str, since: datetime, until: datetime) -> None:
    """Webhooks are silent where events had to be fetched that had time to come, and none has come since they happened."""
    known = session.get(PollerRound, provider)
    asleep = known.complete_until if known and until - known.complete_until > ports().payments.event_life else None
    if known is None:
        session.add(PollerRound(provider=provider, complete_until=until))
    else:
        known.complete_until = max(known.complete_until, until)
    about = Subject("provider", 1, provider)
    if asleep:  # longer than the provider lists its events: some may be known from its books alone
        cases.open_case(CaseKind.EVENTS_MISSED, about, since=asleep.isoformat())
    begins = min(since, until - QUIET)
    window = {"since": begins, "until": until - TIME_TO_COME, "heard_since": begins - OVERLAP}  # clocks differ a little
    missed, first = look(_FETCHED_ALONE, provider=provider, **window).one()
    if missed and not _heard_since(provider, first):
        cases.open_case(CaseKind.WEBHOOKS_SILENT, about, missed=missed, since=first.isoformat())
    elif known is not None and _heard_since(provider, until - QUIET):
        cases.close(CaseKind.WEBHOOKS_SILENT, about, because="Webhooks arrive again.")


def _heard_since(provider: str, moment: datetime) -> bool:
    return look(_HEARD_SINCE, provider=provider, moment=moment).first() is not None


def _store(provider: str, event: ProviderEvent, headers: Mapping[str, str], heard_by: str) -> None:
    """Commit an event once, as a row that stands alone; another delivery of it only counts.

    Nearly every event is new, so nobody looks first: the unique index refuses one that is known."""
    port = ports().payments
    ours = event.account == port.account and event.mode == port.mode
    key = _key(event)
    row = {
        "ref": references.new("whk"),
        "provider": provider,
        "event_key": key,
        "type": event.type[:120],
        "account": event.account[:120],
        "mode": event.mode[:10],
        "about": event.about,
        "object_id": event.object_id[:255],
        "provider_payment": event.payment[:255],
        "payment_ref": event.reference[:120],
        "raw": event.raw,
        "headers": dict(headers),
        "heard_by": heard_by,
        "state": EventState.ARRIVED if ours else EventState.REJECTED,
        "deliveries": 1,
        "note": "" if ours else f"for {event.account[:120]} in {event.mode[:10]} mode, not for us",
        "occurred_at": event.occurred_at,
        "received_at": clock.now(),
        "request_id": origin().request_id,
        "handled_at": None,
    }
    if not alone.write_row(WebhookEvent, row) and not units.write(lambda: _count_known(provider, key)):
        raise NotStored
    if ours:
        bell.call()


def _count_known(provider: str, key: str) -> bool:
    """One more delivery of an event that is stored; False if none is."""
    return bool(change(_ONE_MORE, {"of": provider, "key": key}))


def _count(provider: str, outcome: str, status: int) -> int:
    _counter(provider, outcome).inc()
    return status


@lru_cache(maxsize=100)
def _counter(provider: str, outcome: str) -> Counter:
    return INBOX.labels(provider, outcome)
