"""What can be done to many rows at once, by name. Each is safe to run twice for one row with the same key."""

from backoffice.batches import service as batches
from backoffice.cases import service as cases
from backoffice.checkout import endings
from backoffice.collection import notices
from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.actor import Actor
from backoffice.core.steps import learn_now
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.staff import service as staff
from backoffice.staff.roles import Right
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


for name, act, right in (
    ("orders.cancel", cancel_order, Right.CANCEL_ORDERS),
    ("orders.confirm", confirm_order, Right.SEND_MAILS),
    ("payments.ask", ask_payment, Right.ASK_PROVIDER),
    ("cases.take", take_case, Right.RESOLVE_CASES),
    ("cases.close", close_case, Right.RESOLVE_CASES),
    ("tasks.retry", retry_task, Right.RETRY_TASKS),
    ("tasks.cancel", cancel_task, Right.RETRY_TASKS),
    ("webhooks.replay", replay_event, Right.REPLAY_EVENTS),
):
    batches.register(name, act, right)
