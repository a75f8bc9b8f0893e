"""What the parent of the workers makes before it forks."""

import gc

import pytest

from backoffice.app import forking


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


def test_every_template_is_made_and_the_collector_leaves_what_exists_alone(app, thawed):
    app.jinja_env.cache.clear()
    forking.prepare(app)
    made = {name for _, name in app.jinja_env.cache.keys()}  # noqa: SIM118 - not a dict
    assert {"shop/base.html", "shop/parts/category.html", "office/base.html"} <= made
    assert gc.get_freeze_count() > 100_000
