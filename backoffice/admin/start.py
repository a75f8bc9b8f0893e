"""Where the office opens: what is broken, what waits for me, and today against the same day last week. And the jump box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, jump, looks, today, troubles, waiting
from backoffice.admin.actions import needs, run
from backoffice.admin.cells import ZONE
from backoffice.admin.frame import Page, drawn_with
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import Case, CaseState
from backoffice.cases.wordings import WORDINGS
from backoffice.catalog.models import Product, Variant
from backoffice.core import clock, formatting, units
from backoffice.core.db import session
from backoffice.core.money import Money, exponent
from backoffice.notes import service as notes
from backoffice.staff.roles import Right
from backoffice.stock.models import FEW, StockItem

KEYS = (
    ("/", "to the jump box"),
    ("?", "this list"),
    ("g then s", "to the start"),
    ("g then i", "to the inbox"),
    ("g then o", "to the orders"),
    ("g then d", "to the parcels"),
    ("g then c", "to the customers"),
    ("g then p", "to the payments"),
    ("g then r", "to the refunds"),
    ("g then v", "to the invoices"),
    ("g then b", "to the products"),
    ("g then k", "to the stock"),
    ("g then w", "to the webhooks"),
    ("g then t", "to the tasks"),
    ("g then a", "to the audit"),
    ("j, k", "down and up in a list; Enter opens the row"),
    ("n, p", "to the older and the newer page of a list"),
    ("x", "to the first thing that can be done on a page"),
    ("m", "to the form for a note"),
    ("Escape", "out of a field, or closes a form"),
)
MINE = 10  # cases of one's own on the page
SCARCE = 8


@dataclass(frozen=True)
class Broken:
    """Open cases of one kind."""

    kind: str
    title: str
    count: int
    at_risk: Sequence[Money]
    since: str


class Start(Page, AdminIndexView):
    sees = Right.SEE_INBOX

    def is_visible(self) -> bool:
        return False

    def render(self, template: str, **kwargs: Any) -> str:
        return str(super().render(template, **drawn_with(kwargs)))

    @expose("/")
    def index(self) -> ResponseReturnValue:
        sells, counts = access.has(Right.SEE_SALES), access.has(Right.MOVE_STOCK)
        called = notes.waiting_for(access.me().id)
        looks.at_list("notes", "who they call", len(called))  # colleagues write what they like
        return self.render(
            "office/start.html",
            broken=_broken(),
            mine=_mine(access.me().id),
            mentions=[
                (item.note, troubles.place_of(item.note.about), troubles.sees(item.note.about)) for item in called
            ],
            waits=waiting.at_desks(),
            day=today.compare(ZONE) if sells else [],
            hours=range(today.HOURS),
            width=today.WIDTH,
            height=today.HEIGHT,
            scarce=_scarce() if counts else [],
        )

    @expose("/jump")
    def jump(self) -> ResponseReturnValue:
        """Straight to the one thing that fits; a choice where several do."""
        wish = request.args.get("q", "").strip()
        hits = jump.find(wish)
        if any(hit.is_personal for hit in hits):
            looks.at_list("jump", "what was typed", len(hits))
        if len(hits) == 1:
            return redirect(hits[0].address, 303)
        return self.render("office/jump.html", wish=wish, hits=hits)

    @expose("/keys")
    def keys(self) -> ResponseReturnValue:
        return self.render("office/keys.html", keys=KEYS)

    @expose("/notes/<ref>/seen", methods=["POST"])
    @needs(Right.SEE_INBOX)
    def seen(self, ref: str) -> ResponseReturnValue:
        return run(
            lambda: units.write(lambda: notes.see(ref, access.me().id)), "It is off your list.", self.get_url(".index")
        )


def _broken() -> list[Broken]:
    """What is open, by kind, the most expensive first."""
    rows = session.execute(
        select(Case.kind, Case.currency, func.count(), func.sum(Case.at_risk_amount), func.min(Case.opened_at))
        .where(cases.awake(), troubles.seen())
        .group_by(Case.kind, Case.currency)
    ).all()
    found = {}
    for kind in {row[0] for row in rows}:
        parts = [row for row in rows if row[0] == kind]
        money = [Money(int(row[3]), row[1]) for row in parts if row[1] and row[3]]
        oldest = min(row[4] for row in parts)
        found[kind] = Broken(
            kind,
            WORDINGS[CaseKind(kind)].title.rstrip("."),
            sum(row[2] for row in parts),
            money,
            formatting.age(oldest, clock.now()),
        )
    return sorted(found.values(), key=lambda item: (-max(map(_units, item.at_risk), default=0), item.title))


def _units(money: Money) -> float:
    """Whole units of its currency: there are no rates of exchange here, but a yen is no hundredth of anything."""
    return money.amount / float(10 ** exponent(money.currency))


def _mine(member_id: int) -> list[tuple[Case, str, str]]:
    """My cases, the oldest first: with title and age."""
    query = select(Case).where(Case.owner_id == member_id, Case.state == CaseState.OPEN, cases.awake(), troubles.seen())
    return [
        (case, WORDINGS[CaseKind(case.kind)].title.rstrip("."), formatting.age(case.opened_at, clock.now()))
        for case in session.scalars(query.order_by(Case.id).limit(MINE))
    ]


def _scarce() -> Sequence[StockItem]:
    """What is nearly sold out. MariaDB and MySQL are told to begin with the stock: few items fit, and from the products on
    they would walk the whole catalogue."""
    free = StockItem.on_hand - StockItem.held
    query = select(StockItem).options(joinedload(StockItem.variant, innerjoin=True).joinedload(Variant.product))
    query = query.join(Variant, Variant.id == StockItem.variant_id).join(Product, Product.id == Variant.product_id)
    sold = (Variant.published, Product.published, free <= FEW)
    for dialect in ("mysql", "mariadb"):
        query = query.prefix_with("STRAIGHT_JOIN", dialect=dialect)
    return session.scalars(query.where(*sold).order_by(free, StockItem.id).limit(SCARCE)).all()
