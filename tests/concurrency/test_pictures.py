"""Two who change the pictures of one product at once, on MariaDB: the second decides on what the first left."""

import pytest
from sqlalchemy import delete, select, update

from backoffice.catalog import images
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db, session
from backoffice.core.errors import NotFound
from backoffice.core.seen import ChangedMeanwhile, mark
from backoffice.models import Product, ProductImage
from tests.catalog.test_images import picture

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb"])


@pytest.fixture
def product_id(shop) -> int:
    number = shop.all(select(Product.id).limit(1))[0]
    for size in ((900, 800), (1_000, 800)):
        prepared = images.prepare(picture(size))
        units.write(lambda it=prepared: images.add(session.get_one(Product, number), it, "a chair", by=SYSTEM))
    return number


def commit(statement) -> None:
    """As somebody else."""
    with db.engine.begin() as connection:
        connection.execute(statement)


def last_of(product_id: int) -> ProductImage:
    return session.get_one(Product, product_id).images[-1]


def test_who_waited_compares_with_what_the_other_said(shop, product_id):
    def late() -> None:
        image = last_of(product_id)
        seen = mark(*images.seen_of(image))
        commit(update(ProductImage.__table__).where(ProductImage.id == image.id).values(alt="said by another"))
        images.change(image, "said too late", 1, None, seen=seen, by=SYSTEM)

    with pytest.raises(ChangedMeanwhile):
        units.write(late)
    with units.read():
        assert last_of(product_id).alt == "said by another"


@pytest.mark.parametrize("act", ["change", "remove"])
def test_who_waited_is_told_that_it_was_taken_down(shop, product_id, act):
    def late() -> None:
        image = last_of(product_id)
        seen = mark(*images.seen_of(image))
        commit(delete(ProductImage.__table__).where(ProductImage.id == image.id))
        if act == "change":
            images.change(image, "said too late", 1, None, seen=seen, by=SYSTEM)
        else:
            images.remove(image, by=SYSTEM, reason="wrong")

    with pytest.raises(NotFound):
        units.write(late)
