"""Handlers of durable tasks: importing this package registers them all."""

from jobs.tasks import catalog, invoices, mail, notices, orders, payments, webhooks

__all__ = ["catalog", "invoices", "mail", "notices", "orders", "payments", "webhooks"]
