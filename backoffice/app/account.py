"""A program that would take money into another account than the configured one does not start."""

import structlog
from flask import Flask

from backoffice.core import holders
from backoffice.core.ports import ports
from integrations.payments.port import PaymentsError, Refused

log = structlog.get_logger(__name__)


def confirm(app: Flask) -> None:
    """Ask the provider what our key opens. Raises SystemExit where that is another account or mode, or nothing at all.

    A provider that is away stops nobody, and neither does a restricted key that may not ask for its account: the shop can be
    read, and its events name their account and mode each."""
    with app.app_context():
        port = ports().payments
        try:
            unlike = holders.unlike(port, *port.opens())
        except Refused as refusal:
            if refusal.code == "unauthorised":
                raise SystemExit(
                    f"{port.name} does not know the key that is configured. Nothing was started."
                ) from None
            log.warning("the provider did not say what its key opens", provider=port.name, error=repr(refusal)[:200])
            return
        except PaymentsError as error:
            log.warning("the provider did not say what its key opens", provider=port.name, error=repr(error)[:200])
            return
    if unlike:
        raise SystemExit(f"{unlike} Nothing was started.")
