"""The audit log: every change has its counterfoil, personal data stays sealed, the request can be followed."""

import json

import pytest
from sqlalchemy import select

from backoffice.app.edge import Introduced
from backoffice.audit import service as audit
from backoffice.audit.tags import WORDS, Tag
from backoffice.core import sealing, units
from backoffice.core.actor import SYSTEM, origin
from backoffice.core.db import session
from backoffice.core.tracking import Subject
from backoffice.core.units import NestedUnit
from backoffice.models import AuditEntry, Person
from tests.support.shop import Shop
from tests.support.statements import statements


def entries(shop: Shop) -> list[AuditEntry]:
    return shop.all(select(AuditEntry).order_by(AuditEntry.id))


def test_every_tag_has_words_for_people():
    assert set(WORDS) == set(Tag)


def test_no_personal_value_stands_clear_in_the_log(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    log = json.dumps([[row.changes, row.reason, row.actor_ref, row.network] for row in entries(shop)])
    for value in ("ada@example.org", "Ada Lovelace", "Analytical Way", "10115", "127.0.0.1"):
        assert value not in log


def test_what_is_sealed_can_be_read_while_the_persons_key_exists(shop):
    sale = shop.buyer().orders()
    (row,) = [row for row in entries(shop) if row.tag == "order.placed"]
    with units.read():
        person = session.scalars(select(Person)).one()
        sealed = row.changes["email"][1]
        assert sealed["person"] == person.ref
        assert sealing.unseal(person.wrapped_key, sealed["cipher"]) == "ada@example.org"
    assert shop.order(sale).person_id


def test_what_changed_nothing_is_one_row_on_its_own(shop):
    """A look: committed when the call returns, by one statement, and never inside a unit that may be taken back."""
    me = Subject("staff", 1, "stf_one")
    with statements() as sent:
        audit.record_alone(Tag.LIST_VIEWED, me, by=SYSTEM, desk="orders", rows=3)
    assert len(sent) == 1
    assert sent[0].startswith("INSERT INTO audit_log")
    (row,) = [row for row in entries(shop) if row.tag == Tag.LIST_VIEWED]
    assert (row.subject_ref, row.changes) == ("stf_one", {"desk": [None, "orders"], "rows": [None, 3]})
    with pytest.raises(NestedUnit), units.read():
        audit.record_alone(Tag.LIST_VIEWED, me, by=SYSTEM)


def test_one_request_can_be_followed_into_its_tasks(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    answer = buyer.client.post("/checkout", data=buyer.checkout_form())
    request_id = answer.headers["X-Request-Id"]
    sale = shop.sale_of(buyer, answer.location)
    shop.minutes_pass(50)
    mine = [row for row in entries(shop) if row.request_id == request_id]
    assert {"order.placed", "payment.sent", "order.expired", "mail.sent"} <= {row.tag for row in mine}
    assert {row.via for row in mine} == {"web", "worker"}
    assert shop.order(sale).state == "expired"


@pytest.mark.parametrize(
    ("is_behind_proxy", "given", "is_kept"),
    [(True, "req_of_our_proxy", True), (True, "<script>", False), (False, "req_of_a_visitor", False)],
)
def test_a_request_id_counts_behind_a_proxy_of_ours(is_behind_proxy, given, is_kept):
    """Visitors would choose the id that the audit log finds their deeds by, or somebody else's."""

    def app(_environ, _start_response):
        return [origin().request_id.encode()]

    introduced = Introduced(app, is_behind_proxy=is_behind_proxy)
    (told,) = introduced({"HTTP_X_REQUEST_ID": given, "PATH_INFO": "/"}, None)
    assert (told.decode() == given) is is_kept
    assert told.startswith(b"req_")


def test_who_and_before_and_after_are_told(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    (row,) = [row for row in entries(shop) if row.tag == "order.paid"]
    assert row.changes["state"] == ["placed", "paid"]
    assert (row.actor_kind, row.actor_ref) == ("provider", "sandbox")
    assert row.subject_ref == sale.order_ref
