from backoffice.collection import service as collection
from backoffice.tasks import registry


@registry.call("payments.ask", must_run=True)
def ask(payment_id: int) -> None:
    collection.ask_again(payment_id)


@registry.call("payments.close", must_run=True)
def close(payment_id: int) -> None:
    collection.close_for_good(payment_id)
