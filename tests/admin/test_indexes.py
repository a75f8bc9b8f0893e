"""Every filter of every list goes through an index, alone: asked of the database, not of the models."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import event, select

from backoffice.admin.filters import Filter
from backoffice.admin.lists import DeskList
from backoffice.core.db import db
from backoffice.models import Order, Payment
from tests.support import staff
from tests.support.shop import Shop

# Filters that read the rows of their list one by one, with the reason.
EXCUSED = {
    ("staff", "role"): "as many rows as colleagues",
    ("payouts", "signed"): "a row a day",
    ("payouts", "provider_ref"): "a row a day",
    ("stock", "level"): "made of two columns; a row for each article, tens of thousands at the most",
    ("ledger", "currency"): "two or three in a shop, each of them everywhere in the list",
    ("customers", "flag"): "barred: SQLite takes no index for IS NOT NULL, MariaDB takes ix_people_barred",
    ("cases", "owner"): "others: likewise, MariaDB takes ix_cases_owner",
}


def lists(shop: Shop) -> Iterator[tuple[DeskList, Filter]]:
    for admin in shop.app.extensions["admin"]:
        for view in admin._views:
            if isinstance(view, DeskList):
                for item in view.filters():
                    yield view, item


def values(item: Filter, known: dict[str, str]) -> list[str]:
    if item.choices:
        return [value for value, _words in item.choices]
    return ["2026-11-20"] if item.kind == "date" else [known.get(item.name, "10001")]


def plans(shop: Shop, client, address: str, given: dict[str, str], table: str) -> list[str]:
    """How the database goes about the list itself: the statement that reads its rows."""
    seen = []

    def note(_connection, _cursor, statement, parameters, *_more):
        if re.search(rf"FROM {table}\b", statement) and "LIMIT" in statement and statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    answer = client.get(address, query_string=given)
    event.remove(db.engine, "before_cursor_execute", note)
    assert answer.status_code == 200, (address, given)
    if not seen:
        return []
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0][0]}", seen[0][1]).all()
    return [row[3] for row in rows]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_filter_goes_through_an_index(full):
    olive = staff.logged_in(full)
    known = {
        "email": "ada@example.org", "name": "Ada", "about": full.all(select(Order.ref))[0],
        "ref": full.all(select(Payment.ref))[0],
    }  # fmt: skip
    slow, asked = set(), 0
    for view, item in lists(full):
        table = view.model.__table__.name
        for value in values(item, known):
            plan = plans(full, olive, f"/admin/{view.key}/", {item.name: value}, table)
            asked += bool(plan)
            if any(re.match(rf"SCAN {table}\b", step) for step in plan):
                slow.add((view.key, item.name))
    assert asked > 150
    assert slow == set(EXCUSED)
