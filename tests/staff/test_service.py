"""Staff: logins that leak nothing and tire attackers, sessions that end."""

import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.logins import passwords, sessions, throttle
from backoffice.logins.passwords import WeakPassword, WrongLogin
from backoffice.logins.throttle import TooManyAttempts
from backoffice.models import AuditEntry, LoginSession, StaffMember
from backoffice.staff import accounts
from backoffice.staff import service as staff
from backoffice.staff.accounts import AddressTaken

EMAIL, PASSWORD = "olive@plumb-and-level.example", "measure twice"


def test_a_right_login_opens_a_session_that_ends(shop, clock):
    token = staff.log_in(f"  {EMAIL.upper()} ", PASSWORD, "203.0.113.0/24")
    with units.read():
        assert staff.by_token(token).subject.ref == staff.find(EMAIL).ref
        assert staff.by_token(token + "x") is None
    assert token not in [row.token_hash for row in shop.all(select(LoginSession))]
    clock.forward(hours=13)
    with units.read():
        assert staff.by_token(token) is None


def test_a_session_that_is_used_lives_on(shop, clock):
    token = staff.log_in(EMAIL, PASSWORD, None)
    for _ in range(4):
        clock.forward(hours=8)
        with units.read():
            assert sessions.needs_touch(staff.by_token(token).seen_at)
        units.write(lambda: staff.touch(token))
    with units.read():
        assert staff.by_token(token)


def test_a_session_that_is_used_without_end_ends_after_a_week(shop, clock):
    token = staff.log_in(EMAIL, PASSWORD, None)
    for _ in range(20):
        clock.forward(hours=8)
        units.write(lambda: staff.touch(token))
    with units.read():
        assert staff.by_token(token)
    clock.forward(hours=9)
    with units.read():
        assert staff.by_token(token) is None


def test_logging_out_ends_the_session_on_the_server(shop):
    token = staff.log_in(EMAIL, PASSWORD, None)
    units.write(lambda: staff.log_out(token))
    with units.read():
        assert staff.by_token(token) is None


def test_a_closed_account_is_out_at_once(shop):
    token = staff.log_in(EMAIL, PASSWORD, None)

    def close():
        member = session.scalars(select(StaffMember).where(StaffMember.email == EMAIL)).one()
        member.active = False
        audit.record(Tag.STAFF_LOGGED_OUT, member, by=SYSTEM)

    units.write(close)
    with units.read():
        assert staff.by_token(token) is None
    with pytest.raises(WrongLogin):
        staff.log_in(EMAIL, PASSWORD, None)


def test_unknown_addresses_and_wrong_passwords_look_the_same(shop, monkeypatch):
    verified = []
    hasher = passwords._hasher

    class Counting:
        def verify(self, stored, password):
            verified.append(1)
            return hasher.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    messages = set()
    for email in (EMAIL, "nobody@example.org"):
        with pytest.raises(WrongLogin) as refusal:
            staff.log_in(email, "wrong password", None)
        messages.add(str(refusal.value))
    assert len(messages) == 1
    assert len(verified) == 2, "an unknown address must cost a hash too"


def test_the_decoy_costs_as_much_as_a_real_hash():
    assert not PasswordHasher().check_needs_rehash(passwords.DECOY)


def test_five_wrong_passwords_close_the_door_for_a_while_even_to_the_right_one(shop, clock):
    for _ in range(5):
        with pytest.raises(WrongLogin):
            staff.log_in(EMAIL, "wrong password", "203.0.113.0/24")
    with pytest.raises(TooManyAttempts):
        staff.log_in(EMAIL, PASSWORD, "203.0.113.0/24")
    assert staff.log_in(EMAIL, PASSWORD, "198.51.100.0/24"), "a stranger elsewhere locks nobody out"
    clock.forward(minutes=16)
    assert staff.log_in(EMAIL, PASSWORD, "203.0.113.0/24")


def test_guessing_one_address_from_many_networks_closes_the_door_everywhere(shop, clock):
    for number in range(throttle.MOST_PER_ADDRESS):
        with pytest.raises(WrongLogin):
            staff.log_in(EMAIL, "wrong password", f"203.0.{number}.0/24")
    with pytest.raises(TooManyAttempts):
        staff.log_in(EMAIL, PASSWORD, "198.51.100.0/24")
    clock.forward(minutes=16)
    assert staff.log_in(EMAIL, PASSWORD, "198.51.100.0/24")


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_many_guesses_at_once_do_not_slip_through(shop):
    errors = []

    def guess():
        with shop.app.app_context():
            try:
                staff.log_in(EMAIL, "wrong password", None)
            except (WrongLogin, TooManyAttempts) as error:
                errors.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors.count(WrongLogin) <= throttle.MOST_TOGETHER
    assert len(errors) == 16


def test_one_network_trying_many_addresses_is_stopped(shop):
    for number in range(throttle.MOST_PER_NETWORK):
        with pytest.raises(WrongLogin):
            staff.log_in(f"guess{number}@example.org", "x", "203.0.113.0/24")
    with pytest.raises(TooManyAttempts):
        staff.log_in("another@example.org", "x", "203.0.113.0/24")


def test_logins_and_refusals_are_in_the_audit_log(shop):
    staff.log_in(EMAIL, PASSWORD, None)
    with pytest.raises(WrongLogin):
        staff.log_in(EMAIL, "wrong", None)
    tags = shop.all(select(AuditEntry.tag).where(AuditEntry.subject_kind == "staff").order_by(AuditEntry.id))
    assert tags[-2:] == ["staff.logged_in", "staff.login_refused"]


def test_weak_passwords_and_taken_addresses_are_refused(shop):
    for password in (
        "short",
        "a@example.org",
        "password1234",
        "tmptmptmptmp",
        "!!Qwertz2026!!",
        "123456789012",
        "x" * 201,
    ):
        with pytest.raises(WeakPassword):
            units.write(lambda p=password: accounts.create("a@example.org", "A", p, by=SYSTEM))
    with pytest.raises(AddressTaken):
        units.write(lambda: accounts.create(EMAIL, "B", "long enough password", by=SYSTEM))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_command_creates_an_account(shop):
    runner = shop.app.test_cli_runner()
    good = runner.invoke(args=["staff", "create", "new@example.org", "--password", "long enough password"])
    assert (good.exit_code, "can log in" in good.output) == (0, True)
    again = runner.invoke(args=["staff", "create", "new@example.org", "--password", "long enough password"])
    assert (again.exit_code, "has a staff account already" in again.output) == (1, True)
