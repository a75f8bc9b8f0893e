"""What workers share with the program they are forked from: made before the fork, and then left alone by the garbage
collector, whose marks would copy every page of memory into every worker."""

import contextlib
import ctypes
import gc
import re

from babel import Locale
from flask import Flask
from sqlalchemy.orm import configure_mappers

from backoffice.core.db import db
from backoffice.core.formatting import LOCALE
from backoffice.core.ports import EXTENSION
from backoffice.tasks import bell

PAGES = ("/search?q=level", "/cart", "/login", "/admin/login")
HOME = "/"
SHELF, PRODUCT = (
    re.compile(r'href="?(/shop/[\w-]+)'),
    re.compile(r'href="?(/products/[\w-]+)'),
)  # the first of the home page
M_ARENA_MAX = -8  # of malloc.h
YOUNG = 5_000  # new objects between two looks of the collector: most end with their page, the rest should not wait long


def prepare(app: Flask) -> None:
    """In the parent, once the application is loaded."""
    configure_mappers()
    for name in app.jinja_env.list_templates(extensions=["html", "txt", "xml"]):
        if name.startswith(("shop/", "office/")):
            app.jinja_env.get_template(name)
    _ = Locale.parse(LOCALE).territories
    _visit(app)
    gc.collect()
    _give_back()
    gc.freeze()


def _visit(app: Flask) -> None:
    """Ask for the pages that everybody sees, so that statements are compiled and shared fragments made once for all workers.
    A database that is not there yet costs nothing but this."""
    settings = app.extensions[EXTENSION].settings
    client = app.test_client()
    with contextlib.suppress(Exception):
        home = client.get(HOME, base_url=settings.base_url).text
        found = [match[1] for match in (SHELF.search(home), PRODUCT.search(home)) if match]
        for path in (*found, *PAGES):
            client.get(path, base_url=settings.base_url)
    with app.app_context():
        db.engine.dispose()  # a connection is of one process


def begin(app: Flask) -> None:
    """In each worker."""
    _share_one_arena()
    with app.app_context():
        bell.have_a_ringer()
    gc.set_threshold(YOUNG, 5, 3)


def _give_back() -> None:
    """What was freed while loading goes back to the machine, where the C library can do that (glibc; musl keeps none)."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _share_one_arena() -> None:
    """Threads that wait for one lock anyway share what the C library keeps for them (glibc; musl has nothing of the kind)."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
