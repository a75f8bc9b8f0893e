"""Why a bank said no, as families that decide what may be tried next. Data, after Stripe's list of decline codes and the
networks' advice; a code that is not here is soft.

hard: this card is never asked again. action: the customer must approve. data: the card's data must be mended. soft: later."""

from typing import Any

from integrations.payments.port import Decline

_HARD = (
    "incorrect_number invalid_number lost_card stolen_card pickup_card revocation_of_authorization "
    "revocation_of_all_authorizations stop_payment_order transaction_not_allowed highest_risk_level fraudulent "
    "merchant_blacklist invalid_account account_closed restricted_card security_violation card_not_supported "
    "currency_not_supported do_not_try_again"
)
_ACTION = "authentication_required authentication_not_handled approve_with_id online_or_offline_pin_required"
_DATA = "expired_card incorrect_cvc invalid_cvc invalid_expiry_month invalid_expiry_year incorrect_zip"
FAMILIES: dict[str, str] = {
    code: family for family, codes in (("hard", _HARD), ("action", _ACTION), ("data", _DATA)) for code in codes.split()
}
# The issuer's advice comes first; then the network's.
ADVICE = {"do_not_try_again": "hard", "confirm_card_data": "data", "try_again_later": "soft"}
NETWORK_ADVICE = {"03": "hard", "21": "hard", "01": "data"}


def decline_of(error: dict[str, Any]) -> Decline:
    """Code and family of ``last_payment_error``, or of the error of a refused call."""
    code = str(error.get("decline_code") or error.get("code") or "unknown")
    advice = ADVICE.get(str(error.get("advice_code") or "")) or NETWORK_ADVICE.get(
        str(error.get("network_advice_code") or "")
    )
    family = advice or FAMILIES.get(code) or FAMILIES.get(str(error.get("code") or "")) or "soft"
    return Decline(code[:120], family, is_advised=advice == "hard")
