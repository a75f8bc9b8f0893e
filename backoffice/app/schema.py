"""Migrations, for programs that change the schema. Web and workers never do, and never load Alembic."""

from flask import Flask
from flask_migrate import Migrate

from backoffice.core.db import db
from config import ROOT


def attach(app: Flask) -> None:
    """Let ``flask db …`` and ``flask_migrate`` work on this application."""
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True)
