"""the ledger; what was sold and given back before is posted

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LOST_STATES = ("failed", "cancelled")
STEP = 20_000  # rows of a table in one statement
ENTRIES = sa.table(
    "ledger_entries",
    *(sa.column(name) for name in ("id", "key", "kind", "about_kind", "about_id", "about_ref", "currency", "posting_count",
                                   "posted_at")),
)  # fmt: skip
POSTINGS = sa.table(
    "ledger_postings", *(sa.column(name) for name in ("entry_id", "position", "account", "currency", "amount", "posted_at"))
)


def facts(name, *columns):
    return sa.table(name, *(sa.column(column) for column in ("id", "ref", "currency", *columns)))


PAYMENTS = facts("payments", "captured_amount", "settled_at", "invoice_id")
INVOICES = facts("invoices", "net_amount", "vat_amount", "gross_amount", "state", "paid_at")
NOTES = facts("credit_notes", "net_amount", "vat_amount", "gross_amount", "created_at")
REFUNDS = facts("refunds", "amount", "accepted_at", "ended_at", "state", "payment_id", "again_of_id")


def upgrade():
    op.create_table(
        "ledger_entries",
        sa.Column("id", key(), nullable=False),
        sa.Column("key", exact(100), nullable=False),
        sa.Column("kind", exact(20), nullable=False),
        sa.Column("about_kind", exact(40), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=False),
        sa.Column("about_ref", exact(120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("posting_count", sa.Integer(), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entries_key")),
        **TABLE,
    )
    op.create_index("ix_ledger_entries_day", "ledger_entries", ["posted_at", "id"])
    op.create_index("ix_ledger_entries_about", "ledger_entries", ["about_ref"])
    op.create_index("ix_ledger_entries_kind", "ledger_entries", ["kind", "id"])
    op.create_table(
        "ledger_postings",
        sa.Column("id", key(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account", exact(20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_postings_amount_not_zero")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_postings_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_postings")),
        sa.UniqueConstraint("entry_id", "position", name=op.f("uq_ledger_postings_entry_id_position")),
        **TABLE,
    )
    op.create_index("ix_ledger_postings_account", "ledger_postings", ["account", "currency", "id"])
    op.create_index("ix_ledger_postings_day", "ledger_postings", ["posted_at", "id"])
    _post_history()
    immutability.install(op.get_bind(), only=("ledger_entries", "ledger_postings"))


def _post_history():
    net, vat, gross = INVOICES.c.net_amount, INVOICES.c.vat_amount, INVOICES.c.gross_amount
    issued = INVOICES.c.state == "issued"
    captured = PAYMENTS.c.captured_amount
    settled = sa.and_(captured != 0, PAYMENTS.c.settled_at.is_not(None))
    _post("payment_settled", "payment", PAYMENTS, settled, PAYMENTS.c.settled_at,
          [("clearing", captured), ("customer_money", -captured)])  # fmt: skip
    _post("invoice_issued", "invoice", INVOICES, issued, INVOICES.c.paid_at,
          [("receivable", gross), ("revenue", -net), ("tax_payable", -vat)])  # fmt: skip
    _post("invoice_paid", "invoice", INVOICES, issued, INVOICES.c.paid_at,
          [("customer_money", gross), ("receivable", -gross)])  # fmt: skip
    _post("credit_note", "credit_note", NOTES, sa.true(), NOTES.c.created_at,
          [("refunds", NOTES.c.net_amount), ("tax_payable", NOTES.c.vat_amount), ("refunds_payable", -NOTES.c.gross_amount)])  # fmt: skip
    _post_refunds()


def _post_refunds():
    """Refunds one by one, in the order they happened: money beyond an invoice goes back first, the rest was credited."""
    bind = op.get_bind()
    whole = sa.select(PAYMENTS.c.invoice_id, sa.func.sum(PAYMENTS.c.captured_amount).label("captured")).group_by(
        PAYMENTS.c.invoice_id
    ).subquery()
    query = (
        sa.select(REFUNDS, INVOICES.c.id.label("invoice_id"), INVOICES.c.state.label("document"), INVOICES.c.gross_amount,
                  whole.c.captured)
        .join(PAYMENTS, PAYMENTS.c.id == REFUNDS.c.payment_id)
        .join(INVOICES, INVOICES.c.id == PAYMENTS.c.invoice_id)
        .join(whole, whole.c.invoice_id == INVOICES.c.id)
        .where(REFUNDS.c.accepted_at.is_not(None))
    )  # fmt: skip
    rows = bind.execute(query).mappings().all()
    steps = [(row["accepted_at"], row["id"], "refund", 1, row) for row in rows]
    steps += [(row["ended_at"], row["id"], "refund_returned", -1, row) for row in rows if row["state"] in LOST_STATES]
    returned, posted = {}, {}
    for at, refund_id, kind, sign, row in sorted(steps, key=lambda step: step[:3]):
        if kind == "refund" and row["again_of_id"]:
            posted[refund_id] = posted[row["again_of_id"]]
        elif kind == "refund":
            before = returned.get(row["invoice_id"], 0)
            after = before + row["amount"]
            beyond = max(row["captured"] - row["gross_amount"], 0)
            credited = max(after - beyond, 0) - max(before - beyond, 0) if row["document"] == "issued" else 0
            posted[refund_id] = [("refunds_payable", credited), ("customer_money", row["amount"] - credited),
                                 ("clearing", -row["amount"])]  # fmt: skip
            returned[row["invoice_id"]] = after
        sides = [(account, sign * amount) for account, amount in posted[refund_id] if amount]
        bind.execute(
            ENTRIES.insert().values(
                key=f"{kind}:{row['ref']}", kind=kind, about_kind="refund", about_id=refund_id, about_ref=row["ref"],
                currency=row["currency"], posting_count=len(sides), posted_at=at,
            )
        )  # fmt: skip
        entry = bind.execute(sa.select(ENTRIES.c.id).where(ENTRIES.c.key == f"{kind}:{row['ref']}")).scalar_one()
        bind.execute(
            POSTINGS.insert(),
            [
                {"entry_id": entry, "position": place, "account": account, "currency": row["currency"], "amount": amount,
                 "posted_at": at}
                for place, (account, amount) in enumerate(sides, start=1)
            ],
        )  # fmt: skip


def _post(kind, about, rows, fits, at, sides):
    """One entry for each row that fits, with the sides that are not zero; a step at a time."""
    bind = op.get_bind()
    top = bind.execute(sa.select(sa.func.max(rows.c.id))).scalar() or 0
    not_zero = [sa.case((amount != 0, 1), else_=0) for _account, amount in sides]
    for low in range(0, top + 1, STEP):
        step = sa.and_(fits, rows.c.id > low, rows.c.id <= low + STEP)
        entry_key = sa.literal(f"{kind}:") + rows.c.ref
        bind.execute(
            ENTRIES.insert().from_select(
                ["key", "kind", "about_kind", "about_id", "about_ref", "currency", "posting_count", "posted_at"],
                sa.select(entry_key, sa.literal(kind), sa.literal(about), rows.c.id, rows.c.ref, rows.c.currency,
                          sum(not_zero[1:], not_zero[0]), at).where(step),
            )
        )  # fmt: skip
        for place, (account, amount) in enumerate(sides):
            position = sum(not_zero[1 : place + 1], not_zero[0])
            bind.execute(
                POSTINGS.insert().from_select(
                    ["entry_id", "position", "account", "currency", "amount", "posted_at"],
                    sa.select(ENTRIES.c.id, position, sa.literal(account), rows.c.currency, amount, ENTRIES.c.posted_at)
                    .select_from(rows.join(ENTRIES, sa.and_(ENTRIES.c.about_ref == rows.c.ref, ENTRIES.c.kind == kind)))
                    .where(step, amount != 0),
                )
            )


def downgrade():
    """Every posting follows from a fact that stays: going up again posts them anew."""
    op.drop_table("ledger_postings")
    op.drop_table("ledger_entries")
