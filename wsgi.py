"""The web program: ``gunicorn wsgi:app``, and the application behind ``flask --app wsgi``."""

from backoffice.app import create_app

app = create_app()
