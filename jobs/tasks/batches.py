"""What can be done to many rows at once, by name. Each is safe to run twice for one row with the same key."""

from backoffice.batches import service as batches
from backoffice.cases import seeing
from backoffice.cases import service as cases
from backoffice.catalog import editing
from backoffice.catalog import service as catalog
from backoffice.checkout import endings
from backoffice.collection import notices
from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.actor import Actor
from backoffice.core.errors import NotFound
from backoffice.core.steps import learn_now
from backoffice.customers import service as customers
from backoffice.disputes import answering
from backoffice.fulfilment import notices as deliveries
from backoffice.fulfilment import parcels
from backoffice.invoices import service as invoices
from backoffice.mail import service as mail
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.reconciliation import signing
from backoffice.refunds import service as refunds
from backoffice.staff import service as staff
from backoffice.staff.roles import Right
from backoffice.stock import service as stock
from backoffice.tasks import registry
from backoffice.tasks import service as tasks
from backoffice.webhooks import service as webhooks


@registry.call("batches.run", must_run=True)
def run(batch_id: int) -> None:
    batches.run(batch_id)


def cancel_order(ref: str, by: Actor, reason: str, _key: str) -> None:
    endings.cancel(ref, by=by, reason=reason)


def confirm_order(ref: str, by: Actor, _reason: str, key: str) -> None:
    units.write(lambda: notices.confirm_again(orders.by_ref(ref), by=by, request_key=key))


def ask_payment(ref: str, by: Actor, _reason: str, _key: str) -> None:
    with units.read():
        payment_id = payments.by_ref(ref).id
    learn_now(collection.learn, payment_id, by=by)


def ask_refund(ref: str, by: Actor, _reason: str, _key: str) -> None:
    with units.read():
        refund_id = refunds.by_ref(ref).id
    learn_now(refunds.learn, refund_id, by=by)


def ask_dispute(ref: str, by: Actor, _reason: str, _key: str) -> None:
    answering.ask_now(ref, by=by)


def sign_payout(ref: str, by: Actor, reason: str, _key: str) -> None:
    def sign() -> None:
        if not signing.by_ref(ref).is_itemised:  # a person compares it, and writes how for this one
            raise signing.NoteMissing
        signing.sign_off(ref, reason, by=by)

    units.write(sign)


def send_mail(ref: str, by: Actor, _reason: str, _key: str) -> None:
    def send() -> None:
        waits = mail.by_ref(ref)
        if not seeing.sees(staff.by_ref(by.ref).role, waits.about_kind):
            raise NotFound("mail")
        mail.send_now(waits, by=by)

    units.write(send)


def take_case(ref: str, by: Actor, _reason: str, _key: str) -> None:
    def take() -> None:
        owner = staff.by_ref(by.ref)
        cases.assign(cases.get_seen(ref, owner.role), owner, by=by)

    units.write(take)


def close_case(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: cases.resolve(cases.get_seen(ref, staff.by_ref(by.ref).role), reason, by=by))


def retry_task(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: tasks.retry(tasks.get(ref), by=by, reason=reason))


def cancel_task(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: tasks.cancel(tasks.get(ref), by=by, reason=reason))


def replay_event(ref: str, by: Actor, reason: str, key: str) -> None:
    units.write(lambda: webhooks.replay(webhooks.by_ref(ref), by=by, reason=reason, request_key=key))


def send_invoice(ref: str, by: Actor, _reason: str, key: str) -> None:
    def send() -> None:
        notices.send_invoice(orders.get(invoices.by_ref(ref).order_id), by=by, request_key=key)

    units.write(send)


def typeset_invoice(ref: str, by: Actor, _reason: str, _key: str) -> None:
    units.write(lambda: invoices.ask_for_paper(invoices.by_ref(ref), by=by))


def tell_of_parcel(ref: str, by: Actor, _reason: str, key: str) -> None:
    units.write(lambda: deliveries.tell_again(parcels.by_ref(ref), by=by, request_key=key))


def bar_customer(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: customers.bar(customers.by_ref(ref), by=by, reason=reason))


def admit_customer(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: customers.admit(customers.by_ref(ref), by=by, reason=reason))


def publish_product(ref: str, by: Actor, _reason: str, _key: str) -> None:
    units.write(lambda: editing.put_on_shelf(catalog.by_ref(ref), by=by))


def withdraw_product(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: catalog.withdraw(catalog.by_ref(ref), by=by, reason=reason))


def write_off(ref: str, by: Actor, reason: str, key: str) -> None:
    units.write(lambda: stock.write_off(ref, by=by, reason=reason, request_key=key))


for name, act, right in (
    ("invoices.send", send_invoice, Right.SEND_MAILS),
    ("invoices.typeset", typeset_invoice, Right.SEND_MAILS),
    ("parcels.tell", tell_of_parcel, Right.SEND_MAILS),
    ("customers.bar", bar_customer, Right.BAR_CUSTOMERS),
    ("customers.admit", admit_customer, Right.BAR_CUSTOMERS),
    ("products.publish", publish_product, Right.EDIT_CATALOGUE),
    ("products.withdraw", withdraw_product, Right.EDIT_CATALOGUE),
    ("stock.write_off", write_off, Right.MOVE_STOCK),
    ("orders.cancel", cancel_order, Right.CANCEL_ORDERS),
    ("orders.confirm", confirm_order, Right.SEND_MAILS),
    ("payments.ask", ask_payment, Right.ASK_PROVIDER),
    ("refunds.ask", ask_refund, Right.ASK_PROVIDER),
    ("disputes.ask", ask_dispute, Right.ASK_PROVIDER),
    ("payouts.sign", sign_payout, Right.RECONCILE),
    ("mails.send", send_mail, Right.SEND_MAILS),
    ("cases.take", take_case, Right.RESOLVE_CASES),
    ("cases.close", close_case, Right.RESOLVE_CASES),
    ("tasks.retry", retry_task, Right.RETRY_TASKS),
    ("tasks.cancel", cancel_task, Right.RETRY_TASKS),
    ("webhooks.replay", replay_event, Right.REPLAY_EVENTS),
):
    batches.register(name, act, right)
