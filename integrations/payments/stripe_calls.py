"""Calls to Stripe: one client, pinned, at our pace. Answers are plain rows; every failure is an error of the port."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import stripe

from integrations.payments.pace import Pace
from integrations.payments.port import OutcomeUnknown, Refused, Throttled
from integrations.payments.stripe_declines import decline_of

API_VERSION = "2026-10-28.endive"
TIMEOUT = (5, 30)  # connect, read, in seconds
RETRIES = 2
RATES = {"test": 25.0, "live": 80.0}  # calls a second
TRIES_WHEN_THROTTLED = 3
Row = dict[str, Any]


class PacedClient(stripe.RequestsClient):
    """Of the library's own repeats each waits for its turn, as the first try of a call did."""

    def __init__(self, pace: Pace, timeout: tuple[int, int]) -> None:
        super().__init__(timeout=timeout)
        self._pace = pace
        self._call = threading.local()

    def begin(self) -> None:
        """A call begins in this thread. Raises Throttled; nothing was asked then."""
        self._pace.wait()
        self._call.is_sent = False

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if getattr(self._call, "is_sent", False):
            self._pace.wait(anyhow=True)
        self._call.is_sent = True
        return super().request(*args, **kwargs)


class StripeCalls:
    """Thread safe. ``api_base`` points it at another server than Stripe's."""

    def __init__(
        self, api_key: str, api_base: str = "", *, timeout: tuple[int, int] = TIMEOUT, retries: int = RETRIES
    ) -> None:
        stripe.enable_telemetry = False
        stripe.max_network_retries = RETRIES
        self.mode = mode_of(api_key)
        self._connections: Any = PacedClient(Pace(RATES[self.mode]), timeout)  # the SDK leaves some of it untyped
        client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            max_network_retries=retries,
            http_client=self._connections,
            base_addresses={"api": api_base, "files": api_base} if api_base else {},
        )
        self.v1: Any = client.v1  # rows are plain here, not the SDK's typed dictionaries

    def close(self) -> None:
        """Whoever asked once keeps no connection."""
        self._connections.close()

    def post(self, call: Callable[[Any], Any], key: str) -> Row:
        return self.ask(lambda: call({"idempotency_key": key}))

    def every(self, call: Callable[[Row], Any]) -> Iterator[Row]:
        """Every row of a list, page after page, newest first."""
        page: Row = {}
        while True:
            answer = self.ask(lambda page=page: call(page))  # type: ignore[misc]
            yield from answer["data"]
            if not answer["has_more"] or not answer["data"]:
                return
            page = {"starting_after": answer["data"][-1]["id"]}

    def ask(self, call: Callable[[], Any]) -> Row:
        """One call, waited for when Stripe asks us to slow down."""
        for attempt in range(TRIES_WHEN_THROTTLED):
            self._connections.begin()
            try:
                answer: Row = call().to_dict()
            except stripe.RateLimitError as error:
                if attempt == TRIES_WHEN_THROTTLED - 1:
                    raise Throttled(str(error.http_status)) from error
                time.sleep(random.uniform(0.5, 1) * 0.3 * 2**attempt)  # noqa: S311
            except stripe.StripeError as error:
                raise _as_ours(error) from error
            else:
                return answer
        raise AssertionError("unreachable")


class CardRefused(Refused):
    """The customer's bank said no. ``intent`` is the PaymentIntent as it is after that; empty where none was made."""

    def __init__(self, code: str, intent: Row) -> None:
        self.intent = intent
        super().__init__(code, "The bank refused.")


def mode_of(api_key: str) -> str:
    """``test`` or ``live``, as the key says of itself. Raises ValueError for anything but a secret or restricted key."""
    for prefix, mode in (("sk_test_", "test"), ("rk_test_", "test"), ("sk_live_", "live"), ("rk_live_", "live")):
        if api_key.startswith(prefix):
            return mode
    raise ValueError("a key of Stripe begins with sk_test_, rk_test_, sk_live_ or rk_live_")


def _as_ours(error: stripe.StripeError) -> Exception:
    """A network error, a 409 and a 5xx are unknown outcomes; what Stripe understood and refused is refused."""
    code = str(getattr(error, "code", None) or "")
    if isinstance(error, stripe.IdempotencyError):
        return Refused("idempotency_mismatch", "The key was used with other parameters.")
    if isinstance(error, stripe.AuthenticationError):
        return Refused("unauthorised", "Stripe does not know the API key.")
    if isinstance(error, stripe.PermissionError):
        return Refused("permission_denied", "The API key may not do this.")
    if isinstance(error, stripe.CardError):
        body = _body(error)
        intent = body.get("payment_intent")
        return CardRefused(decline_of(body).code, intent if isinstance(intent, dict) else {})
    if isinstance(error, stripe.InvalidRequestError):
        return Refused(code or "invalid_request", str(error.user_message or "Stripe refused the request."))
    return OutcomeUnknown(f"{type(error).__name__} {error.http_status or ''} {code}".strip())


def _body(error: stripe.StripeError) -> Row:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    found = body.get("error")
    return found if isinstance(found, dict) else {}
