"""The web program: ``gunicorn wsgi:app``, and the application behind ``flask --app wsgi``."""

import os
from importlib import import_module

from backoffice.app import create_app

app = create_app()
if os.environ.get("FLASK_RUN_FROM_CLI") == "true":  # set by ``flask``: of all programs it alone changes the schema
    import_module("backoffice.app.schema").attach(app)
