"""Handlers of durable tasks: importing this package registers them all."""

from jobs.tasks import accounts, catalog, invoices, mail, notices, orders, payments, webhooks

__all__ = ["accounts", "catalog", "invoices", "mail", "notices", "orders", "payments", "webhooks"]
