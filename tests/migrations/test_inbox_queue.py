"""Migration 0018: events keep their request; who goes back finds a task for every event that waited without one."""

import json

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from backoffice.core.db import db

EVENT = (
    "INSERT INTO webhook_events (id, ref, provider, event_key, type, account, mode, about, object_id, provider_payment,"
    " payment_ref, raw, headers, heard_by, state, deliveries, note, occurred_at, received_at, request_id) VALUES"
    " ({0}, 'whk_{0}', 'sandbox', 'evt_{0}', 'payment.paid', 'a', 'test', 'payment', 'o', 'p', 'r', 'x', '{{}}', 'webhook',"
    " '{1}', 1, '', '{2}', '{2}', 'req_{0}')"
)
AT = "2026-11-02 09:00:00.000000"


def test_the_way_back_writes_the_tasks_that_are_missing(empty_app):
    upgrade()
    with db.engine.begin() as connection:
        for number, state in enumerate(("arrived", "received", "arrived", "rejected"), start=1):
            connection.execute(text(EVENT.format(number, state, AT)))
    downgrade(revision="0017")
    with db.engine.connect() as connection:
        states = connection.execute(text("SELECT state FROM webhook_events ORDER BY id")).scalars().all()
        tasks = connection.execute(
            text("SELECT ref, name, arguments, dedupe_key, state, request_id FROM tasks ORDER BY id")
        ).all()
    assert states == ["received", "received", "received", "rejected"]
    assert [(*row[:2], json.loads(row[2]), *row[3:]) for row in tasks] == [
        (f"tsk_{n}", "webhooks.handle", {"event_id": n}, f"webhooks.handle:whk_{n}", "waiting", f"req_{n}")
        for n in (1, 3)
    ]
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT DISTINCT request_id FROM webhook_events")).scalars().all() == [""]
