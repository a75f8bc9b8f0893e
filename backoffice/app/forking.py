"""What workers share with the program they are forked from: made before the fork, and then left alone by the garbage
collector, whose marks would copy every page of memory into every worker."""

import contextlib
import ctypes
import gc

from babel import Locale
from flask import Flask
from sqlalchemy.orm import configure_mappers

from backoffice.app import rehearsal
from backoffice.core.formatting import LOCALE
from backoffice.tasks import bell

M_ARENA_MAX = -8  # of malloc.h
YOUNG = 5_000  # new objects between two looks of the collector: most end with their page, the rest should not wait long


def prepare(app: Flask) -> None:
    """In the parent, once the application is loaded."""
    configure_mappers()
    for name in app.jinja_env.list_templates(extensions=["html", "txt", "xml"]):
        if name.startswith(("shop/", "office/")):
            app.jinja_env.get_template(name)
    _ = Locale.parse(LOCALE).territories
    rehearsal.run(app)
    gc.collect()
    _give_back()
    gc.freeze()


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
