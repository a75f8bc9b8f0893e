"""What can be done to many rows at once, by name. Each is safe to run twice for one row with the same key."""

from backoffice.batches import service as batches
from backoffice.cases import service as cases
from backoffice.checkout import endings
from backoffice.collection import notices
from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.actor import Actor
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.staff import service as staff
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
    collection.learn(payment_id, by=by)


def take_case(ref: str, by: Actor, _reason: str, _key: str) -> None:
    units.write(lambda: cases.assign(cases.get(ref), staff.by_ref(by.ref), by=by))


def close_case(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: cases.resolve(cases.get(ref), reason, by=by))


def retry_task(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: tasks.retry(tasks.get(ref), by=by, reason=reason))


def cancel_task(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: tasks.cancel(tasks.get(ref), by=by, reason=reason))


def replay_event(ref: str, by: Actor, reason: str, _key: str) -> None:
    units.write(lambda: webhooks.replay(webhooks.by_ref(ref), by=by, reason=reason))


for name, act in {
    "orders.cancel": cancel_order,
    "orders.confirm": confirm_order,
    "payments.ask": ask_payment,
    "cases.take": take_case,
    "cases.close": close_case,
    "tasks.retry": retry_task,
    "tasks.cancel": cancel_task,
    "webhooks.replay": replay_event,
}.items():
    batches.register(name, act)
