"""Lists of the office: pages both ways, filters that combine, views that are kept, and that
whoever looks at a customer's data leaves a trace."""

import html
import re
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, select

from backoffice.admin.lists import DeskList
from backoffice.admin.paging import Keyset
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, units
from backoffice.core.db import db
from backoffice.core.tracking import Subject
from backoffice.models import Order, SavedView, StaffMember
from backoffice.staff import saved_views
from backoffice.staff.roles import Role
from tests.support.office import post, taken
from tests.support.shop import hidden, paid
from tests.support.staff import colleague
from tests.support.statements import statements


def numbers(page: str) -> list[str]:
    return re.findall(r'<a href="/admin/orders/ord_[^"]+">(\d+)</a>', page)


def paid_order(shop) -> None:
    buyer = shop.buyer()
    buyer.fills_cart()
    paid(shop, buyer)


def follow(client, page: str, words: str) -> str:
    address = re.search(rf'<a href="([^"]+)"[^>]*>{words}</a>', page).group(1)
    return client.get(address.replace("&amp;", "&")).text


@pytest.mark.parametrize("start", ["", "?from=2026-01-01"], ids=["by key", "by day"])
def test_pages_lead_down_and_up_again_and_lose_no_row(shop, fifty, start):
    client = colleague(shop, Role.OPERATIONS)
    first = client.get(f"/admin/orders/{start}").text
    second = follow(client, first, "Older")
    third = follow(client, second, "Older")
    seen = [*numbers(first), *numbers(second), *numbers(third)]
    assert seen == [str(number) for number in [*range(20_049, 20_000, -1), 10_001]]
    assert "Older" not in third
    assert "This is the end." in third
    assert numbers(follow(client, third, "Newer")) == numbers(second)
    assert numbers(follow(client, follow(client, third, "Newer"), "Newer")) == numbers(first)
    assert numbers(follow(client, first, "Oldest"))[-1] == "10001"
    assert numbers(follow(client, third, "Newest")) == numbers(first)


def test_filters_combine_and_an_address_is_found_however_it_is_typed(shop, fifty):
    client = colleague(shop, Role.OPERATIONS)
    page = client.get("/admin/orders/?email=+Eve%40Example.ORG&from=2026-11-24").text
    assert numbers(page) == [str(number) for number in range(20_049, 20_038, -2)]
    assert numbers(client.get("/admin/orders/?email=eve@example.org&state=paid").text) == []
    day = "/admin/orders/?from=2026-11-23&to=2026-11-23"  # from midnight to midnight in Berlin
    assert numbers(client.get(day).text)[0] == "20037"
    assert numbers(client.get(f"{day}&end=y").text)[-1] == "20014"


@pytest.mark.parametrize("given", ["from=someday", "state=lost", "number=x", "to=9999-12-31"])
def test_a_filter_that_cannot_be_read_finds_nothing_and_says_so(shop, fifty, given):
    page = colleague(shop, Role.OPERATIONS).get(f"/admin/orders/?{given}").text
    assert numbers(page) == []
    assert "cannot be read as" in page


@pytest.mark.parametrize(
    "given",
    [
        "after=x", "after=1~2", "before=-1", f"after={10**30}", "after=2026-01-01~3&from=2026-01-01",
        "from=2020-01-01&after=0001-01-01T00:00:00%2B14:00~1", "from=2020-01-01&before=9999-12-31T23:00:00-14:00~1",
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_read_is_the_newest(shop, fifty, given):
    assert numbers(colleague(shop, Role.OPERATIONS).get(f"/admin/orders/?{given}").text)[0] == "20049"


def test_columns_are_chosen_in_the_address(shop, fifty):
    client = colleague(shop, Role.OPERATIONS)
    page = client.get("/admin/orders/?show=number&show=city&show=nonsense").text
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page)
    assert heads == ["Order", "Town"]
    assert "show=city" in re.search(r'<a href="([^"]+)" rel="next"', page).group(1)


def test_every_column_of_every_desk_can_be_shown_and_taken(shop):
    """Desks that read what they show and no more have named what their columns are made of."""
    paid_order(shop)
    client = colleague(shop, Role.ADMINISTRATOR)
    desks = [view for view in shop.app.extensions["admin"][0]._views if isinstance(view, DeskList)]
    slim = {desk.key for desk in desks if desk.made_of is not None}
    assert slim == {"orders", "payments", "invoices", "webhooks", "mails", "tasks"}
    for desk in desks:
        columns = "&".join(f"show={name}" for name in (*desk.column_list, *desk.column_more))
        page = client.get(f"{desk.url}/?{columns}")
        assert page.status_code == 200, desk.key
        assert desk.key not in slim or "<td data-label" in page.text
        head, *rows = taken(client, f"{desk.url}/export.csv?{columns}")
        assert len(head) >= len(desk.column_list)
        assert desk.key not in slim or rows


def test_files_say_what_lists_say(full):
    """Words of every column, in a list and in its file: none of the code in one, and of people in the other."""
    olive = colleague(full, Role.ADMINISTRATOR)
    unlike = []
    for desk in full.app.extensions["admin"][0]._views:
        if not isinstance(desk, DeskList):
            continue
        for name in (*desk.column_list, *desk.column_more):
            asked = f"?show={name}&state=&delivery="
            page = olive.get(f"{desk.url}/{asked}").text
            cells = re.findall(r'<td[^>]*data-label="[^"]*"[^>]*>(.*?)</td>', page, re.S)
            shown = {html.unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in cells}
            rows = taken(olive, f"{desk.url}/export.csv{asked}")[1:][-len(cells) :]  # the newest, which the page shows
            filed = {row[0] for row in rows if row and row[0]}
            words = {text for text in filed if re.fullmatch(r"[A-Za-z][A-Za-z_. ]*", text)}
            missing = {text for text in words if not any(text in each for each in shown)}
            unlike += [(desk.key, name, sorted(missing)[:3], sorted(shown)[:3])] if missing else []
    assert not unlike, "\n".join(map(str, unlike))


def test_lists_tell_of_delivery_and_of_money_that_went_back_where_they_are_asked(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    client = colleague(shop, Role.ADMINISTRATOR)
    orders, invoices = "/admin/orders/{}?show=number&show=delivered&show=given_back", "/admin/invoices/{}?show=credited"
    page = client.get(orders.format("")).text
    assert "To be delivered" in page
    assert 'class="number"></td>' in page, "nothing was given back yet"
    shop.refunds(sale, 1_250)
    assert "12.50" in client.get(orders.format("")).text
    assert taken(client, orders.format("export.csv"))[1][1:] == ["To be delivered", "12.50", "EUR"]
    assert "12.50" in client.get(invoices.format("")).text
    assert taken(client, invoices.format("export.csv"))[1] == ["12.50", "EUR"]


@pytest.mark.parametrize(("desk", "body"), [("webhooks", "webhook_events.raw"), ("mails", "mails.text")])
def test_a_list_reads_no_bodies(shop, desk, body):
    paid_order(shop)
    client = colleague(shop, Role.ADMINISTRATOR)
    ref = re.search(rf'<a href="/admin/{desk}/([^"/?]+)">', client.get(f"/admin/{desk}/").text).group(1)
    with statements() as asked:
        client.get(f"/admin/{desk}/")
        taken(client, f"/admin/{desk}/export.csv")
    assert not [text for text in asked if body in text]
    with statements() as asked:
        client.get(f"/admin/{desk}/{ref}")
    assert [text for text in asked if body in text]


def test_what_the_sidebar_counts_is_shown_on_the_next_page(shop):
    """Sidebars are kept; never for longer than they are true."""
    client = colleague(shop, Role.OPERATIONS)
    assert "waiting: orders</span>" not in client.get("/admin/orders/").text
    paid_order(shop)
    waiting = (
        '>Orders</a><a class="count " href="/admin/orders/?delivery=open">1<span class="hidden"> waiting: orders</span>'
    )
    for page in ("/admin/orders/", "/admin/cases/"):
        assert waiting in client.get(page).text
    assert 'href="/admin/orders/?delivery=open">1<' in colleague(shop, Role.FINANCE).get("/admin/orders/").text, (
        "a number leads to what it counts, whatever the desk opens with"
    )


def test_a_list_asks_at_most_ten_questions(shop, fifty):
    client = colleague(shop, Role.OPERATIONS)
    asked = []
    listen = lambda _c, _cur, statement, *_: asked.append(statement)  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        for desk in ("orders", "cases", "payments", "audit", "mails", "tasks"):
            asked.clear()
            assert client.get(f"/admin/{desk}/?from=2026-01-01").status_code == 200
            questions = [text for text in asked if not text.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]
            assert 0 < len(questions) <= 10, (desk, questions)
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


def test_a_view_is_kept_shared_opened_with_and_forgotten(shop, fifty):
    otto, fiona = colleague(shop, Role.OPERATIONS), colleague(shop, Role.FINANCE)
    form = hidden(otto.get("/admin/orders/?email=eve@example.org").text)
    kept = {"name": "Eve’s", "query": "show=number&email=eve%40example.org&evil=1", "shared": "y", "opens": "y"}
    answer = otto.post("/admin/orders/views", data={**form, **kept})
    assert answer.location.endswith("/admin/orders/?email=eve%40example.org&show=number")
    assert 'href="/admin/orders/?email=eve%40example.org&amp;show=number"' in otto.get("/admin/cases/").text
    assert 'Eve’s</a> <span class="soft">shared' in fiona.get("/admin/orders/").text
    view = shop.all(select(SavedView.ref))[0]
    theirs = hidden(fiona.get("/admin/orders/").text)
    fiona.post(f"/admin/orders/views/{view}/forget", data=theirs)
    assert shop.all(select(SavedView.name)) == ["Eve’s"]
    other = {**form, **kept, "query": "state=paid", "shared": ""}
    page = otto.post("/admin/orders/views", data=other, follow_redirects=True).text
    assert "You keep another view as “Eve’s”, and share it." in page
    assert 'value="Eve’s"' in page
    assert shop.all(select(SavedView.shared)) == [True]  # neither narrowed otherwise nor taken from others
    otto.post("/admin/orders/views", data={**other, "replace": "y"})
    assert [(row.query, row.shared) for row in shop.all(select(SavedView))] == [("state=paid", False)]
    otto.post(f"/admin/orders/views/{view}/forget", data=form)
    assert shop.all(select(SavedView.name)) == []
    assert 'href="/admin/orders/?delivery=open"' in otto.get("/admin/cases/").text  # what the role opens with


def test_each_role_opens_a_list_with_what_waits_for_it(carl, fiona):
    """The link in the sidebar has it, so that an address with nothing in it shows everything."""
    assert 'href="/admin/disputes/?state=needs_response"' in fiona.get("/admin/cases/").text
    assert 'href="/admin/invoices/?state=issued"' in fiona.get("/admin/cases/").text
    assert 'href="/admin/stock/"' in carl.get("/admin/cases/").text, (
        "an article is looked up there, whatever is left of it"
    )


def test_with_as_many_views_as_one_may_keep_each_can_still_be_replaced(shop):
    otto = colleague(shop, Role.OPERATIONS)
    owner = shop.all(select(StaffMember.id).where(StaffMember.role == Role.OPERATIONS))[0]

    def keep(name, query, replace=False):
        made = partial(saved_views.keep, owner, "orders", name, query, shared=False, opens=False, replace=replace)
        return units.write(lambda: made().ref)

    for number in range(saved_views.MOST):
        keep(f"v{number}", "state=paid")
    with pytest.raises(saved_views.TooMuch):
        keep("one more", "state=paid")
    keep("v3", "state=placed", replace=True)
    assert "v3" in otto.get("/admin/orders/").text
    assert len(shop.all(select(SavedView).where(SavedView.query == "state=placed"))) == 1


def test_a_viewer_keeps_views_but_does_not_share_them(shop):
    vera = colleague(shop, Role.VIEWER)
    form = hidden(vera.get("/admin/orders/?state=paid").text)
    refused = vera.post("/admin/orders/views", data={**form, "name": "Paid", "query": "state=paid", "shared": "y"})
    page = vera.get(refused.location).text
    assert "Your role does not let you share views" in page
    vera.post("/admin/orders/views", data={**form, "name": "Paid", "query": "state=paid"})
    assert [(view.name, view.shared) for view in shop.all(select(SavedView))] == [("Paid", False)]


def test_a_view_without_a_name_is_refused(shop):
    otto = colleague(shop, Role.OPERATIONS)
    form = hidden(otto.get("/admin/orders/").text)
    answer = otto.post("/admin/orders/views", data={**form, "name": " ", "query": "state=paid"})
    assert "Give the view a name" in otto.get(answer.location).text
    assert shop.all(select(SavedView.id)) == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_list_that_an_administrator_opened_shows_others_no_more_than_their_role_sees(shop):
    case = units.write(lambda: cases.open_case(CaseKind.TASK_GAVE_UP, Subject("staff", 1, "stf_secret")).ref)
    everything, less = colleague(shop, Role.ADMINISTRATOR), colleague(shop, Role.OPERATIONS)
    for client, sees in ((everything, True), (less, False), (everything, True)):
        assert (case in client.get("/admin/cases/").text) == sees
        assert (case in str(taken(client, "/admin/cases/export.csv?show=ref"))) == sees


def test_one_query_is_paged_by_number_and_by_moment(shop, fifty):
    with db.engine.begin() as connection:  # the first order is the last by its moment
        later = Order.__table__.update().where(Order.number == 10_001).values(placed_at=clock.now() + timedelta(days=9))
        connection.execute(later)
    query = select(Order)
    for _twice in range(2):
        with units.read():
            by_number, by_moment = Keyset(Order), Keyset(Order, Order.placed_at)
            assert by_number.page(query, {}).rows[0].number == 20_049
            page = by_moment.page(query, {})
            assert [row.number for row in page.rows[:2]] == [10_001, 20_049]
            older = by_moment.page(query, page.older)
            assert [row.number for row in older.rows[:2]] == [20_030, 20_029]
            assert by_moment.page(query, older.newer).rows == page.rows


def test_the_page_of_an_order_asks_at_most_ten_questions(shop):
    """With a parcel, mails and a story of fifty lines; a note or a case is one more each, where there is one."""
    buyer = shop.buyer()
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    shop.minutes_pass(1)
    client = colleague(shop, Role.OPERATIONS)
    address = f"/admin/orders/{sale.order_ref}"
    pieces = dict.fromkeys(re.findall(r'name="(line\d+)"', client.get(address).text), "1")
    client.post(
        f"{address}/ship", data={**hidden(client.get(address).text), **pieces, "key": "shk_1", "tracking": "JD1"}
    )
    for number in range(30):
        form = {"street": f"Way {number}", "name": "Ada", "postcode": "10115", "city": "Berlin", "reason": "again"}
        post(client, f"{address}/address", address, **form)
    shop.works()
    with statements() as seen:
        page = client.get(address).text
    assert page.count("<time") > 50
    assert len(seen) <= 10, "\n".join(seen)
