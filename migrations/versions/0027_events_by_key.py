"""an event is found by its key through the index that keeps it unique

Revision ID: 0027
Revises: 0026
"""

from alembic import op

from backoffice.core import immutability

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("webhook_events") as batch:
        batch.create_unique_constraint("uq_webhook_events_event_key_provider", ["event_key", "provider"])
        batch.drop_constraint("uq_webhook_events_provider_event_key", type_="unique")
        batch.drop_index("ix_webhook_events_event_key")
    immutability.install(op.get_bind(), only=("webhook_events",))


def downgrade():
    with op.batch_alter_table("webhook_events") as batch:
        batch.create_index("ix_webhook_events_event_key", ["event_key"])
        batch.create_unique_constraint("uq_webhook_events_provider_event_key", ["provider", "event_key"])
        batch.drop_constraint("uq_webhook_events_event_key_provider", type_="unique")
    immutability.install(op.get_bind(), only=("webhook_events",))
