"""mails are looked for by whom they went to, tasks and events by what they are

Revision ID: 0023
Revises: 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_mails_recipient", "mails", ["recipient", "id"]),
    ("ix_mails_state", "mails", ["state", "id"]),
    ("ix_tasks_name", "tasks", ["name", "id"]),
    ("ix_webhook_events_type", "webhook_events", ["type", "id"]),
)


def upgrade():
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade():
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
