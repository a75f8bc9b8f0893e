"""Which adapter stands behind which port: the one place that imports adapters."""

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from backoffice.core.ports import Ports
from config import ConfigurationError, Settings
from integrations.files.folder import FolderStore
from integrations.mail.folder import FolderMail
from integrations.mail.mailbox import mailbox_blueprint
from integrations.mail.port import MailPort, Message
from integrations.mail.smtp import SmtpMail
from integrations.papers.port import Typesetter
from integrations.payments.port import PaymentsPort
from integrations.payments.sandbox import SandboxPayments

if TYPE_CHECKING:
    from integrations.sandbox.inprocess import InProcess  # a whole provider: only who simulates loads it


class _LazyTypesetter:
    """The typesetter is loaded when the first paper is made: a web process never makes one."""

    @cached_property
    def _typesetter(self) -> Typesetter:
        module = import_module("integrations.papers.typst")
        typesetter: Typesetter = module.TypstTypesetter()
        return typesetter

    def pdf(self, template: Path, data: Mapping[str, Any]) -> bytes:
        return self._typesetter.pdf(template, data)

    def png(self, svg: str, width: int) -> bytes:
        return self._typesetter.png(svg, width)


def build(settings: Settings) -> Ports:
    """The ports as configured. Raises ConfigurationError for an adapter that does not exist."""
    return Ports(
        payments=_payments(settings),
        mail=_mail(settings),
        files=FolderStore(settings.var / "files"),
        papers=_LazyTypesetter(),
    )


class _NoPapers:
    """Papers of a simulated day: what is printed is the typesetter's own tests' business."""

    def pdf(self, _template: Path, data: Mapping[str, Any]) -> bytes:
        return f"%PDF {data['number']}".encode()

    def png(self, _svg: str, _width: int) -> bytes:
        return b""


class _NoMail:
    def send(self, _message: Message) -> None:
        """Taken, and gone."""


def simulated(settings: Settings, provider: "InProcess") -> Ports:
    """The ports of a simulated shop: the provider in its process; mails and papers go nowhere."""
    return Ports(
        payments=SandboxPayments(provider.url, provider.key, (provider.secret,), provider.request),
        mail=_NoMail(),
        files=FolderStore(settings.var / "files"),
        papers=_NoPapers(),
    )


def development_mailbox(settings: Settings) -> Blueprint | None:
    """The page that shows mails written to the folder; None where mails are really sent."""
    if settings.is_production or settings.mail != "folder":
        return None
    return mailbox_blueprint(settings.var / "mail")


def _payments(settings: Settings) -> PaymentsPort:
    if settings.payments == "sandbox":
        return SandboxPayments(settings.sandbox_url, settings.sandbox_api_key, settings.webhook_secrets)
    if settings.payments == "stripe":  # loaded where it is used: the SDK is large
        adapter = import_module("integrations.payments.stripe")
        port: PaymentsPort = adapter.StripePayments(
            settings.stripe_api_key, settings.stripe_account, settings.webhook_secrets, settings.stripe_api_base
        )
        return port
    raise ConfigurationError(
        [f"PAYMENTS={settings.payments} is not a provider we have an adapter for: stripe or sandbox"]
    )


def _mail(settings: Settings) -> MailPort:
    if settings.mail == "folder":
        return FolderMail(settings.var / "mail")
    if settings.mail.startswith(("smtp://", "smtps://")):
        return SmtpMail(settings.mail)
    raise ConfigurationError([f"MAIL={settings.mail} is neither folder nor smtp://… nor smtps://…"])
