"""The office at /admin/: Flask-Admin carries the screens, one file per desk."""

from flask import Flask
from flask_admin.theme import Theme

from backoffice.admin import access, actions, desks
from backoffice.admin.legal import Legal
from backoffice.admin.promises import Promises
from backoffice.admin.sidebar import Office
from backoffice.admin.start import Start


def install(app: Flask) -> None:
    """Register login, sidebar and desks. Built per application: an Admin of a module would keep pointing at the last."""
    access.install(app)
    app.add_template_global(actions.typed_before)
    admin = Office(
        name="Counterfoil",
        theme=Theme(folder="bootstrap4", base_template="office/base.html"),
        index_view=Start(name="Start", url="/admin", menu_class_name="hidden"),
    )
    for view in desks.views():
        admin.add_view(view)
    admin.add_view(Legal())
    admin.add_view(Promises())
    admin.init_app(app)
