"""Why a bank takes money back, by the provider's code, as a colleague reads it."""

WORDS = {
    "fraudulent": "The holder of the card says that they did not pay",
    "product_not_received": "The customer says that nothing came",
    "product_unacceptable": "The customer says that it is not what was sold",
    "duplicate": "The customer says that they paid twice",
    "credit_not_processed": "The customer says that a refund never came",
    "subscription_canceled": "The customer says that they had cancelled",
    "unrecognized": "The customer does not recognise the payment",
    "general": "The bank gives no reason",
}


def words_of(code: str) -> str:
    return WORDS.get(code, code.replace("_", " ").capitalize())
