from backoffice.collection import notices
from backoffice.tasks import registry


@registry.plain("notices.confirmed")
def confirmed(order_id: int) -> None:
    notices.confirmed(order_id)


@registry.plain("notices.declined")
def declined(payment_id: int) -> None:
    notices.declined(payment_id)


@registry.plain("notices.ended")
def ended(order_id: int) -> None:
    notices.ended(order_id)
