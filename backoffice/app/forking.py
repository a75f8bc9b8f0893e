"""What workers share with the program they are forked from: made before the fork, and then left alone by the garbage
collector, whose marks would copy every page of memory into every worker."""

import gc

from babel import Locale
from flask import Flask
from sqlalchemy.orm import configure_mappers

from backoffice.core.formatting import LOCALE

YOUNG = 20_000  # new objects between two looks of the collector: a page makes some thousand, and most end with it


def prepare(app: Flask) -> None:
    """In the parent, once the application is loaded."""
    configure_mappers()
    for name in app.jinja_env.list_templates(extensions=["html", "txt", "xml"]):
        if name.startswith(("shop/", "office/")):
            app.jinja_env.get_template(name)
    _ = Locale.parse(LOCALE).territories
    gc.collect()
    gc.freeze()


def begin() -> None:
    """In each worker."""
    gc.set_threshold(YOUNG, 20, 20)
