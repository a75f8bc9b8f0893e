"""Accounts of staff: a link works once, a closed account is out at once, and somebody can always let somebody in."""

import pytest
from sqlalchemy import select

from backoffice.core import actor, units
from backoffice.core.actor import SYSTEM
from backoffice.core.errors import NotFound
from backoffice.logins.passwords import WeakPassword, WrongLogin
from backoffice.models import StaffMember
from backoffice.staff import accounts
from backoffice.staff import service as staff
from backoffice.staff.accounts import LastAdministrator, NoAddress, NotYourself
from backoffice.staff.roles import MATRIX, Right, Role

OLIVE = "olive@plumb-and-level.example"


def invited(role=Role.OPERATIONS) -> tuple[str, str]:
    """Reference and token of a colleague who was invited."""

    def act():
        member = accounts.invite("New@Example.org ", "Nora New", role, by=SYSTEM)
        return member.ref, accounts.link_for(member).rpartition("/")[2]

    return units.write(act)


def acts(operation, email, *, by=SYSTEM, **more):
    units.write(lambda: operation(staff.find(email), by=by, reason="asked for", **more))


def of(shop, email) -> StaffMember:
    return shop.all(select(StaffMember).where(StaffMember.email == email))[0]


def test_an_invited_colleague_chooses_a_password_once(shop, clock):
    ref, token = invited()
    with pytest.raises(WrongLogin):
        staff.log_in("new@example.org", "", None)
    with pytest.raises(WeakPassword):
        accounts.set_password(token, "short", network=None, device="")
    opened = accounts.set_password(token, "a long enough one", network=None, device="Firefox")
    with units.read():
        assert staff.by_token(opened).subject.ref == ref
    with pytest.raises(NotFound):
        accounts.set_password(token, "somebody else's one", network=None, device="")
    assert staff.log_in("new@example.org", "a long enough one", None)
    assert shop.tags(ref) == ["staff.created", "staff.password_set", "staff.logged_in", "staff.logged_in"]


def test_a_link_ends_after_three_days_and_with_the_account(shop, clock):
    _, token = invited()
    acts(accounts.close, "new@example.org")
    with pytest.raises(NotFound):
        accounts.set_password(token, "a long enough one", network=None, device="")
    acts(accounts.reopen, "new@example.org")
    clock.forward(days=3, seconds=1)
    with pytest.raises(NotFound):
        accounts.set_password(token, "a long enough one", network=None, device="")


def test_a_link_does_not_open_a_role_that_was_given_after_it_was_sent(shop):
    _ref, token = invited(Role.VIEWER)

    def promote():
        accounts.change_role(accounts.by_link(token), Role.ADMINISTRATOR, by=SYSTEM, reason="more to do")

    units.write(promote)
    with units.read(), pytest.raises(NotFound):
        accounts.by_link(token)


def test_a_new_password_ends_the_sessions_of_the_old(shop):
    old = staff.log_in(OLIVE, "measure twice", None)
    with units.read():
        token = accounts.link_for(staff.find(OLIVE)).rpartition("/")[2]
    accounts.set_password(token, "measure it thrice", network=None, device="")
    with units.read():
        assert staff.by_token(old) is None


def test_closing_ends_sessions_and_opening_again_brings_none_back(shop):
    token = staff.log_in("otto@plumb-and-level.example", "measure twice", None)
    acts(accounts.close, "otto@plumb-and-level.example")
    with units.read():
        assert staff.by_token(token) is None
    acts(accounts.reopen, "otto@plumb-and-level.example")
    with units.read():
        assert staff.by_token(token) is None


def test_a_lost_laptop_is_logged_out(shop):
    token = staff.log_in(OLIVE, "measure twice", None)
    acts(accounts.end_sessions, OLIVE)
    with units.read():
        assert staff.by_token(token) is None


def test_the_last_administrator_stays_one(shop):
    for change in (accounts.close, lambda *args, **more: accounts.change_role(*args, Role.VIEWER, **more)):
        with pytest.raises(LastAdministrator):
            acts(change, OLIVE)
    acts(lambda *args, **more: accounts.change_role(*args, Role.ADMINISTRATOR, **more), "otto@plumb-and-level.example")
    acts(accounts.close, OLIVE)
    assert not of(shop, OLIVE).active


def test_nobody_changes_their_own_rights(shop):
    olive = actor.staff(of(shop, OLIVE).ref)
    for change in (accounts.close, lambda *args, **more: accounts.change_role(*args, Role.VIEWER, **more)):
        with pytest.raises(NotYourself):
            acts(change, OLIVE, by=olive)


@pytest.mark.parametrize(
    ("email", "name"), [("nobody", "N"), ("a b@example.org", "N"), ("a\0@b", "N"), ("a@example.org", " \0 ")]
)
def test_an_account_has_a_name_and_an_address(shop, email, name):
    with pytest.raises(NoAddress):
        units.write(lambda: accounts.invite(email, name, Role.VIEWER, by=SYSTEM))


def test_every_right_belongs_to_somebody_and_administrators_have_all():
    assert set(MATRIX) == set(Right)
    assert all(Role.ADMINISTRATOR in roles for roles in MATRIX.values())
