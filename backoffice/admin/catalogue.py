"""The catalogue desk: products with their texts, variants, prices and pictures; categories."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, imports, timeline
from backoffice.admin.actions import Action, Field, needs, reason, run, typed_number, typed_text
from backoffice.admin.badges import badge
from backoffice.admin.cells import ZONE
from backoffice.admin.filters import Filter, equals
from backoffice.admin.notes import Noted
from backoffice.catalog import editing, images, pricing
from backoffice.catalog import search as catalogue_search
from backoffice.catalog import service as catalog
from backoffice.catalog.editing import Texts, Unreadable
from backoffice.catalog.models import Category, Price, PriceList, Product, ProductKind, ProductTrait, Variant
from backoffice.catalog.service import ProductData, VariantData
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.money import Money
from backoffice.core.tracking import Subject
from backoffice.staff.roles import Right
from backoffice.stock.models import StockItem
from backoffice.tax.rates import RATES

KINDS = [
    (ProductKind.PHYSICAL.value, "Shipped"),
    (ProductKind.DIGITAL.value, "Download"),
    (ProductKind.SERVICE.value, "Visit"),
]
PUBLISHED = (("yes", "On the shelf"), ("no", "Withdrawn"))
FIELDS = ("name", "summary", "story", "category", "facts", "traits")


def _published(answer: str) -> ColumnElement[bool]:
    if answer not in ("yes", "no"):
        raise ValueError(answer)
    return Product.published.is_(answer == "yes")


def _in_category(slug: str) -> ColumnElement[bool]:
    return Product.category_id == select(Category.id).where(Category.slug == slug).scalar_subquery()


def standing(product: Product) -> Any:
    return badge("done", "On the shelf") if product.published else badge("waiting", "Withdrawn")


class ProductDesk(Noted):
    sees = Right.SEE_CATALOGUE
    moment = "created_at"
    column_list = ("name", "slug", "kind", "vat_class", "published", "listed_at")
    column_more = ("created_at", "ref")
    column_labels = MappingProxyType(
        {"name": "Product", "slug": "Address", "vat_class": "VAT", "published": "Shelf", "listed_at": "Listed"}
    )
    column_formatters = MappingProxyType(
        {
            "published": lambda _view, _context, row, _name: standing(row),
            "kind": lambda _view, _context, row, _name: dict(KINDS)[row.kind.value],
        }
    )
    narrows = (
        Filter("words", "Words", catalogue_search.in_office),
        equals("slug", "Address", Product.slug),
        Filter("category", "Category (address)", _in_category),
        Filter("published", "Shelf", _published, choices=PUBLISHED),
    )
    blank = "No product fits."
    one_template = "office/product.html"
    more_links = (("Take a table", ".table", Right.EDIT_CATALOGUE),)

    def subject_of(self, ref: str) -> Subject:
        return _product(ref).subject()

    def list_actions(self) -> list[Action]:
        categories = session.execute(select(Category.slug, Category.name).order_by(Category.position)).all()
        fields = (
            Field("name", "Name"),
            Field("slug", "Address (brass-plumb-bob)"),
            Field("category", "Category", choices=[(row.slug, row.name) for row in categories]),
            Field("kind", "Reaches the customer", choices=KINDS),
            Field(
                "vat_class", "VAT", choices=sorted({(rate.vat_class, rate.vat_class.capitalize()) for rate in RATES})
            ),
            Field("summary", "Summary", "textarea", most=1_000),
            Field("option", "Variants differ in (Length); empty for one variant", required=False),
            Field("sku", "Article number of the first variant"),
            Field("choice", "Its value (60 cm)", required=False),
        )
        return [Action("New product", self.get_url(".create"), Right.EDIT_CATALOGUE, fields=fields)]

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        return self._page(_product(ref))

    @expose("/create", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def create(self) -> ResponseReturnValue:
        made: list[str] = []

        def act() -> None:
            made[:] = [_created().ref]

        answer = run(
            lambda: units.write(act),
            "The product is written; nobody sees it until it is published.",
            self.get_url(".index_view"),
        )
        return redirect(self.get_url(".one", ref=made[0]), 303) if made else answer

    @expose("/table")
    @needs(Right.EDIT_CATALOGUE)
    def table(self) -> ResponseReturnValue:
        """Where a table of articles is sent, looked through and taken."""
        return self._table_page("")

    @expose("/table/read", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def read_table(self) -> ResponseReturnValue:
        """Show what a table would do. Changes nothing."""
        sent = request.files.get("file")
        raw = sent.read(imports.LARGEST * 4) if sent and sent.filename else b""
        text = raw.decode("utf-8", errors="replace") if raw else request.form.get("table", "")
        with units.read():
            try:
                return self._table_page(text, imports.look_through(text))
            except CounterfoilError as error:
                return self._table_page(text, problem=str(error)), error.status

    @expose("/table/take", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def take_table(self) -> ResponseReturnValue:
        text = request.form.get("table", "")
        taken: list[int] = []

        def act() -> None:
            why = reason()
            taken.append(units.write(lambda: imports.take(text, why, by=access.by())))

        try:
            act()
        except CounterfoilError as error:
            with units.read():
                return self._table_page(text, imports.look_through(text), str(error)), error.status
        return run(lambda: None, f"{taken[0]} articles were changed.", self.get_url(".index_view"))

    def _table_page(self, text: str, rows: Sequence[imports.Row] = (), problem: str = "") -> str:
        return self.render(
            "office/import.html", text=text, rows=rows, wrong=imports.rows_with_problems(rows), problem=problem,
            reason=request.form.get("reason", ""), sample=imports.SAMPLE,
        )  # fmt: skip

    @expose("/<ref>/texts", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def texts(self, ref: str) -> ResponseReturnValue:
        """Change what is said of it. What cannot be kept comes back as it was typed, with what is wrong."""
        typed = {name: request.form.get(name, "") for name in FIELDS}

        def act() -> None:
            said = Texts(
                typed["name"], typed["summary"], typed["story"], typed["category"], editing.pairs(typed["facts"]),
                editing.pairs(typed["traits"]),
            )  # fmt: skip
            editing.rewrite(_product(ref), said, by=access.by())

        try:
            units.write(act)
        except CounterfoilError as error:
            with units.read():
                return self._page(_product(ref), typed, str(error)), error.status
        return run(lambda: None, "The texts are changed; customers see them now.", self.get_url(".one", ref=ref))

    @expose("/<ref>/publish", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def publish(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            if not any(variant.published for variant in product.variants) or not _is_priced(product):
                raise Unreadable("Before it stands on a shelf it needs a variant that is sold, and a price for it.")
            sold = {variant.id for variant in product.variants if variant.published}
            if product.kind == ProductKind.DIGITAL and sold - {
                asset.variant_id for asset in catalog.assets_of(list(sold))
            }:
                raise Unreadable(
                    "A download needs its file before it is sold: ask whoever runs the system to attach it."
                )
            catalog.publish(product, by=access.by())

        return self._do(ref, act, "The product stands on its shelf.")

    @expose("/<ref>/withdraw", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def withdraw(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            catalog.withdraw(product, by=access.by(), reason=reason())

        return self._do(ref, act, "The product is off its shelf; carts that hold it say so.")

    @expose("/<ref>/variant", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def variant(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            choices = [typed_text(f"choice{place}") for place in range(len(product.options.get("names", [])))]
            editing.add_variant(product, typed_text("sku"), choices, by=access.by())

        return self._do(ref, act, "The variant is written. Give it a price, then sell it.")

    @expose("/<ref>/price", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def price(self, ref: str) -> ResponseReturnValue:
        """A new price from a moment on; what customers saw before stays as it was."""

        def act(product: Product) -> None:
            chosen, why = _variant(product), reason()
            price_list = pricing.list_in(typed_text("currency"))
            amount = Money.parse(typed_text("amount"), price_list.currency)
            pricing.set_price(chosen, price_list, amount, by=access.by(), since=_since(), reason=why)

        return self._do(ref, act, "The price is set.")

    @expose("/<ref>/sell", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def sell(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            chosen = _variant(product)
            if request.form.get("sold") == "yes":
                editing.offer(chosen, by=access.by())
            else:
                editing.withdraw(chosen, by=access.by(), reason=reason())

        return self._do(ref, act, "The variant is changed; customers see it now.")

    @expose("/<ref>/picture", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def picture(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            sent, alt = request.files.get("picture"), typed_text("alt", 200)
            if sent is None or not sent.filename or not alt:
                raise Unreadable("Choose a picture, and say in a few words what it shows.")
            prepared = images.prepare(sent.read(images.LARGEST_UPLOAD + 1))
            units.write(lambda: images.add(_product(ref), prepared, alt, by=access.by()))

        return run(act, "The picture hangs.", self.get_url(".one", ref=ref))

    @expose("/<ref>/unhang", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def unhang(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            editing.remove_image(product, typed_number("image"), by=access.by(), reason=reason())

        return self._do(ref, act, "The picture is taken down.")

    def _do(self, ref: str, act: Callable[[Product], object], done: str) -> ResponseReturnValue:
        return run(lambda: units.write(lambda: act(_product(ref))), done, self.get_url(".one", ref=ref))

    def _page(self, product: Product, typed: dict[str, str] | None = None, problem: str = "") -> str:
        variants = list(product.variants)
        ids = [variant.id for variant in variants]
        stock = {row.variant_id: row for row in session.scalars(select(StockItem).where(StockItem.variant_id.in_(ids)))}
        subjects = [product.subject(), *(variant.subject() for variant in variants)]
        return self.render(
            self.one_template,
            product=product,
            variants=variants,
            standing=standing(product),
            kind=dict(KINDS)[product.kind.value],
            stock=stock,
            prices=_prices(ids),
            now=clock.now(),
            lists=pricing.active_lists(),
            categories=session.scalars(select(Category).order_by(Category.position)).all(),
            texts=typed or _texts(product),
            problem=problem,
            days=timeline.by_day(timeline.of(subjects), ZONE),
            actions=self._offers(product, variants),
        )

    def _offers(self, product: Product, variants: list[Variant]) -> list[Action]:
        choices = [(variant.ref, f"{variant.label or product.name} ({variant.sku})") for variant in variants]
        lists = [(row.currency, row.currency) for row in pricing.active_lists()]
        here = product.ref
        shelf = (
            Action(
                "Withdraw", self.get_url(".withdraw", ref=here), Right.EDIT_CATALOGUE, asks="Why is it off the shelf?"
            )
            if product.published
            else Action("Publish", self.get_url(".publish", ref=here), Right.EDIT_CATALOGUE, first=True)
        )
        price = (
            Field("variant", "Variant", choices=choices),
            Field("currency", "Currency", choices=lists),
            Field("amount", "Price, VAT included (129.00)"),
            Field("since", f"From ({ZONE}); empty for now", "datetime-local", required=False),
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
            shelf,
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
            self.note_offer(here),
        ]


def _created() -> Product:
    """A product as the form of the list describes it. Raises Unreadable, Taken, NotFound."""
    option, choice, kind = typed_text("option"), typed_text("choice"), typed_text("kind")
    if bool(option) != bool(choice) or kind not in dict(KINDS):
        raise Unreadable("Say both what the variants differ in and the value of the first one, or neither.")
    name, summary = typed_text("name"), typed_text("summary", 1_000)
    if not name or not summary:
        raise Unreadable("The product needs a name and a summary.")
    data = ProductData(
        slug=editing.check_slug(typed_text("slug")),
        name=name,
        summary=summary,
        vat_class=typed_text("vat_class"),
        variants=[VariantData(editing.check_sku(typed_text("sku")), [choice] if choice else [])],
        kind=ProductKind(kind),
        options=[option] if option else [],
    )
    if data.vat_class not in {rate.vat_class for rate in RATES}:
        raise Unreadable("Choose one of the VAT rates.")
    return catalog.create(catalog.category(typed_text("category")), data, by=access.by())


def _product(ref: str) -> Product:
    query = select(Product).where(Product.ref == ref).options(joinedload(Product.category, innerjoin=True))
    product = session.scalars(query).one_or_none()
    if product is None:
        raise NotFound("product")
    return product


def _variant(product: Product) -> Variant:
    wish = request.form.get("variant", "")
    chosen = next((variant for variant in product.variants if variant.ref == wish), None)
    if chosen is None:
        raise NotFound("variant of this product")
    return chosen


def _since() -> datetime | None:
    text = typed_text("since")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable(f"“{text[:40]}” is no day and hour.") from None


def _is_priced(product: Product) -> bool:
    sold = [variant.id for variant in product.variants if variant.published]
    return bool(pricing.current(sold, pricing.active_lists()[0].currency))


def _prices(variant_ids: list[int]) -> dict[int, list[tuple[Money, datetime]]]:
    """Every price of these variants there ever was or will be, the latest first."""
    query = (
        select(Price.variant_id, Price.amount, PriceList.currency, Price.valid_from)
        .join(PriceList, PriceList.id == Price.price_list_id)
        .where(Price.variant_id.in_(variant_ids))
        .order_by(PriceList.position, Price.valid_from.desc())
    )
    found: dict[int, list[tuple[Money, datetime]]] = {}
    for variant_id, amount, currency, since in session.execute(query):
        found.setdefault(variant_id, []).append((Money(amount, currency), since))
    return found


def _texts(product: Product) -> dict[str, str]:
    traits = session.execute(
        select(ProductTrait.trait, ProductTrait.value)
        .where(ProductTrait.product_id == product.id)
        .order_by(ProductTrait.id)
    )
    return {
        "name": product.name,
        "summary": product.summary,
        "story": product.story,
        "category": product.category.slug,
        "facts": "\n".join(f"{name}: {value}" for name, value in product.facts.get("rows", [])),
        "traits": "\n".join(f"{trait}: {value}" for trait, value in traits),
    }
