from backoffice.collection import notices
from backoffice.fulfilment import notices as deliveries
from backoffice.refunds import notices as refunds
from backoffice.tasks import registry


@registry.plain("notices.confirmed")
def confirmed(order_id: int) -> None:
    notices.confirmed(order_id)


@registry.plain("notices.received")
def received(payment_id: int) -> None:
    notices.received(payment_id)


@registry.plain("notices.payable")
def payable(payment_id: int) -> None:
    notices.payable(payment_id)


@registry.plain("notices.declined")
def declined(payment_id: int) -> None:
    notices.declined(payment_id)


@registry.plain("notices.ended")
def ended(order_id: int) -> None:
    notices.ended(order_id)


@registry.plain("notices.shipped")
def shipped(shipment_id: int, said: str = "") -> None:
    deliveries.shipped(shipment_id, said)


@registry.plain("notices.proposed")
def proposed(appointment_id: int, starts_at: str, said: str) -> None:
    deliveries.proposed(appointment_id, starts_at, said)


@registry.plain("notices.agreed")
def agreed(appointment_id: int, starts_at: str, said: str) -> None:
    deliveries.agreed(appointment_id, starts_at, said)


@registry.plain("notices.called_off")
def called_off(appointment_id: int) -> None:
    deliveries.called_off(appointment_id)


@registry.plain("notices.refunded")
def refunded(refund_id: int) -> None:
    refunds.refunded(refund_id)


@registry.plain("notices.refund_failed")
def refund_failed(refund_id: int) -> None:
    refunds.failed(refund_id)


@registry.plain("notices.refund_paid")
def refund_paid(refund_id: int) -> None:
    refunds.paid_otherwise(refund_id)
