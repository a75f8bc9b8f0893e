"""an event waits in the inbox for its task, and keeps the request that brought it

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import exact, fill

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Who goes back does not know of events without a task: each gets the one that the relay would have written.
TASKS = """
INSERT INTO tasks
(ref, name, arguments, dedupe_key, state, due_at, attempts, max_attempts, lease_token, last_error, request_id, created_at)
SELECT {ref}, 'webhooks.handle', {arguments}, {key}, 'waiting', e.received_at, 0, 12, NULL, '', e.request_id, e.received_at
FROM webhook_events e WHERE e.state = 'arrived'
"""


def upgrade():
    fill("webhook_events", sa.Column("request_id", exact(120)), "")
    immutability.install(op.get_bind())


def downgrade():
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        ref, arguments, key = "'tsk_' || substr(e.ref, 5)", "'{\"event_id\": ' || e.id || '}'", "'webhooks.handle:' || e.ref"
    else:
        ref = "CONCAT('tsk_', SUBSTRING(e.ref, 5))"
        arguments = "CONCAT('{\"event_id\": ', e.id, '}')"
        key = "CONCAT('webhooks.handle:', e.ref)"
    bind.exec_driver_sql(TASKS.format(ref=ref, arguments=arguments, key=key))
    bind.exec_driver_sql("UPDATE webhook_events SET state = 'received' WHERE state = 'arrived'")
    with op.batch_alter_table("webhook_events") as batch:
        batch.drop_column("request_id")
    immutability.install(bind)
