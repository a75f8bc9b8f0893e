"""Every form that the office shows: forged it does nothing, and whatever is typed into it comes back as text."""

import re
from datetime import timedelta
from itertools import product
from urllib.parse import urlsplit

from sqlalchemy import select

from backoffice.models import AuditEntry
from tests.admin.test_pictures import picture
from tests.support import staff
from tests.support.forms import Form, read, walk
from tests.support.shop import Shop

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
BAD = ("<script>alert", "<img src=x")
APART = ("/admin/logout", "/admin/export", "/admin/seen")  # ends the walk, or is no page


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


def sent(form: Form, called: str = SCRIPT) -> dict[str, object]:
    """What a form is sent with: as it stands, with something in every field and a picture for every file, called as badly as
    the rest."""
    pictures = {name: (picture(), f"{called}.png") for name in form.files}
    return {**{key: value or "7" for key, value in form.values.items()}, **pictures}


def test_whatever_is_typed_into_a_form_of_the_office_comes_back_as_text(full):
    """Each field of each form gets a script; then every page of office and shop is read again. Many forms take it, and their
    pages show it as what was typed."""
    olive = staff.logged_in(full)
    tried, taken, uploads = 0, set(), 0
    for form in posts(pages(full, olive)):
        if not form.typed:
            continue
        for name in sorted(form.typed):
            fresh = olive.get(form.page)
            if fresh.status_code != 200:
                continue
            now = {(item.action, *sorted(item.values)): item for item in read(form.page, fresh.text)[0]}
            current = now.get((form.action, *sorted(form.values)))
            if current is None:  # the thing moved on: another form stands there now
                continue
            answer = olive.post(form.action, data={**sent(current), name: SCRIPT}, follow_redirects=True)
            assert answer.status_code < 500, (form.action, name)
            assert not [bad for bad in BAD if bad in answer.text], (form.action, name)
            tried += 1
            uploads += form.is_upload
            if 'class="flash good"' in answer.text:
                taken.add(form.action)
    assert tried > 60
    assert uploads >= 3
    assert len(taken) > 25, sorted(taken)
    full.works()
    again = staff.logged_in(full)
    shown = 0
    for path, text in pages(full, again).items():
        assert not [bad for bad in BAD if bad in text], path
        shown += "&lt;script&gt;alert(1)" in text
    assert shown > 15
    visitor = full.app.test_client()
    for path, text in walk(full.app, visitor, "/", lambda path: not path.startswith(("/admin", "/images"))):
        assert not [bad for bad in BAD if bad in text], path


# What the plan names and this history offers; what it does not has a test of its own.
NAMED = {
    "desk_orders.confirm", "desk_orders.email", "desk_orders.ship", "desk_orders.cancel", "desk_orders.extend",
    "desk_orders.note", "desk_invoices.send", "desk_webhooks.replay", "desk_cases.assign", "desk_cases.take",
    "desk_cases.snooze", "desk_cases.resolve", "desk_products.price", "desk_products.texts", "desk_products.rename",
    "desk_stock.receive", "desk_disputes.submit", "desk_customers.bar", "desk_staff.invite", "legal.publish",
}  # fmt: skip
# Leaves nothing to be done to what it is about: pressed last.
ENDS = re.compile(r"/(cancel|withdraw|resolve|merge|close|unhang|remove|detach|drop|role|submit|answer|take|ship)\b")
# Ends what is there, however often: links that were sent since end with the second press.
AGAIN = re.compile(r"/end-sessions$")


def filled(form: Form, shop: Shop, *, otherwise: bool, sparse: bool) -> dict[str, object]:
    """What a colleague could send who means it: a day where one is asked for, the last of what can be chosen, a picture.
    ``otherwise``: words that stand there get one more letter; ``sparse``: what is empty stays so."""
    day = (shop.clock() + timedelta(days=10)).date().isoformat()
    meant = {"date": day, "datetime-local": f"{day}T10:00", "email": "someone.new@example.org"}
    values: dict[str, object] = {}
    for name, value in form.values.items():
        kind = form.kinds.get(name, "text")
        if name in form.choices and name != "page":
            value = next((one for one in reversed(form.choices[name]) if one), value)
        elif otherwise and name in form.typed and value:
            value = f"{value}x" if kind != "email" else meant["email"]
        needed = name == "reason" or kind in meant or not sparse
        values[name] = value or (meant.get(kind, "7") if needed else "")
    return {**values, **{name: (picture(), "7.png") for name in form.files}}


def test_whatever_is_pressed_twice_is_done_once(full):
    """Each form is sent twice as it was shown: nothing is written by the second press that the first one wrote."""
    olive = staff.logged_in(full)
    routes, pressed, twice = full.app.url_map.bind("localhost"), set(), {}
    for form in sorted(posts(pages(full, olive)), key=lambda form: bool(ENDS.search(form.action))):
        if form.action.partition("?")[0].endswith(".csv"):  # a file is taken along each time
            continue
        fresh = olive.get(form.page)
        now = {(item.action, *sorted(item.values)): item for item in read(form.page, fresh.text)[0]}
        current = now.get((form.action, *sorted(form.values)))
        if fresh.status_code != 200 or current is None:
            continue
        for otherwise, sparse in product((False, True), repeat=2):
            before, form = changes(full), filled(current, full, otherwise=otherwise, sparse=sparse)
            answer = olive.post(current.action, data=form, follow_redirects=True)
            after = changes(full)
            if after > before and 'class="flash good"' in answer.text:
                break
        else:
            continue
        pressed.add(routes.match(urlsplit(current.action).path, "POST")[0])
        form = filled(current, full, otherwise=otherwise, sparse=sparse)  # a picture is read once
        again = olive.post(current.action, data=form, follow_redirects=True)
        assert again.status_code < 500, current.action
        if changes(full) != after:
            twice[current.action] = full.all(select(AuditEntry.tag).order_by(AuditEntry.id))[-(changes(full) - after) :]
    assert {action: tags for action, tags in twice.items() if not AGAIN.search(action)} == {}
    assert pressed >= NAMED
    assert len(pressed) > 45


def test_whatever_is_typed_into_a_filter_of_the_office_comes_back_as_text(full):
    """Every field of every form that asks: filters, the jump box, the choices of a page."""
    olive = staff.logged_in(full)
    tried = set()
    for path, text in pages(full, olive).items():
        for form in read(path, text)[0]:
            for name in form.values if form.method == "get" else ():
                place = form.action.partition("?")[0]
                if (place, name) in tried:
                    continue
                tried.add((place, name))
                answer = olive.get(place, query_string={**form.values, name: SCRIPT}, follow_redirects=True)
                assert answer.status_code < 500, (place, name)
                assert not [bad for bad in BAD if bad in answer.text], (place, name)
    assert len(tried) > 60
    assert ("/admin/jump", "q") in tried
