"""Price lists, and prices that count from a moment on. A price is never changed: a new row follows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from babel import Locale
from sqlalchemy import func, or_, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import listings, version
from backoffice.catalog.models import Price, PriceList, Product, Variant
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.formatting import LOCALE
from backoffice.core.money import Money
from backoffice.core.seen import check
from backoffice.tasks import service as tasks

REPLACED_BY = timedelta(microseconds=1)
AT_ONCE = timedelta(milliseconds=1)  # prices that begin within it are one moment's: the last of them counts
HIGHEST = 10_000_000  # of a currency's whole units: whatever is dearer is a slip of the hand


class WrongCurrency(CounterfoilError):
    def __init__(self, price: Money, currency: str) -> None:
        super().__init__(f"{price} does not belong in the price list in {currency}.")


class NegativePrice(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("A price is nothing or more: nobody is paid for taking something.")


class AbsurdPrice(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__(f"A price is at most {HIGHEST:,}: is there a digit too many?")


class PriceInThePast(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("A price counts from now or later: what customers have seen cannot be changed afterwards.")


class PriceSetAlready(CounterfoilError):
    """Another price counts from the same moment; prices are never changed, only followed by others."""

    status = 409

    def __init__(self, known: Money) -> None:
        super().__init__(f"A price of {known} counts from that moment already. Choose a moment after it.")


class NotAList(CounterfoilError):
    status = 422

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


def create_list(code: str, currency: str, position: int, *, by: Actor, active: bool = True) -> PriceList:
    """Prices in one more currency. Raises NotAList."""
    if currency not in Locale.parse(LOCALE).currencies:
        raise NotAList(f"“{currency[:10]}” is no currency that we know: write three letters, like EUR.")
    if not code:
        raise NotAList("The price list needs a name.")
    if session.scalar(select(PriceList.id).where(or_(PriceList.currency == currency, PriceList.code == code))):
        raise NotAList(f"There is a price list in {currency}, or one called “{code}”, already.")
    row = PriceList(ref=references.new("plt"), code=code, currency=currency, position=position, active=active)
    session.add(row)
    audit.record(Tag.PRICE_LIST_CREATED, row, by=by, code=code, currency=currency)
    version.bump()
    return row


def change_list(row: PriceList, *, active: bool, position: int, by: Actor, reason: str) -> bool:
    """Offer a price list to customers or not, and at which place; the first is the shop's own. False where it is so. Raises
    NotAList where no list would be left."""
    query = select(PriceList).order_by(PriceList.id).with_for_update()
    known = session.scalars(query.execution_options(populate_existing=True)).all()  # as they are now, and stay
    wanted = {"active": active, "position": position}
    changes = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
    if not changes:
        return False
    if not active and [item.id for item in known if item.active] == [row.id]:
        raise NotAList("This is the last price list that customers have: offer another one first.")
    for name, value in wanted.items():
        setattr(row, name, value)
    audit.record(Tag.PRICE_LIST_CHANGED, row, by=by, reason=reason, **changes)
    version.bump()
    return True


def lists() -> list[PriceList]:
    """All of them, offered or not."""
    return list(session.scalars(select(PriceList).order_by(PriceList.position, PriceList.id)))


def active_lists() -> list[PriceList]:
    """What customers can choose among, the shop's own first."""
    return list(session.scalars(select(PriceList).where(PriceList.active).order_by(PriceList.position, PriceList.id)))


def list_in(currency: str) -> PriceList:
    """The list in a currency, offered or not. Raises NotFound."""
    row = session.scalars(select(PriceList).where(PriceList.currency == currency)).first()
    if row is None:
        raise NotFound("currency here")
    return row


def highest(currency: str) -> Money:
    """What no price is above."""
    return Money.parse(str(HIGHEST), currency)


def set_price(
    variant: Variant,
    price_list: PriceList,
    price: Money,
    *,
    by: Actor,
    since: datetime | None = None,
    reason: str = "",
    seen: str | None = None,
) -> Price:
    """Let a variant cost ``price`` from ``since`` (UTC; now by default). ``seen`` is the ``mark`` of the number of
    the last price that its product had when somebody decided.

    Raises WrongCurrency, NegativePrice, AbsurdPrice, PriceInThePast, PriceSetAlready, ChangedMeanwhile.

    At that moment a task puts the new price on the shelves; the cart and the order look it up themselves. Another price for the
    same moment to come replaces the one that was announced: it counts a microsecond later, and the former for no longer."""
    if price.currency != price_list.currency:
        raise WrongCurrency(price, price_list.currency)
    if price.amount < 0:
        raise NegativePrice
    if price > highest(price.currency):
        raise AbsurdPrice
    now = clock.now()
    start = since or now
    if start < now:
        raise PriceInThePast
    session.execute(select(Product.id).where(Product.id == variant.product_id).with_for_update())  # one after the other
    known = _announced(variant, price_list, start)
    if known and known.amount == price.amount:
        return known
    if known and start == now:
        raise PriceSetAlready(Money(known.amount, price.currency))
    if known:
        start = known.valid_from + REPLACED_BY
    before = known or _counting(variant, price_list)
    if since is None and before and before.amount == price.amount:
        return before  # it costs that already: pressed twice, or set by a colleague
    check(seen, _last_price(variant.product_id))
    row = Price(
        variant_id=variant.id, price_list_id=price_list.id, amount=price.amount, valid_from=start, created_at=now
    )
    row.variant = variant
    session.add(row)
    old = Money(before.amount, price.currency) if before else None
    audit.record(Tag.PRICE_SET, variant, by=by, reason=reason, price=(old, price), since=start)
    if start > now:
        tasks.schedule(
            "catalog.reprice",
            due=start,
            dedupe=f"catalog.reprice:{variant.ref}:{price_list.code}:{start.isoformat()}",
            product_id=variant.product_id,
        )
    else:
        listings.refresh(variant.product)
    return row


def _announced(variant: Variant, price_list: PriceList, start: datetime) -> Price | None:
    """The price that is to count from a moment, or whatever replaced it."""
    query = select(Price).where(Price.variant_id == variant.id, Price.price_list_id == price_list.id)
    at_once = query.where(Price.valid_from >= start, Price.valid_from < start + AT_ONCE)
    return session.scalars(at_once.order_by(Price.valid_from.desc())).first()


def _last_price(product_id: int) -> int | None:
    """Prices are never changed, only followed by others: the last one says them all."""
    variants = select(Variant.id).where(Variant.product_id == product_id)
    return session.scalar(select(func.max(Price.id)).where(Price.variant_id.in_(variants)))


def _counting(variant: Variant, price_list: PriceList) -> Price | None:
    """The price that counts now."""
    query = select(Price).where(
        Price.variant_id == variant.id, Price.price_list_id == price_list.id, Price.valid_from <= clock.now()
    )
    return session.scalars(query.order_by(Price.valid_from.desc()).limit(1)).first()


def reprice(product_id: int) -> None:
    """The task at the moment a new price begins to count: shows it on the shelves."""
    listings.refresh(session.get_one(Product, product_id))


def current(variant_ids: Iterable[int], currency: str) -> Mapping[int, int]:
    """The amounts that count now in the active list of a currency, by variant; a variant without one is not in the
    answer."""
    rows = session.execute(
        select(Price.variant_id, Price.amount)
        .join(PriceList, PriceList.id == Price.price_list_id)
        .where(
            Price.variant_id.in_(list(variant_ids)),
            PriceList.currency == currency,
            PriceList.active,
            Price.valid_from <= clock.now(),
        )
        .order_by(Price.valid_from)
    )
    return {row[0]: row[1] for row in rows}  # later rows win
