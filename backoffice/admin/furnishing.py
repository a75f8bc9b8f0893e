"""What the page of a product offers beside words and prices: its pictures, the files of a download, what is shown with it."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.datastructures import FileStorage

from backoffice.admin import access
from backoffice.admin.actions import (
    Action,
    Field,
    needs,
    reason,
    run,
    typed_count,
    typed_number,
    typed_seen,
    typed_text,
)
from backoffice.admin.assortment import Assortment, variant_of
from backoffice.catalog import images, variants
from backoffice.catalog import service as catalog
from backoffice.catalog.editing import Unreadable
from backoffice.catalog.models import Product, ProductImage, Variant
from backoffice.core import units
from backoffice.core.cards import refuse_card_number
from backoffice.core.errors import NotFound
from backoffice.core.seen import mark
from backoffice.core.typed import tidy
from backoffice.files import service as files
from backoffice.staff.roles import Right

LARGEST_FILE = 64 * 1024 * 1024  # bytes of a download
MOST_DOWNLOADS = 100
MOST_BESIDE = 12
LONGEST_ALT = 200  # letters
OF_NO_KIND = "application/octet-stream"
MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")


class Furnishing(Assortment):
    """The part of the product desk that hangs pictures, attaches files and relates products."""

    @expose("/<ref>/picture", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def picture(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            sent, alt = _sent("picture"), typed_text("alt", LONGEST_ALT)
            if sent is None or not alt:
                raise Unreadable("Choose a picture, and say in a few words what it shows.")
            prepared = images.prepare(sent.read(images.LARGEST_UPLOAD + 1))

            def hang() -> None:
                product = catalog.by_ref(ref)
                images.add(product, prepared, alt, variant=_first_for(product), by=access.by())

            units.write(hang)

        return run(act, "The picture is added.", self.get_url(".one", ref=ref))

    @expose("/<ref>/picture/<int(max=999999999999999999):number>", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def rehang(self, ref: str, number: int) -> ResponseReturnValue:
        """Other words, another place, or for another variant."""

        def act(product: Product) -> None:
            alt, place = typed_text("alt", LONGEST_ALT), typed_number("place")
            chosen = images.of_product(product, number)
            images.change(chosen, alt, place, _first_for(product), seen=typed_seen(), by=access.by())

        return self.do(ref, act, "The picture is changed; customers see it so now.")

    @expose("/<ref>/picture/<int(max=999999999999999999):number>/remove", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def unhang(self, ref: str, number: int) -> ResponseReturnValue:
        def act(product: Product) -> None:
            images.remove(images.of_product(product, number), by=access.by(), reason=reason())

        return self.do(ref, act, "The picture is removed.")

    @expose("/<ref>/file", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def file(self, ref: str) -> ResponseReturnValue:
        """A file that buyers of a variant may download. It is stored before the row that says so is written."""

        def act() -> None:
            sent, most = _sent("file"), typed_count("most", MOST_DOWNLOADS)
            if sent is None or not most:
                raise Unreadable("Choose a file, and say how often one purchase may download it.")
            content = sent.read(LARGEST_FILE + 1)
            if not 0 < len(content) <= LARGEST_FILE:
                raise Unreadable(f"A file has at least one byte and at most {LARGEST_FILE // 1024 // 1024} MiB.")
            name = typed_text("name") or _named(sent)
            media_type = sent.mimetype if MEDIA_TYPE.fullmatch(sent.mimetype or "") else OF_NO_KIND
            sha256 = files.put(content)

            def attach() -> None:
                stored = files.enter(sha256, len(content), name=name, media_type=media_type)
                variant = variant_of(catalog.by_ref(ref))
                variants.attach(variant, stored, name, media_type, most, by=access.by())

            units.write(attach)

        return run(act, "Whoever buys it from now on may download it.", self.get_url(".one", ref=ref))

    @expose("/<ref>/detach", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def detach(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            wish, why = typed_number("file"), reason()
            ids = [variant.id for variant in product.variants]
            asset = next((item for item in catalog.assets_of(ids) if item.id == wish), None)
            if asset is None:
                raise NotFound("file of this product")
            variants.detach(asset, by=access.by(), reason=why)

        return self.do(ref, act, "Whoever buys it from now on does not get the file; who bought it keeps it.")

    @expose("/<ref>/beside", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def beside(self, ref: str) -> ResponseReturnValue:
        def act(product: Product) -> None:
            slugs = list(dict.fromkeys(request.form.get("products", "").replace(",", " ").split()))
            if len(slugs) > MOST_BESIDE:
                raise Unreadable(f"At most {MOST_BESIDE} products are shown beside another.")
            others = [_by_address(slug) for slug in slugs]
            if product.id in {other.id for other in others}:
                raise Unreadable("A product is not shown beside itself.")
            catalog.relate(product, others, by=access.by())

        return self.do(ref, act, "Customers see them beside it now.")

    def picture_offers(self, image: ProductImage) -> list[Action]:
        """What can be done about a picture that hangs."""
        product, (alt, place, variant_id) = image.product, images.seen_of(image)
        fields = (
            Field("alt", "What it shows", "textarea", alt, most=LONGEST_ALT),
            Field("place", f"Place, 1 to {len(product.images)}", "number", str(place), most=len(product.images)),
            Field("variant", "Shown first for", value=_ref_of(product, variant_id), choices=for_variants(product)),
            Field("seen", "", "hidden", mark(alt, place, variant_id)),
        )
        change = self.get_url(".rehang", ref=product.ref, number=image.id)
        remove = self.get_url(".unhang", ref=product.ref, number=image.id)
        return [
            Action("Change", change, Right.EDIT_CATALOGUE, fields=fields),
            Action("Remove", remove, Right.EDIT_CATALOGUE, asks="Why?"),
        ]

    def beside_offer(self, product: Product, beside: Sequence[Product]) -> Action:
        shown = "\n".join(other.slug for other in beside)
        words = "Addresses of products, in the order they are shown, a line each"
        field = Field("products", words, "textarea", shown, required=False, most=2_000)
        return Action(
            "Show others beside it", self.get_url(".beside", ref=product.ref), Right.EDIT_CATALOGUE, fields=(field,)
        )


def for_variants(product: Product) -> list[tuple[str, str]]:
    """For which variants a picture may be shown first."""
    several = product.variants if len(product.variants) > 1 else []
    return [("", "all variants"), *((item.ref, f"{item.label} ({item.sku})") for item in several)]


def _ref_of(product: Product, variant_id: int | None) -> str:
    return next((item.ref for item in product.variants if item.id == variant_id), "")


def _first_for(product: Product) -> Variant | None:
    """The variant that the form names; None for all of them. Raises NotFound."""
    return variant_of(product) if request.form.get("variant") else None


def _sent(name: str) -> FileStorage | None:
    sent = request.files.get(name)
    return sent if sent and sent.filename else None


def _named(sent: FileStorage) -> str:
    """The name that a file brings along, as one would type it. Raises Unreadable, CardNumber."""
    name = (tidy(PurePath((sent.filename or "").replace("\\", "/")).name) or "")[:120]
    refuse_card_number(name)
    if not name:
        raise Unreadable("The file has no name: write one.")
    return name


def _by_address(slug: str) -> Product:
    product = catalog.find(slug)
    if product is None:
        raise Unreadable(f"There is no product at the address “{slug[:60]}”.")
    return product
