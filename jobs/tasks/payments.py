from backoffice.collection import service as collection
from backoffice.tasks import registry


@registry.call("payments.ask")
def ask(payment_id: int) -> None:
    collection.ask_again(payment_id)


@registry.call("payments.close")
def close(payment_id: int) -> None:
    collection.close_for_good(payment_id)
