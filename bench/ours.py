"""Our shop as it is measured: production code, a payments port that answers at once, no worker.

``gunicorn bench.ours:app`` with the environment that bench.shop sets."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

sys.modules["rich"] = None  # a development package that structlog would load where it finds it: no server has it

from backoffice import wiring  # noqa: E402
from backoffice.app import create_app  # noqa: E402
from config import load  # noqa: E402
from integrations.payments.port import BadSignature, PageRequest, PaymentStatus, ProviderEvent, Snapshot  # noqa: E402


class InstantPayments:
    """A provider without latency: every page is open the moment it is asked for."""

    name, account, mode, page_origin = "instant", "bench", "test", ""
    key_life, event_life = timedelta(days=1), timedelta.max

    def opens(self) -> tuple[str, str]:
        return self.account, self.mode

    def open_page(self, request: PageRequest) -> Snapshot:
        return Snapshot(
            provider_ref=f"ins_{request.reference}",
            reference=request.reference,
            status=PaymentStatus.OPEN,
            amount=request.amount,
            captured=0,
            currency=request.currency,
            page_url="/imprint",
        )

    def retrieve(self, provider_ref: str) -> Snapshot:
        raise NotImplementedError

    def find(self, reference: str) -> Snapshot | None:
        return None

    def cancel(self, provider_ref: str, *, key: str) -> Snapshot:
        raise NotImplementedError

    def has_webhook_secret(self) -> bool:
        return False

    def verify(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        raise BadSignature

    def events_since(self, moment: datetime) -> list[ProviderEvent]:
        return []


settings = load()
app = create_app(settings, replace(wiring.build(settings), payments=InstantPayments()))
