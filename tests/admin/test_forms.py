"""Every form that the office shows: forged it does nothing, and whatever is typed into it comes back as text."""

import pytest
from sqlalchemy import select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.models import AuditEntry
from tests.support import staff
from tests.support.forms import Form, read, walk
from tests.support.shop import Shop

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
BAD = ("<script>alert", "<img src=x")
APART = ("/admin/logout", "/admin/export", "/admin/seen")  # ends the walk, or is no page


@pytest.fixture
def full(shop: Shop) -> Shop:
    """Something at every desk."""
    for email in ("ada@example.org", "eve@example.org"):
        buyer = shop.buyer(email)
        buyer.fills_cart(2)
        sale = buyer.places()
        shop.pays(sale)
        shop.works()
    shop.refunds(sale, 100)
    shop.is_disputed(sale)
    shop.minutes_pass(1)
    shop.reconciles()
    waiting = shop.buyer("bob@example.org").orders()
    units.write(lambda: cases.open_case(CaseKind.PAYMENT_UNKNOWN, shop.payment(waiting).subject()))
    units.write(lambda: cases.open_case(CaseKind.DATE_DECLINED, shop.order(sale).subject()))
    return shop


def pages(shop: Shop, client) -> dict[str, str]:
    inside = lambda path: path.startswith("/admin") and not path.endswith((".csv", ".pdf"))  # noqa: E731
    return dict(walk(shop.app, client, "/admin/", inside))


def posts(found: dict[str, str]) -> list[Form]:
    """Each kind of form once."""
    kinds = {}
    for path, text in found.items():
        for form in read(path, text)[0]:
            if form.method == "post" and not form.action.startswith(APART):
                kinds.setdefault((form.action.partition("?")[0], *sorted(form.values)), form)
    return list(kinds.values())


def changes(shop: Shop) -> int:
    """Facts, without the traces of looks."""
    looks = ["person.viewed", "list.viewed"]
    return len(shop.all(select(AuditEntry.id).where(AuditEntry.tag.not_in(looks))))


def test_no_form_of_the_office_works_without_its_token(full):
    olive = staff.logged_in(full)
    forms = posts(pages(full, olive))
    assert len(forms) > 60
    before = changes(full)
    for form in forms:
        assert "csrf_token" in form.values, form.action
        for token in ({}, {"csrf_token": "forged"}):
            values = {name: value for name, value in form.values.items() if name != "csrf_token"}
            answer = olive.post(form.action, data={**values, "reason": "forged", **token})
            assert answer.status_code in (400, 422), (form.action, answer.status_code)
    assert changes(full) == before


def test_whatever_is_typed_into_a_form_of_the_office_comes_back_as_text(full):
    """Each field of each form gets a script; then every page of office and shop is read again."""
    olive = staff.logged_in(full)
    tried = 0
    for form in posts(pages(full, olive)):
        if form.is_upload or not form.typed:
            continue
        for name in sorted(form.typed):
            fresh = olive.get(form.page)
            if fresh.status_code != 200:
                continue
            now = {(item.action, *sorted(item.values)): item for item in read(form.page, fresh.text)[0]}
            current = now.get((form.action, *sorted(form.values)))
            if current is None:  # the thing moved on: another form stands there now
                continue
            filled = {key: value or "7" for key, value in current.values.items()}
            answer = olive.post(form.action, data={**filled, name: SCRIPT}, follow_redirects=True)
            assert answer.status_code < 500, (form.action, name)
            assert not [bad for bad in BAD if bad in answer.text], (form.action, name)
            tried += 1
    assert tried > 60
    full.works()
    again = staff.logged_in(full)
    for path, text in pages(full, again).items():
        assert not [bad for bad in BAD if bad in text], path
    visitor = full.app.test_client()
    for path, text in walk(full.app, visitor, "/", lambda path: not path.startswith(("/admin", "/images"))):
        assert not [bad for bad in BAD if bad in text], path
