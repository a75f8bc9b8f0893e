"""Handlers of durable tasks: importing this package registers them all."""

from jobs.tasks import (
    accounts,
    batches,
    catalog,
    disputes,
    invariants,
    invoices,
    mail,
    notices,
    orders,
    payment_methods,
    payments,
    reconciliation,
    refunds,
    webhooks,
)

__all__ = [
    "accounts", "batches", "catalog", "disputes", "invariants", "invoices", "mail", "notices", "orders", "payment_methods",
    "payments", "reconciliation", "refunds", "webhooks",
]  # fmt: skip
