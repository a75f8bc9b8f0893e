from backoffice.refunds import service as refunds
from backoffice.tasks import registry


@registry.call("refunds.ask", must_run=True)
def ask(refund_id: int) -> None:
    refunds.ask_again(refund_id)
