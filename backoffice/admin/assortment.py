"""What the page of a product offers for its variants: another one, a price from a moment on, sold or not."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from backoffice.admin import access
from backoffice.admin.actions import Action, Field, needs, reason, run, typed_seen, typed_text
from backoffice.admin.cells import ZONE
from backoffice.admin.notes import Noted
from backoffice.catalog import pricing, variants
from backoffice.catalog import service as catalog
from backoffice.catalog.editing import Unreadable
from backoffice.catalog.models import Price, PriceList, Product, Variant
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money
from backoffice.core.seen import mark
from backoffice.staff.roles import Right
from backoffice.stock import service as stock


class Assortment(Noted):
    """The part of the product desk that prices and offers variants."""

    @expose("/<ref>/variant", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def variant(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            added = variants.add(product, typed_text("sku"), _choices(product), by=access.by())
            stock.list_article(added, by=access.by())

        return self.do(ref, act, "The variant is written. Give it a price, then sell it.")

    @expose("/<ref>/variant/<variant>", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def rename(self, ref: str, variant: str) -> ResponseReturnValue:
        """Another article number, or other values."""

        def act(product: Product) -> None:
            why = reason()
            variants.correct(
                _one_of(product, variant),
                typed_text("sku"),
                _choices(product),
                seen=typed_seen(),
                by=access.by(),
                reason=why,
            )

        return self.do(ref, act, "The variant is corrected; orders and papers keep what it was called then.")

    @expose("/<ref>/price", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def price(self, ref: str) -> ResponseReturnValue:
        """A new price from a moment on; what customers saw before stays as it was."""

        def act(product: Product) -> None:
            chosen, why = variant_of(product), reason()
            price_list = pricing.list_in(typed_text("currency"))
            amount = Money.parse(typed_text("amount"), price_list.currency)
            seen = typed_seen()
            pricing.set_price(chosen, price_list, amount, by=access.by(), since=_since(), reason=why, seen=seen)

        return self.do(ref, act, "The price is set.")

    @expose("/<ref>/sell", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def sell(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            chosen = variant_of(product)
            if request.form.get("sold") == "yes":
                variants.offer(chosen, by=access.by())
            else:
                variants.withdraw(chosen, by=access.by(), reason=reason())

        return self.do(ref, act, "The variant is changed; customers see it now.")

    def variant_offers(
        self, product: Product, offered: Sequence[Variant], price_lists: Sequence[PriceList], seen: str
    ) -> list[Action]:
        choices = [(variant.ref, f"{variant.label or product.name} ({variant.sku})") for variant in offered]
        lists = [(row.currency, row.currency) for row in price_lists]
        here = product.ref
        price = (
            Field("variant", "Variant", choices=choices),
            Field("currency", "Currency", choices=lists),
            Field("amount", "Price, VAT included (129.00)"),
            Field("since", f"From ({ZONE}); empty for now", "datetime-local", required=False),
            Field("seen", "", "hidden", seen),
        )
        options = product.options.get("names", [])
        more = (
            Field("sku", "Article number"),
            *(Field(f"choice{place}", name) for place, name in enumerate(options)),
        )
        sold = (
            Field("variant", "Variant", choices=choices),
            Field("sold", "Is sold", choices=(("yes", "Yes"), ("no", "No"))),
        )
        return [
            Action("Set a price", self.get_url(".price", ref=here), Right.CHANGE_PRICES, asks="Why?", fields=price),
            Action(
                "Add a variant",
                self.get_url(".variant", ref=here),
                Right.EDIT_CATALOGUE,
                "" if options else "its variants differ in nothing",
                fields=more,
            ),
            Action(
                "Sell a variant or not", self.get_url(".sell", ref=here), Right.EDIT_CATALOGUE, asks="Why?", fields=sold
            ),
        ]

    def correction_of(self, variant: Variant) -> Action:
        options, values = variant.product.options.get("names", []), variant.choices.get("values", [])
        fields = (
            Field("sku", "Article number", value=variant.sku),
            *(
                Field(f"choice{place}", name, value=value)
                for place, (name, value) in enumerate(zip(options, values, strict=True))
            ),
            Field("seen", "", "hidden", mark(variant.sku, variant.label)),
        )
        url = self.get_url(".rename", ref=variant.product.ref, variant=variant.ref)
        return Action("Correct", url, Right.EDIT_CATALOGUE, asks="What was wrong?", fields=fields)

    def do(self, ref: str, act: Callable[[Product], object], done: str) -> ResponseReturnValue:
        return run(lambda: units.write(lambda: act(catalog.by_ref(ref))), done, self.get_url(".one", ref=ref))


def prices_of(
    variant_ids: list[int],
) -> tuple[list[PriceList], dict[int, list[tuple[Money, datetime, bool]]], int | None]:
    """All price lists, every price of these variants there ever was or will be, the latest first, with whether another one
    replaced it before it counted; and the number of the one that was written last."""
    query = (
        select(PriceList, Price.variant_id, Price.amount, Price.valid_from, Price.id)
        .outerjoin(Price, (Price.price_list_id == PriceList.id) & Price.variant_id.in_(variant_ids))
        .order_by(PriceList.position, PriceList.id, Price.valid_from.desc())
    )
    lists: dict[int, PriceList] = {}
    found: dict[int, list[tuple[Money, datetime, bool]]] = {}
    followed: dict[tuple[int, int], datetime] = {}
    last = None
    for price_list, variant_id, amount, since, number in session.execute(query):
        lists[price_list.id] = price_list
        if variant_id is not None:
            next_begins = followed.get((price_list.id, variant_id))
            is_replaced = next_begins is not None and next_begins < since + pricing.AT_ONCE
            followed[price_list.id, variant_id] = since
            found.setdefault(variant_id, []).append((Money(amount, price_list.currency), since, is_replaced))
            last = max(last or 0, number)
    return list(lists.values()), found, last


def variant_of(product: Product) -> Variant:
    """The variant that the form names. Raises NotFound."""
    return _one_of(product, request.form.get("variant", ""))


def _one_of(product: Product, ref: str) -> Variant:
    chosen = next((variant for variant in product.variants if variant.ref == ref), None)
    if chosen is None:
        raise NotFound("variant of this product")
    return chosen


def _choices(product: Product) -> list[str]:
    """What is typed for each of the options in which its variants differ."""
    return [typed_text(f"choice{place}") for place in range(len(product.options.get("names", [])))]


def _since() -> datetime | None:
    text = typed_text("since")
    if not text:
        return None
    try:
        return clock.at_place(datetime.fromisoformat(text), ZONE)
    except ValueError:
        raise Unreadable(f"“{text[:40]}” is no day and hour.") from None
