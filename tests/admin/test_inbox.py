"""The inbox: whose a case is, when it sleeps, how it ends, and what colleagues tell each other."""

import re

import pytest
from sqlalchemy import select

from backoffice.admin import troubles
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.cases.wordings import WORDINGS
from backoffice.core import units
from backoffice.core.tracking import Subject
from backoffice.models import AuditEntry, Case, Fulfilment, Mention, Note, Refund, StaffMember, Task
from backoffice.staff.roles import Role
from tests.support.office import post, press
from tests.support.shop import hidden, paid
from tests.support.staff import colleague


def open_one(shop, kind=CaseKind.TASK_GAVE_UP, ref="tsk_x", number=1) -> str:
    return units.write(lambda: cases.open_case(kind, Subject("task", number, ref), error="boom").ref)


def me(shop, role) -> StaffMember:
    return shop.all(select(StaffMember).where(StaffMember.role == role))[0]


def listed(client, query: str) -> list[str]:
    return re.findall(r'<a href="/admin/cases/(cas_[^"]+)">', client.get(f"/admin/cases/?{query}").text)


def test_a_case_is_taken_handed_over_and_given_back(shop):
    otto, olive = colleague(shop, Role.OPERATIONS), me(shop, Role.ADMINISTRATOR)
    ref = open_one(shop)
    assert "Nobody has it" in otto.get(f"/admin/cases/{ref}").text
    assert "Otto Orders has it" in post(otto, f"/admin/cases/{ref}/take")
    assert listed(otto, "state=open&owner=me") == [ref]
    assert listed(otto, "state=open&owner=nobody") == []
    assert "Olive Ops has it" in press(otto, f"/admin/cases/{ref}", "assign", owner=olive.ref)
    assert listed(otto, "owner=others") == [ref]
    assert "Nobody has it" in press(otto, f"/admin/cases/{ref}", "assign", owner="")
    assert shop.tags(ref) == ["case.opened", "case.assigned", "case.assigned", "case.assigned"]


def test_a_case_sleeps_and_wakes_by_itself_and_by_hand(shop):
    otto = colleague(shop, Role.OPERATIONS)
    ref = open_one(shop)
    page = post(
        otto, f"/admin/cases/{ref}/snooze", f"/admin/cases/{ref}", until="2026-11-25", reason="the bank is closed"
    )
    assert "Asleep until 25 Nov 2026, 08:00" in page
    assert listed(otto, "state=open") == []
    assert listed(otto, "state=asleep") == [ref]
    assert 'risk">' not in page, "what sleeps does not count as waiting"
    shop.clock.forward(days=4)
    otto = colleague(shop, Role.OPERATIONS)
    assert listed(otto, "state=open") == [ref]
    post(otto, f"/admin/cases/{ref}/snooze", f"/admin/cases/{ref}", until="2026-12-24", reason="until Christmas")
    post(otto, f"/admin/cases/{ref}/wake")
    assert listed(otto, "state=open") == [ref]


@pytest.mark.parametrize("until", ["", "someday", "2026-11-22", "9999-12-31x"])
def test_a_case_that_cannot_sleep_so_keeps_what_was_typed(shop, until):
    otto = colleague(shop, Role.OPERATIONS)
    ref = open_one(shop)
    page = post(otto, f"/admin/cases/{ref}/snooze", f"/admin/cases/{ref}", until=until, reason="waiting for the bank")
    assert 'class="flash bad"' in page
    assert 'value="waiting for the bank"' in page
    assert listed(otto, "state=open") == [ref]


def test_two_cases_of_one_trouble_are_merged(shop):
    otto = colleague(shop, Role.OPERATIONS)
    first, second = open_one(shop), open_one(shop, ref="tsk_y", number=2)
    assert "reason" in post(otto, f"/admin/cases/{second}/merge", into=first)
    assert "Choose the case" in post(otto, f"/admin/cases/{second}/merge", into="", reason="one cable")
    assert sorted(listed(otto, "state=open")) == sorted([first, second])
    page = post(otto, f"/admin/cases/{second}/merge", into=first, reason="one cable, two tasks")
    assert "one cable, two tasks" in page
    assert f'Merged into <a href="/admin/cases/{first}">' in page
    assert listed(otto, "state=open") == [first]
    assert "case.merged" in shop.tags(first)
    assert f'The same trouble as <a href="/admin/cases/{second}">' in otto.get(f"/admin/cases/{first}").text
    assert "would disappear in itself" in post(otto, f"/admin/cases/{first}/merge", into=first, reason="x")
    assert "would disappear in itself" in post(otto, f"/admin/cases/{first}/merge", into=second, reason="x")
    assert listed(otto, "state=open") == [first]


def test_the_same_trouble_afterwards_opens_a_case_anew(shop):
    otto = colleague(shop, Role.OPERATIONS)
    first = open_one(shop)
    post(otto, f"/admin/cases/{first}/resolve", reason="mended")
    assert open_one(shop) != first
    assert "closed already" in post(otto, f"/admin/cases/{first}/assign", owner=me(shop, Role.VIEWER).ref)


def test_a_case_says_which_order_it_belongs_to_whatever_it_is_about(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    shop.refunds(sale)
    order, invoice, payment = shop.order(sale), shop.invoice(sale), shop.payment(sale)
    (refund,) = shop.all(select(Refund))
    (fulfilment,) = shop.all(select(Fulfilment))
    olive, carla = colleague(shop, Role.ADMINISTRATOR), colleague(shop, Role.CATALOGUE)
    for about in (order, invoice, payment, refund, fulfilment):
        ref = units.write(lambda about=about: cases.open_case(CaseKind.WITHDRAWAL, about).ref)
        page = olive.get(f"/admin/cases/?about={about.ref}&state=open").text
        assert f'<a href="/admin/jump?q={order.number}">{order.number}</a>' in page, about
        assert ("of <a" in olive.get(f"/admin/cases/{ref}").text) == (about is not order)
    lonely = open_one(shop)
    assert "jump?q=" not in olive.get("/admin/cases/?about=tsk_x").text
    assert "of <a" not in olive.get(f"/admin/cases/{lonely}").text
    assert f"jump?q={order.number}" not in carla.get("/admin/cases/?state=open").text


def test_the_case_of_a_task_leads_to_what_the_task_was_about(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1)
    sale = paid(shop, buyer)
    task = shop.all(select(Task).where(Task.name == "notices.confirmed"))[-1]
    ref = units.write(lambda: cases.open_case(CaseKind.TASK_GAVE_UP, Subject("task", task.id, task.ref)).ref)
    page = colleague(shop, Role.ADMINISTRATOR).get(f"/admin/cases/{ref}").text
    assert f'<a href="/admin/orders/{sale.order_ref}">' in page


def test_the_twin_of_a_case_is_offered_however_many_are_open(shop, monkeypatch):
    monkeypatch.setattr(cases.open_ones, "__defaults__", (2,))
    for number in range(3):
        open_one(shop, ref=f"tsk_{number}", number=number + 10)
    first = open_one(shop)
    twin = open_one(shop, kind=CaseKind.INVARIANT_BROKEN)
    page = colleague(shop, Role.OPERATIONS).get(f"/admin/cases/{first}").text
    assert f'value="{twin}"' in page


def test_a_case_is_handed_only_to_whoever_can_see_it(shop):
    case = units.write(lambda: cases.open_case(CaseKind.WITHDRAWAL, Subject("order", 1, "ord_1")).ref)
    otto, _ = colleague(shop, Role.OPERATIONS), colleague(shop, Role.CATALOGUE)
    (carl,) = shop.all(select(StaffMember).where(StaffMember.role == Role.CATALOGUE))
    page = otto.get(f"/admin/cases/{case}").text
    assert f'value="{carl.ref}"' not in page
    answer = otto.post(f"/admin/cases/{case}/assign", data={**hidden(page), "owner": carl.ref}, follow_redirects=True)
    assert f"{carl.name} could not see this case" in answer.text
    assert shop.all(select(Case.owner_id)) == [None]


def test_the_page_of_a_thing_offers_the_next_best_action_of_its_cases(shop):
    sale = shop.buyer().orders()
    payment = shop.payment(sale)
    ref = units.write(lambda: cases.open_case(CaseKind.PAYMENT_UNKNOWN, payment).ref)
    fiona, vera = colleague(shop, Role.FINANCE), colleague(shop, Role.VIEWER)
    page = fiona.get(f"/admin/orders/{sale.order_ref}").text
    assert "Open for less than a minute, nobody has it." in page
    otto = colleague(shop, Role.OPERATIONS)
    case = shop.all(select(Case.ref))[-1]
    post(otto, f"/admin/cases/{case}/snooze", f"/admin/cases/{case}", until="2026-11-25", reason="the bank is closed")
    asleep = otto.get(f"/admin/payments/{payment.ref}").text
    assert "asleep until" in asleep
    assert "nobody has it" not in asleep
    back = f"/admin/payments/{payment.ref}"
    assert re.search(rf'action="/admin/payments/{payment.ref}/ask"[^>]*>.*name="back" value="{back}"', page)
    assert "Take it" in page
    assert "Take it" not in vera.get(f"/admin/orders/{sale.order_ref}").text
    token = hidden(page)
    for outside in ("//evil.example/", "/admin/cases/\r\nSet-Cookie: a=b"):
        answer = fiona.post(f"/admin/cases/{ref}/take", data={**token, "back": outside})
        assert answer.location == f"/admin/cases/{ref}"
    answer = fiona.post(f"/admin/cases/{ref}/take", data={**token, "back": back})
    assert answer.location == back
    assert "Fiona Figures has it" in fiona.get(back).text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_kind_of_case_has_its_page_in_the_runbook(shop):
    vera = colleague(shop, Role.VIEWER)
    for kind in CaseKind:
        page = vera.get(f"/admin/cases/kinds/{kind}")
        assert page.status_code == 200
        assert WORDINGS[kind].ends.replace("'", "&#39;") in page.text
        assert page.text.count("<li>") >= len(WORDINGS[kind].steps) >= 2
    assert vera.get("/admin/cases/kinds/nonsense").status_code == 404


def test_a_note_is_written_once_shown_in_the_story_and_not_told_to_the_audit(shop):
    sale = shop.buyer().orders()
    otto = colleague(shop, Role.OPERATIONS)
    address = f"/admin/orders/{sale.order_ref}"
    for _ in range(2):
        page = post(otto, f"{address}/note", address, text="She rang: <b>ring twice</b>\nafter six", key="nok_1")
    assert page.count("She rang: &lt;b&gt;ring twice&lt;/b&gt;\nafter six") == 1
    assert shop.count(Note) == 1
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "note.added"))[0]
    assert "rang" not in str(entry.changes)


def test_whoever_is_called_finds_the_note_and_nobody_else_can_say_it_was_seen(shop):
    sale = shop.buyer().orders()
    otto = colleague(shop, Role.OPERATIONS)
    address = f"/admin/orders/{sale.order_ref}"
    post(otto, f"{address}/note", address, text="@fiona and @Olive, can this be? Write to a@b.de.", key="nok_1")
    called = shop.all(select(StaffMember.name).join(Mention, Mention.staff_id == StaffMember.id))
    assert sorted(called) == ["Fiona Figures", "Olive Ops"]
    page = post(otto, f"{address}/note", address, text="@nobody, look", key="nok_2")
    assert "@nobody is nobody here. You can call @carl, @fiona" in page
    assert ">@nobody, look</textarea>" in page
    assert shop.count(Note) == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 2_001, "card 4242 4242 4242 4242"])
def test_a_note_that_cannot_be_kept_is_refused(shop, text):
    ref = open_one(shop)
    otto = colleague(shop, Role.OPERATIONS)
    assert 'class="flash bad"' in post(otto, f"/admin/cases/{ref}/note", text=text)
    assert shop.count(Note) == 0
    assert shop.count(Case) == 1


# What each kind of case is about, as its opener says.
ABOUT = {
    **dict.fromkeys(
        ("payment_unknown", "payment_refused", "unexpected_money", "amount_differs", "fraud_warned"), "payment"
    ),
    **dict.fromkeys(
        ("refund_unknown", "refund_refused", "refund_failed", "refund_elsewhere", "refund_twice", "refund_overtaken"), "refund"
    ),
    **dict.fromkeys(("dispute_open", "dispute_due", "dispute_unknown", "dispute_refused", "dispute_lost"), "dispute"),
    **dict.fromkeys(("hold_prolonged", "withdrawal", "date_declined"), "order"),
    "unmatched_money": "webhook_event", "reconciliation_break": "break", "payout_failed": "payout",
    "books_silent": "provider", "task_gave_up": "task", "account_deletion": "person", "invariant_broken": "invariant",
    "webhooks_silent": "provider", "events_missed": "provider",
}  # fmt: skip


def test_the_inbox_offers_the_next_step_of_every_kind_and_each_leads_somewhere(shop):
    assert set(ABOUT) == set(CaseKind) == set(troubles.BEST)
    olive = colleague(shop, Role.ADMINISTRATOR)
    for number, (kind, about) in enumerate(sorted(ABOUT.items()), start=1):
        units.write(lambda k=kind, a=about, n=number: cases.open_case(CaseKind(k), Subject(a, n, f"ref_{n}")))
    pages = [olive.get(f"/admin/cases/?kind={kind}").text.partition("<tbody>")[2] for kind in sorted(ABOUT)]
    routes = shop.app.url_map.bind("shop.example")
    for kind, row in zip(sorted(ABOUT), pages, strict=True):
        best = troubles.BEST[CaseKind(kind)]
        assert best.label in row, kind
        if best.page:
            assert routes.match(re.search(r'<a class="button small" href="([^"?]+)', row).group(1), "GET"), kind
        else:
            assert routes.match(re.search(r'<form method="post" action="([^"]+)"', row).group(1), "POST"), kind
            assert (best.asks != "") == ('name="reason" required' in row), kind


def test_a_step_is_pressed_in_the_inbox_and_leads_back_to_it(shop):
    sale = shop.buyer().orders()
    payment = shop.payment(sale)
    units.write(lambda: cases.open_case(CaseKind.PAYMENT_UNKNOWN, payment.subject()))
    otto, vera = colleague(shop, Role.OPERATIONS), colleague(shop, Role.VIEWER)
    listed = "/admin/cases/?state=open&owner=nobody"
    row = otto.get(listed).text.partition("<tbody>")[2]
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', row.partition("</form>")[0]))
    assert form["back"].replace("&amp;", "&") == listed
    answer = otto.post(f"/admin/payments/{payment.ref}/ask", data={**form, "back": listed})
    assert answer.location == listed
    assert "Ask the provider now" in vera.get(listed).text
    assert "<button" not in vera.get(listed).text.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_withdrawal_that_fits_no_order_leads_to_the_orders(shop):
    olive = colleague(shop, Role.ADMINISTRATOR)
    units.write(lambda: cases.open_case(CaseKind.WITHDRAWAL, Subject("withdrawal", 1, "wdr_1")))
    assert '<a class="button small" href="/admin/orders/">Look for the order</a>' in olive.get("/admin/cases/").text
