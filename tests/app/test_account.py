"""Whose key it is, asked before a program starts."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from backoffice.app import account
from integrations.payments.port import OutcomeUnknown, Refused


@dataclass
class Answering:
    """A provider as configured, whose key opens something."""

    answer: tuple[str, str] | Exception
    name: str = "stripe"
    account: str = "acct_ours"
    mode: str = "live"

    def opens(self) -> tuple[str, str]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def start(app, monkeypatch):
    def starts(answer: tuple[str, str] | Exception) -> list[str]:
        monkeypatch.setattr(account, "ports", lambda: SimpleNamespace(payments=Answering(answer)))
        logged: list[str] = []
        monkeypatch.setattr(account, "log", SimpleNamespace(warning=lambda event, **_more: logged.append(event)))
        account.confirm(app)
        return logged

    return starts


def test_a_key_of_the_configured_account_starts_without_a_word(start):
    assert start(("acct_ours", "live")) == []


@pytest.mark.parametrize("opened", [("acct_other", "live"), ("acct_ours", "test")])
def test_a_key_of_another_account_or_mode_starts_nothing(start, opened):
    with pytest.raises(
        SystemExit, match=f"opens account {opened[0]} in {opened[1]} mode, and configured is acct_ours in live"
    ):
        start(opened)


def test_a_key_that_the_provider_does_not_know_starts_nothing(start):
    with pytest.raises(SystemExit, match="stripe does not know the key"):
        start(Refused("unauthorised", "no"))


@pytest.mark.parametrize("trouble", [OutcomeUnknown("timeout"), Refused("permission_denied", "no")])
def test_a_provider_that_does_not_say_stops_nobody_and_is_told(start, trouble):
    assert start(trouble) == ["the provider did not say what its key opens"]
