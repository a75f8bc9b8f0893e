"""What a colleague does at any desk, by HTTP: press a button, take a list as a file."""

import csv
import html
import io
import re

from sqlalchemy import select

from backoffice.admin.exports import MARK
from backoffice.models import (
    Category,
    DeliveryMethod,
    Person,
    PriceList,
    Product,
    StaffMember,
    StockItem,
    Task,
    Variant,
)
from storefront import fragments
from tests.support.shop import LEVEL, hidden


def post(client, address: str, page: str = "", **form) -> str:
    """Press a button that stands on ``page``, with what the page had shown; the page it leads to."""
    text = client.get(page or "/admin/cases/").text
    there = re.search(rf'action="{re.escape(address)}".*?</form>', text, re.S)
    seen = re.findall(r'name="seen" value="([^"]*)"', there[0]) if there else []
    told = {**hidden(text), **({"seen": seen[0]} if seen else {})}
    answer = client.post(address, data={**told, **form}, follow_redirects=True)
    fragments.forget()  # what the shop shows of it is looked at anew
    return answer.text


def refund_form(page: str, **typed: str) -> dict[str, str]:
    """What the form sends that gives money back: its hidden values, and what somebody chose."""
    sent = dict(re.findall(r'name="(sent\d+)" value="(\d+)"', page))
    return {**hidden(page, "key", "seen"), **sent, "reason": "returned", "note": "", **typed}


def refused(page: str) -> bool:
    return 'class="flash bad"' in page


def taken(client, address: str) -> list[list[str]]:
    answer = client.post(address, data=hidden(client.get("/admin/cases/").text), buffered=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    text = answer.get_data(as_text=True)
    assert text.startswith(MARK)
    return list(csv.reader(io.StringIO(text.removeprefix(MARK))))


def office_rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin") and "static" not in rule.rule]


def filled(rule, shop, sale) -> str:
    """The address of a rule with references that exist."""
    refs = {
        "desk_orders": sale.order_ref, "desk_payments": sale.payment_ref, "desk_invoices": shop.invoice(sale).ref,
        "desk_tasks": shop.all(select(Task.ref))[0], "desk_mails": "mai_x", "desk_cases": "cas_x", "desk_webhooks": "whk_x",
        "desk_staff": shop.all(select(StaffMember.ref))[0], "desk_customers": shop.all(select(Person.ref))[0],
        "desk_products": shop.all(select(Product.ref))[0], "desk_categories": shop.all(select(Category.ref))[0],
        "desk_price_lists": shop.all(select(PriceList.ref))[0],
        "desk_stock": shop.all(select(StockItem.ref))[0], "desk_delivery": shop.all(select(DeliveryMethod.ref))[0],
    }  # fmt: skip
    ref = refs.get(rule.endpoint.split(".")[0], "x")
    return (
        rule.rule.replace("<ref>", ref)
        .replace("<payment>", sale.payment_ref)
        .replace("<order>", sale.order_ref)
        .replace("<kind>", "withdrawal")
        .replace("<int(max=999999999999999999):number>", "1")
    )


def press(client, page: str, action: str, **form) -> str:
    """One of the actions of a page."""
    return post(client, f"{page}/{action}", page, **form)


def level(shop, sku: str = LEVEL) -> Product:
    return shop.all(select(Product).join(Variant, Variant.product_id == Product.id).where(Variant.sku == sku))[0]


def fields(page: str, action: str = "") -> dict[str, str]:
    """What the form sends that leads to ``action`` (the form without one, where none is named), as the page shows it."""
    forms = re.findall(r"<form ([^>]*)>(.*?)</form>", page, re.S)
    wanted = [inside for head, inside in forms if (f'action="{action}"' in head if action else "refund" in head)]
    inputs = re.findall(r"<input ([^>]*)>", wanted[0])
    sent = {}
    for text in inputs:
        name, value = re.search(r'name="([^"]*)"', text), re.search(r'value="([^"]*)"', text)
        if name and ("checkbox" not in text or "checked" in text):
            sent[name[1]] = value[1] if value else ""
    return sent


def all_fields(page: str, action: str) -> dict[str, str]:
    """The same with what stands in its longer texts and choices."""
    (inside,) = re.findall(rf'<form [^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.S)[:1]
    texts = dict(re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', inside, re.S))
    chosen = {}
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', inside, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen[name] = next((value for value, is_chosen in values if is_chosen), values[0][0])
    return {name: html.unescape(text) for name, text in {**fields(page, action), **texts, **chosen}.items()}
