"""A database without any table, on every engine."""

import pytest

from backoffice.app import create_app, schema
from backoffice.core.db import db
from tests.conftest import settings_for


@pytest.fixture
def empty_app(engine_name, request, tmp_path, provider):
    """An application on a database without any table."""
    if engine_name == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server = request.getfixturevalue(engine_name)
        url = server.url("blank")
        with server._connect() as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE blank")
        url = server.url("blank")
    app = create_app(settings_for(tmp_path, url))
    schema.attach(app)
    with app.app_context():
        yield app
        db.engine.dispose()
