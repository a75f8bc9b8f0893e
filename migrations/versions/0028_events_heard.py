"""the poller finds what it knows by key, and what came alone by when it was heard: one index less for each event to write

Revision ID: 0028
Revises: 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("ix_webhook_events_occurred", "webhook_events")


def downgrade():
    op.create_index("ix_webhook_events_occurred", "webhook_events", ["provider", "occurred_at"])
