"""The catalogue desk: products, what is said of them, their shelf and their pictures."""

from types import MappingProxyType
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.admin import access, timeline
from backoffice.admin.actions import Action, Field, needs, reason, run, typed_seen, typed_text
from backoffice.admin.assortment import prices_of
from backoffice.admin.badges import badge
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE
from backoffice.admin.delivery import VAT
from backoffice.admin.filters import Filter, equals
from backoffice.admin.furnishing import Furnishing, for_variants
from backoffice.admin.tables import TakesTables
from backoffice.catalog import editing
from backoffice.catalog import search as catalogue_search
from backoffice.catalog import service as catalog
from backoffice.catalog.editing import Texts, Unreadable
from backoffice.catalog.models import Category, PriceList, Product, ProductKind, Variant
from backoffice.catalog.service import ProductData, VariantData
from backoffice.catalog.variants import check_sku
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.seen import ChangedMeanwhile, mark
from backoffice.core.tracking import Subject
from backoffice.staff.roles import Right
from backoffice.stock import service as stock
from backoffice.stock.models import StockItem

KINDS = [
    (ProductKind.PHYSICAL.value, "Shipped"),
    (ProductKind.DIGITAL.value, "Download"),
    (ProductKind.SERVICE.value, "Visit"),
]
PUBLISHED = (("yes", "On the shelf"), ("no", "Withdrawn"))
FIELDS = ("name", "summary", "story", "category", "sold_in", "facts", "traits")


def _published(answer: str) -> ColumnElement[bool]:
    if answer not in ("yes", "no"):
        raise ValueError(answer)
    return Product.published == (answer == "yes")  # MariaDB takes no index for IS true


def _in_category(slug: str) -> ColumnElement[bool]:
    return Product.category_id == select(Category.id).where(Category.slug == slug).scalar_subquery()


def standing(product: Product) -> Any:
    return badge("done", "On the shelf") if product.published else badge("waiting", "Withdrawn")


class ProductDesk(Furnishing, TakesTables, Many):
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
    spoken = frozenset({"kind", "published"})
    narrows = (
        Filter("words", "Words", catalogue_search.in_office),
        equals("slug", "Address", Product.slug),
        Filter("category", "Category (address)", _in_category),
        Filter("published", "Shelf", _published, choices=PUBLISHED),
    )
    blank = "No product fits."
    for_many = (ForMany("products.publish", "Publish", asks=False), ForMany("products.withdraw", "Withdraw"))
    one_template = "office/product.html"

    def subject_of(self, ref: str) -> Subject:
        return catalog.by_ref(ref).subject()

    def list_actions(self) -> list[Action]:
        categories = session.execute(select(Category.slug, Category.name).order_by(Category.position)).all()
        fields = (
            Field("name", "Name"),
            Field("slug", "Address (brass-plumb-bob)"),
            Field("category", "Category", choices=[(row.slug, row.name) for row in categories]),
            Field("kind", "Reaches the customer", choices=KINDS),
            Field("vat_class", "VAT", choices=VAT),
            Field("summary", "Summary", "textarea", most=1_000),
            Field("option", "Variants differ in (Length); empty for one variant", required=False),
            Field("sku", "Article number of the first variant"),
            Field("choice", "Its value (60 cm)", required=False),
        )
        return [Action("New product", self.get_url(".create"), Right.EDIT_CATALOGUE, fields=fields)]

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        return self._page(catalog.by_ref(ref))

    @expose("/create", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def create(self) -> ResponseReturnValue:
        return run(
            lambda: units.write(lambda: _created().ref),
            "The product is written; nobody sees it until it is published.",
            self.get_url(".index_view"),
            leads_to=self.page_of,
        )

    @expose("/<ref>/texts", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def texts(self, ref: str) -> ResponseReturnValue:
        """Change what is said of it. What cannot be kept comes back as it was typed, with what is wrong."""
        typed = {
            name: "\n".join(request.form.get(name, "").splitlines()) for name in FIELDS
        }  # browsers end lines by two signs

        def act() -> None:
            said = Texts(
                typed["name"], typed["summary"], typed["story"], typed["category"], typed["sold_in"],
                editing.pairs(typed["facts"]), editing.pairs(typed["traits"]),
            )  # fmt: skip
            editing.rewrite(catalog.by_ref(ref), said, seen=typed_seen(), by=access.by())

        try:
            units.write(act)
        except CounterfoilError as error:
            with units.read():
                return self._page(catalog.by_ref(ref), typed, error), error.status
        return run(lambda: None, "The texts are changed; customers see them now.", self.get_url(".one", ref=ref))

    @expose("/<ref>/tax", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def tax(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            editing.retax(product, _vat_class(), seen=typed_seen(), by=access.by(), reason=reason())

        return self.do(ref, act, "What is ordered from now on is taxed so; prices stay as they are.")

    @expose("/<ref>/publish", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def publish(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            editing.put_on_shelf(product, by=access.by())

        return self.do(ref, act, "The product stands on its shelf.")

    @expose("/<ref>/withdraw", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def withdraw(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            catalog.withdraw(product, by=access.by(), reason=reason())

        return self.do(ref, act, "The product is off its shelf; carts that hold it say so.")

    def _page(
        self, product: Product, typed: dict[str, str] | None = None, problem: CounterfoilError | None = None
    ) -> str:
        variants, stock = _variants(product)
        ids = [variant.id for variant in variants]
        lists, prices, last = prices_of(ids)
        texts = editing.texts_of(product)
        stands = _typed(texts)
        is_other = typed is not None and isinstance(problem, ChangedMeanwhile)
        other = {name: text for name, text in stands.items() if is_other and text != (typed or {})[name]}
        shown = catalog.beside(product)
        here = self.page_of(product.ref)
        named = {variant.subject(): (variant.sku, here) for variant in variants} if len(variants) > 1 else {}
        subjects = [product.subject(), *(variant.subject() for variant in variants)]
        return self.render(
            self.one_template,
            product=product,
            variants=variants,
            standing=standing(product),
            kind=dict(KINDS)[product.kind.value],
            stock=stock,
            prices=prices,
            now=clock.now(),
            categories=session.scalars(select(Category).order_by(Category.position)).all(),
            texts=typed or stands,
            now_says=other,
            seen=typed_seen() if typed and not other else mark(texts),
            problem=str(problem or ""),
            files=catalog.assets_of(ids) if product.kind == ProductKind.DIGITAL else [],
            beside=shown,
            days=timeline.by_day(timeline.of(subjects, named=named), ZONE),
            corrections={variant.id: self.correction_of(variant) for variant in variants},
            of_pictures={image.id: self.picture_offers(image) for image in product.images},
            for_variants=for_variants(product),
            actions=self._offers(product, variants, lists, shown, mark(last)),
        )

    def _offers(
        self, product: Product, variants: list[Variant], lists: list[PriceList], shown: list[Product], seen: str
    ) -> list[Action]:
        here = product.ref
        shelf = (
            Action(
                "Withdraw", self.get_url(".withdraw", ref=here), Right.EDIT_CATALOGUE, asks="Why is it off the shelf?"
            )
            if product.published
            else Action("Publish", self.get_url(".publish", ref=here), Right.EDIT_CATALOGUE, first=True)
        )
        return [
            shelf,
            *self.variant_offers(product, variants, lists, seen),
            self.beside_offer(product, shown),
            Action(
                "Change the VAT",
                self.get_url(".tax", ref=here),
                Right.EDIT_CATALOGUE,
                asks="Why?",
                fields=(
                    Field("vat_class", "VAT", value=product.vat_class, choices=VAT),
                    Field("seen", "", "hidden", mark(product.vat_class)),
                ),
            ),
            self.note_offer(here),
        ]


def _variants(product: Product) -> tuple[list[Variant], dict[int, StockItem]]:
    """The variants of a product in their order, and the stock of those that have some."""
    query = select(Variant, StockItem).outerjoin(StockItem, StockItem.variant_id == Variant.id)
    rows = session.execute(query.where(Variant.product_id == product.id).order_by(Variant.position)).all()
    set_committed_value(product, "variants", [row[0] for row in rows])
    return [row[0] for row in rows], {row[0].id: row[1] for row in rows if row[1]}


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
        vat_class=_vat_class(),
        variants=[VariantData(check_sku(typed_text("sku")), [choice] if choice else [])],
        kind=ProductKind(kind),
        options=[option] if option else [],
    )
    product = catalog.create(catalog.category(typed_text("category")), data, by=access.by())
    for variant in product.variants:
        stock.list_article(variant, by=access.by())
    return product


def _vat_class() -> str:
    """Raises Unreadable."""
    wish = typed_text("vat_class")
    if wish not in dict(VAT):
        raise Unreadable("Choose one of the VAT rates.")
    return wish


def _typed(texts: Texts) -> dict[str, str]:
    """What is said of a product, as the fields of its form hold it."""
    lines = {name: "\n".join(f"{of}: {value}" for of, value in getattr(texts, name)) for name in ("facts", "traits")}
    return {**{name: getattr(texts, name) for name in FIELDS if name not in lines}, **lines}
