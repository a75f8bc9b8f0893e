from backoffice.checkout import service as checkout
from backoffice.tasks import registry


@registry.call("orders.expire")
def expire(order_id: int) -> None:
    checkout.expire(order_id)
