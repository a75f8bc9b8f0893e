"""cases and breaks by kind, products by shelf and by day: lists are narrowed by them

Revision ID: 0031
Revises: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_cases_kind", "cases", "kind"),
    ("ix_breaks_kind", "breaks", "kind"),
    ("ix_products_published", "products", "published"),
    ("ix_products_day", "products", "created_at"),
)


def upgrade():
    for name, table, column in INDEXES:
        op.create_index(name, table, [column, "id"])


def downgrade():
    for name, table, _column in INDEXES:
        op.drop_index(name, table)
