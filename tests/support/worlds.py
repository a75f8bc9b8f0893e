"""The providers that the payments port is tried against, each with its adapter, its server, and the same words for what
happens on the other side."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.payments.port import PaymentStatus
from integrations.payments.sandbox import SandboxPayments
from integrations.payments.stripe import StripePayments
from integrations.sandbox.balance import AVAILABLE_AFTER
from integrations.sandbox.cards import BY_LAST4
from integrations.sandbox.courier import signature
from tests.support import stripe_server
from tests.support.provider import API_KEY, SECRET, Provider
from tests.support.stripe_server import StripeServer

OLDER = "whsec_older_one"


class SandboxWorld:
    header = "Sandbox-Signature"
    # what becomes of a payment → the status it has then
    outcomes = {
        "pay": PaymentStatus.PAID,
        "decline": PaymentStatus.DECLINED,
        "expire": PaymentStatus.EXPIRED,
        "authenticate": PaymentStatus.REQUIRES_ACTION,
        "process": PaymentStatus.PROCESSING,
    }

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self.server, self.clock = Provider(folder, clock), clock
        self.port = SandboxPayments(self.server.url, API_KEY, (OLDER, SECRET))
        self.stranger = SandboxPayments(self.server.url, "sk_wrong", ())

    def happens(self, what: str, payment: str) -> None:
        books = self.server.books
        acts: dict[str, Callable[[], Any]] = {
            "pay": lambda: books.pay(payment, "Visa ·· 4242"),
            "decline": lambda: books.decline(payment, "Visa ·· 0002", "lost_card"),
            "expire": lambda: books.expire(payment),
            "authenticate": lambda: books.ask_for_authentication(payment, "Visa ·· 3184"),
            "process": lambda: books.process(payment, "Bank debit", self.clock().replace(year=2030)),
        }
        acts[what]()

    def trouble(self, **faults: Any) -> None:
        """open, refund, read: the next answers to that are lost; fail, throttle: the next calls end so; outage."""
        names = {
            "open": "lose_create", "refund": "lose_refund", "read": "lose_read", "evidence": "lose_evidence",
        }  # fmt: skip
        self.server.switch(**{names.get(name, name): value for name, value in faults.items()})

    def refunds_take(self, course: str) -> None:
        self.server.switch(refunds=course)

    def refund_elsewhere(self, payment: str, amount: int) -> None:
        self.server.books.refunds.create(payment, amount)

    def dispute(self, payment: str, *, inquiry: bool = False) -> str:
        return self.server.books.disputes.open(payment, inquiry=inquiry)["id"]

    def warn(self, payment: str) -> str:
        return self.server.books.disputes.warn(payment)["id"]

    def escalate(self, dispute: str) -> None:
        self.server.books.disputes.escalate(dispute)

    def decide(self, dispute: str, status: str) -> None:
        self.server.books.disputes.close(dispute, status)

    def evidence(self, dispute: str) -> tuple[dict[str, str], bytes]:
        """Texts and receipt, as the provider has them."""
        given = self.server.books.disputes.get(dispute)["evidence"]
        return given["texts"], base64.b64decode(given["file"])

    def pay_out(self) -> list[str]:
        return self.server.books.balance.pay_out(self.clock() + AVAILABLE_AFTER)

    def fail_payout(self, payout: str) -> None:
        self.server.books.balance.fail_payout(payout)

    def enter(self, setup: str, last4: str = "4242") -> None:
        """A customer enters a card on the page on which it is kept."""
        self.server.books.methods.enter(setup, BY_LAST4[last4])

    def renew(self, method: str) -> None:
        self.server.books.methods.renew(method)

    def take_off(self, method: str) -> None:
        """As somebody does in the provider's dashboard."""
        self.server.books.methods.detach(method)

    def advance(self) -> None:
        self.server.books.advance()

    def opened(self) -> int:
        return len(self.server.payments())

    def given_back(self) -> int:
        return sum(item["refunded"] for item in self.server.payments())

    def invent_status(self, table: str) -> None:
        with self.server.books.transaction() as db:
            db.execute(f"UPDATE {table} SET status = 'a_word_of_tomorrow'")

    def newest_event(self) -> dict[str, Any]:
        return self.server.books.events()[-1]

    def signed(self, raw: bytes, secret: str = SECRET, moment: datetime | None = None) -> dict[str, str]:
        return {self.header: signature(raw, secret, moment or self.clock())}

    def stop(self) -> None:
        self.server.stop()


class StripeWorld:
    header = "Stripe-Signature"
    outcomes = {
        "pay": PaymentStatus.PAID,
        "decline": PaymentStatus.OPEN,  # the hosted page lets the customer try another card
        "expire": PaymentStatus.EXPIRED,
        "authenticate": PaymentStatus.REQUIRES_ACTION,
        "process": PaymentStatus.PROCESSING,
    }

    def __init__(self, _folder: Path, clock: Callable[[], datetime]) -> None:
        self.server, self.clock = StripeServer(clock), clock
        self.port = StripePayments(stripe_server.KEY, stripe_server.ACCOUNT, (OLDER, SECRET), self.server.url)
        self.stranger = StripePayments("sk_test_wrong", stripe_server.ACCOUNT, (), self.server.url)

    def happens(self, what: str, payment: str) -> None:
        getattr(self.server, what)(payment, *(["lost_card"] if what == "decline" else []))

    def trouble(self, **faults: Any) -> None:
        names = {name: f"lose_{name}" for name in ("open", "refund", "read", "evidence")}
        self.server.faults.update({names.get(name, name): value for name, value in faults.items()})

    def refunds_take(self, course: str) -> None:
        self.server.course = course

    def refund_elsewhere(self, payment: str, amount: int) -> None:
        self.server.refund(payment, amount)

    def dispute(self, payment: str, *, inquiry: bool = False) -> str:
        return self.server.books.dispute(payment, inquiry=inquiry)["id"]

    def warn(self, payment: str) -> str:
        return self.server.books.warn(payment)["id"]

    def escalate(self, dispute: str) -> None:
        self.server.books.escalate(dispute)

    def decide(self, dispute: str, status: str) -> None:
        self.server.books.decide(dispute, status)

    def evidence(self, dispute: str) -> tuple[dict[str, str], bytes]:
        given = dict(self.server.books.disputes[dispute]["evidence"])
        return given, self.server.books.files.get(given.pop("receipt", ""), b"")

    def enter(self, setup: str, last4: str = "4242") -> None:
        self.server.keeping.enter(setup, last4)

    def renew(self, method: str) -> None:
        self.server.keeping.renew(method)

    def take_off(self, method: str) -> None:
        self.server.keeping.detach(method)

    def pay_out(self) -> list[str]:
        return self.server.books.pay_out()

    def fail_payout(self, payout: str) -> None:
        self.server.books.fail_payout(payout)

    def advance(self) -> None:
        self.server.advance()

    def opened(self) -> int:
        return len(self.server.sessions)

    def given_back(self) -> int:
        return sum(self.server.refunded(intent) for intent in self.server.intents)

    def invent_status(self, table: str) -> None:
        books = self.server.books
        tables = {
            "payments": self.server.intents,
            "refunds": self.server.refunds,
            "disputes": books.disputes,
            "payouts": books.payouts,
        }
        for row in tables[table].values():
            row["status"] = "a_word_of_tomorrow"

    def newest_event(self) -> dict[str, Any]:
        return json.loads(json.dumps(self.server.events[0]))

    def signed(self, raw: bytes, secret: str = SECRET, moment: datetime | None = None) -> dict[str, str]:
        return {self.header: signature(raw, secret, moment or self.clock())}

    def stop(self) -> None:
        self.server.stop()


World = SandboxWorld | StripeWorld
WORLDS = {"sandbox": SandboxWorld, "stripe": StripeWorld}
