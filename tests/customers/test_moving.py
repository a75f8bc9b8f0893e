"""An account gets another address: proved at the new one, told to the old one, and strangers learn nothing."""

import re

import pytest
from sqlalchemy import select

from backoffice.models import AuditEntry, Person
from tests.support import staff
from tests.support.accounts import SENTENCE, asks, asks_to_move, logs_in, mails, moving_link, registers
from tests.support.shop import hidden

NEW = "ada@new.example"


@pytest.fixture
def ada(shop):
    client = shop.app.test_client()
    registers(shop, client)
    return client


def address(shop) -> list[str]:
    return shop.all(select(Person.email).where(Person.password_hash.is_not(None)))


def test_the_link_of_the_new_address_moves_the_account_and_the_old_one_is_told(shop, ada):
    answer = asks_to_move(ada, " ADA@new.example ")
    assert answer.location == "/account"
    assert address(shop) == ["ada@example.org"], "nothing changes before the link is used"
    where = moving_link(shop)
    assert shop.app.test_client().get(where).location.startswith("/account/login")
    phone = shop.app.test_client()  # the mail is read on another device
    logs_in(phone)
    assert NEW in phone.get(where).text
    assert address(shop) == ["ada@example.org"], "mail programs look at links too"
    form = hidden(phone.get(where).text)
    assert [phone.post(where, data=form).status_code for _ in range(2)] == [303, 303], "pressed twice is pressed once"
    assert address(shop) == [NEW]
    (told,) = mails(shop, "email_changed")
    assert (told.recipient, NEW in told.text) == ("ada@example.org", True)
    assert mails(shop, "email_proof")[0].recipient == NEW
    assert logs_in(shop.app.test_client()).status_code == 401
    assert logs_in(shop.app.test_client(), email=NEW).status_code == 303
    assert (phone.get("/account").status_code, ada.get("/account").status_code) == (200, 303), "other sessions end"
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "account.changed"))[-1]
    assert NEW not in str(entry.changes)


def test_a_link_works_once_for_a_day_and_not_after_a_new_password(shop, ada, clock):
    asks_to_move(ada, NEW)
    first = moving_link(shop)
    assert ada.get(first[:-2] + "xx").status_code == 404
    asks(ada, first)
    assert ada.get(first).status_code == 404
    asks_to_move(ada, "ada@second.example")
    asks(ada, moving_link(shop))
    assert ada.post(first, data=hidden(ada.get("/account").text)).status_code == 404, "it would take the move back"
    assert address(shop) == ["ada@second.example"]
    clock.forward(minutes=3)
    asks_to_move(ada, "ada@third.example")
    second = moving_link(shop)
    clock.forward(hours=25)
    assert ada.get(second).status_code == 404
    asks_to_move(ada, "ada@third.example")
    third = moving_link(shop)
    form = hidden(ada.get("/account").text)
    ada.post("/account/change-password", data={**form, "old": SENTENCE, "password": "another sentence"})
    assert ada.get(third).status_code == 404


def test_a_reset_that_was_sent_to_the_old_address_ends_with_it(shop, ada):
    asks(shop.app.test_client(), "/account/forgot", email="ada@example.org")
    reset = re.search(r"http://shop.example(/account/password/\S+)", mails(shop, "account_reset")[0].text).group(1)
    asks_to_move(ada, NEW)
    asks(ada, moving_link(shop))
    assert shop.app.test_client().get(reset).status_code == 404


def test_an_address_that_is_known_here_looks_the_same_and_its_owner_is_told(shop, ada):
    shop.buyer("guest@example.org").orders()
    pages = []
    for email in ("guest@example.org", NEW):
        answer = asks_to_move(ada, email)
        pages.append((answer.status_code, answer.location, ada.get("/account").text.count("We have sent a mail to")))
    assert pages[0] == pages[1]
    (told,) = mails(shop, "email_taken")
    assert told.recipient == "guest@example.org"
    assert "/account/email/" not in told.text


def test_an_address_that_was_taken_meanwhile_is_refused_and_changes_nothing(shop, ada):
    asks_to_move(ada, NEW)
    where = moving_link(shop)
    shop.buyer(NEW).orders()
    answer = asks(ada, where)
    assert (answer.status_code, "belongs to somebody else" in answer.text) == (409, True)
    assert address(shop) == ["ada@example.org"]


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        (NEW, "wrong password", "not your present password"),
        (NEW, "", "password is missing"),
        ("nonsense", SENTENCE, "address"),
        ("ada@example.org", SENTENCE, "has already"),
    ],
)
def test_what_cannot_be_done_says_why_and_keeps_what_was_typed(shop, ada, email, password, words):
    answer = asks_to_move(ada, email, password)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert f'value="{email}"' in answer.text
    assert '<details class="quiet" open>' in answer.text
    assert mails(shop, "email_proof") == []


def test_nobody_gives_their_address_to_the_account_of_somebody_else_by_a_click(shop, ada):
    """The link works for whoever asked for it and is logged in; its token is nowhere to be read in the office."""
    eve = shop.app.test_client()
    registers(shop, eve, "eve@example.org")
    asks_to_move(eve, "victim@example.org")
    where = moving_link(shop)
    assert ada.get(where).status_code == 404
    assert ada.post(where, data=hidden(ada.get("/account").text)).status_code == 404
    assert sorted(address(shop)) == ["ada@example.org", "eve@example.org"]
    vera = staff.logged_in(shop, "vera@plumb-and-level.example")
    page = vera.get(f"/admin/mails/{mails(shop, 'email_proof')[-1].ref}").text
    assert "/account/…" in page or "/account/email/…" in page
    assert where.rsplit("/", 1)[1] not in page


def test_a_strangers_address_gets_few_mails_whoever_asks(shop, ada, clock):
    others = [shop.app.test_client() for _ in range(3)]
    for number, client in enumerate(others):
        registers(shop, client, f"asker{number}@example.org")
    for client in (ada, *others, ada):
        asks_to_move(client, "target@corp.example")
        asks_to_move(client, "target@\uff43orp.example")
        shop.works()
    for _ in range(6):
        clock.forward(minutes=5)
        asks_to_move(ada, "target@corp.example")
        shop.works()
    assert len(mails(shop, "email_proof")) == 3
    assert {mail.recipient for mail in mails(shop, "email_proof")} == {"target@corp.example"}


def test_after_a_new_password_the_link_can_be_asked_for_again_at_once(shop, ada):
    asks_to_move(ada, NEW)
    first = moving_link(shop)
    form = hidden(ada.get("/account").text)
    ada.post("/account/change-password", data={**form, "old": SENTENCE, "password": "another sentence"})
    asks_to_move(ada, NEW, "another sentence")
    assert moving_link(shop) != first
    assert ada.get(moving_link(shop)).status_code == 200


def test_a_link_that_was_asked_for_before_a_new_password_is_not_even_sent(shop, ada):
    asks_to_move(ada, NEW)
    form = hidden(ada.get("/account").text)
    ada.post("/account/change-password", data={**form, "old": SENTENCE, "password": "another sentence"})
    assert mails(shop, "email_proof") == []


def test_guessing_the_password_is_throttled_here_too(shop, ada):
    codes = [asks_to_move(ada, NEW, "wrong password").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_strangers_reach_no_form_of_it(shop):
    client = shop.app.test_client()
    assert client.post("/account/email", data={"email": NEW, "proof": "x"}).location.startswith("/account/login")
