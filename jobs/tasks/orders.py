from backoffice.checkout import endings
from backoffice.tasks import registry


@registry.call("orders.expire", must_run=True)
def expire(order_id: int) -> None:
    endings.expire(order_id)
