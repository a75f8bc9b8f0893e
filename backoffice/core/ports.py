"""The doors to the outside, as chosen by the configuration and built by ``backoffice.wiring``."""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement

from config import Settings
from integrations.files.port import FileStore
from integrations.mail.port import MailPort
from integrations.papers.port import Typesetter
from integrations.payments.port import PaymentsPort

EXTENSION = "counterfoil"


@dataclass(frozen=True)
class Ports:
    payments: PaymentsPort
    mail: MailPort
    files: FileStore
    papers: Typesetter


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    ports: Ports


def runtime() -> Runtime:
    running: Runtime = current_app.extensions[EXTENSION]
    return running


def ports() -> Ports:
    return runtime().ports


def of_this_account(model: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions: rows that belong to the payments provider, account and mode that are configured."""
    port = ports().payments
    return model.provider == port.name, model.account == port.account, model.mode == port.mode


def settings() -> Settings:
    return runtime().settings
