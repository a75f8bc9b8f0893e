from backoffice.checkout import endings
from backoffice.tasks import registry


@registry.call("orders.expire")
def expire(order_id: int) -> None:
    endings.expire(order_id)
