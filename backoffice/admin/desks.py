"""Which desks there are, in the order of the sidebar."""

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose

from backoffice.admin import access
from backoffice.admin.colleagues import StaffDesk
from backoffice.admin.inbox import CaseDesk
from backoffice.admin.lists import DeskList
from backoffice.admin.machine import TaskDesk, WebhookDesk
from backoffice.admin.money import InvoiceDesk, PaymentDesk
from backoffice.admin.records import AuditDesk, MailDesk
from backoffice.admin.sales import OrderDesk
from backoffice.audit.models import AuditEntry
from backoffice.cases.models import Case
from backoffice.invoices.models import Invoice
from backoffice.mail.models import Mail
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.staff.models import StaffMember
from backoffice.tasks.models import Task
from backoffice.webhooks.models import WebhookEvent


class Start(AdminIndexView):
    """The office opens at its inbox."""

    def is_accessible(self) -> bool:
        return access.is_staff()

    def inaccessible_callback(self, name: str, **_kwargs: object) -> ResponseReturnValue:
        return access.to_login()

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return redirect(self.get_url("desk_cases.index_view", state="open"))


def views() -> list[DeskList]:
    return [
        CaseDesk(Case, "Inbox", "cases"),
        OrderDesk(Order, "Orders", "orders", "Sales"),
        PaymentDesk(Payment, "Payments", "payments", "Money"),
        InvoiceDesk(Invoice, "Invoices", "invoices", "Money"),
        AuditDesk(AuditEntry, "Audit", "audit", "Records"),
        WebhookDesk(WebhookEvent, "Webhooks", "webhooks", "Records"),
        MailDesk(Mail, "Mails", "mails", "Records"),
        TaskDesk(Task, "Tasks", "tasks", "Records"),
        StaffDesk(StaffMember, "Staff", "staff", "System"),
    ]
