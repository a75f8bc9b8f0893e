"""a line of the provider keeps the provider's own word for it, and the rate between two currencies

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import exact, fill, refuse_to_lose

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade():
    for name in ("category", "exchange_rate"):
        fill("provider_lines", sa.Column(name, exact(120)), "")
    immutability.install(op.get_bind(), only=("provider_lines",))


def downgrade():
    told = "SELECT 1 FROM provider_lines WHERE exchange_rate <> '' OR kind = 'other' AND category <> ''"
    refuse_to_lose(((told, "words of the provider for its movements"),))
    op.execute("DROP TRIGGER IF EXISTS frozen_provider_lines_update")
    with op.batch_alter_table("provider_lines") as batch:
        batch.drop_column("exchange_rate")
        batch.drop_column("category")
    immutability.install(op.get_bind(), only=("provider_lines",))
