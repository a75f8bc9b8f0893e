"""Handlers of durable tasks: importing this package registers them all."""

from jobs.tasks import invoices, mail, notices, orders, payments, webhooks

__all__ = ["invoices", "mail", "notices", "orders", "payments", "webhooks"]
