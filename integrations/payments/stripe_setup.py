"""What a key of Stripe opens, asked by people who set it up: account and mode, the endpoints and the version they speak, and
whether the key may read what we read. What it may write is known when it writes."""

import time
from collections.abc import Iterable, Iterator, Mapping

from integrations.payments.port import Refused
from integrations.payments.stripe_calls import API_VERSION, Row, StripeCalls

OURS = "/webhooks/stripe"  # how the address of an endpoint of ours ends
BRIEF = (3, 5)  # connect, read, in seconds


def account_of(api_key: str, api_base: str) -> str:
    """The account of a key, asked once over a connection of its own: a program that forks later leaves none open."""
    calls = StripeCalls(api_key, api_base, timeout=BRIEF, retries=0)
    try:
        return str(calls.ask(lambda: calls.v1.accounts.retrieve_current())["id"])
    finally:
        calls.close()


def describe(calls: StripeCalls, mode: str, *, events: Iterable[str]) -> Mapping[str, str]:
    """As the port's ``describe`` promises. ``events`` are the types that an endpoint of ours must be sent."""
    account = calls.ask(lambda: calls.v1.accounts.retrieve_current())
    ends = calls.ask(lambda: calls.v1.webhook_endpoints.list({"limit": 100}))["data"]
    return {
        "account": str(account["id"]),
        "mode": mode,
        "version": API_VERSION,
        "endpoints": ", ".join(f"{item['url']} ({_version(item)})" for item in ends),
        "problems": "\n".join([*_unreadable(calls), *_at_endpoints(ends, frozenset(events))]),
    }


def _unreadable(calls: StripeCalls) -> Iterator[str]:
    v1, one = calls.v1, {"limit": 1}
    for what, read in {
        "Checkout Sessions": lambda: v1.checkout.sessions.list(one),
        "PaymentIntents": lambda: v1.payment_intents.list(one),
        "Charges": lambda: v1.charges.list(one),
        "SetupIntents": lambda: v1.setup_intents.list(one),
        "Refunds": lambda: v1.refunds.list(one),
        "Disputes": lambda: v1.disputes.list(one),
        "early fraud warnings": lambda: v1.radar.early_fraud_warnings.list(one),
        "Balance transactions": lambda: v1.balance_transactions.list(one),
        "Payouts": lambda: v1.payouts.list(one),
        "Events": lambda: v1.events.list({"created": {"gte": int(time.time())}, **one}),
    }.items():
        try:
            calls.ask(read)
        except Refused as refusal:
            yield f"The key may not read {what} ({refusal.code})."


def _at_endpoints(ends: list[Row], events: frozenset[str]) -> Iterator[str]:
    ours = [item for item in ends if str(item["url"]).endswith(OURS)]
    if not ours:
        yield f"No webhook endpoint ends in {OURS}."
    for item in ours:
        if item.get("api_version") != API_VERSION:
            yield f"The endpoint {item['url']} speaks {_version(item)}, and we speak {API_VERSION}: make a new one."
        if item.get("status") == "disabled":
            yield f"The endpoint {item['url']} is disabled."
        sent = frozenset(item.get("enabled_events") or ())
        if "*" not in sent and (missing := sorted(events - sent)):
            yield f"The endpoint {item['url']} is not sent {', '.join(missing)}: subscribe it to them."


def _version(item: Row) -> str:
    return str(item.get("api_version") or "the account's default version")
