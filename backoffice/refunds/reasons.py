"""Why money goes back, in the words of mails and credit notes."""

from backoffice.refunds.models import RefundReason

WORDS = {
    RefundReason.WITHDRAWN: "withdrawal from the contract",
    RefundReason.RETURNED: "goods returned",
    RefundReason.DAMAGED: "goods damaged or faulty",
    RefundReason.NOT_DELIVERED: "not delivered",
    RefundReason.GOODWILL: "price reduced",
    RefundReason.PAID_TWICE: "paid twice",
    RefundReason.FRAUD: "payment not made by the holder of the card",
    RefundReason.ELSEWHERE: "refunded by the payment provider",
}
