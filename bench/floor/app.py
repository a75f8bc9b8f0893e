"""Bare Flask, one kept PyMySQL connection per thread, the same rows and the unavoidable statements, Jinja text without
layout. No sessions, no escaping of our own, no units, no audit guard, no checks: nobody could run a shop on this."""

import json
import os
import threading
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pymysql
from flask import Flask, make_response, redirect, request
from jinja2 import Environment

app = Flask(__name__)
local = threading.local()
where = urlsplit(os.environ["DATABASE_URL"])
jinja = Environment(autoescape=True)


def cursor():
    if not hasattr(local, "connection"):
        local.connection = pymysql.connect(
            host=where.hostname, port=where.port, user=where.username, password=where.password or "",
            database=where.path.strip("/").partition("?")[0], charset="utf8mb4", autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
        )  # fmt: skip
    return local.connection.cursor()


def rows(sql: str, *values: object) -> list[dict]:
    with cursor() as asked:
        asked.execute(sql, values)
        return list(asked.fetchall())


def write(sql: str, *values: object) -> int:
    with cursor() as asked:
        asked.execute(sql, values)
        return asked.lastrowid


CARDS = jinja.from_string(
    "<h1>{{ title }}</h1><ul>{% for row in cards %}<li><a href='/products/{{ row.slug }}'><img src='/images/{{ row.image }}.webp'>"
    "{{ row.name }} {{ row.price }}{% if row.left < 1 %} sold out{% endif %}</a></li>{% endfor %}</ul>"
)
PRODUCT = jinja.from_string(
    "<h1>{{ p.name }}</h1><p>{{ p.summary }}</p>{{ p.story }}<dl>{% for n, v in facts %}<dt>{{ n }}</dt><dd>{{ v }}</dd>{% endfor %}</dl>"
    "{% for v in variants %}<a href='?v={{ v.sku }}'>{{ v.label }} {{ v.amount }} {{ v.left }}</a>{% endfor %}"
    "<form method=post action=/cart/add><input name=variant value='{{ variants[0].ref }}'><button>Add</button></form>"
)
CART = jinja.from_string(
    "{% for l in lines %}<p>{{ l.quantity }} {{ l.name }} {{ l.amount }}</p>{% endfor %}{{ total }} {{ key }}"
)


def cards(found: list[dict]) -> list[dict]:
    ids = [row["product_id"] for row in found]
    left = {
        row["product_id"]: row["free"]
        for row in rows(
            "SELECT v.product_id, SUM(s.on_hand - s.held) free FROM variants v JOIN stock_items s ON s.variant_id = v.id "
            "WHERE v.product_id IN %s GROUP BY v.product_id", ids or [0],
        )
    }  # fmt: skip
    made = []
    for row in found:
        card = json.loads(row["card"])
        image = (card["image"] or {"renditions": {"400": ""}})["renditions"]["400"]
        made.append({"slug": card["slug"], "name": card["name"], "price": row["from_amount"] / 100, "image": image,
                     "left": left.get(row["product_id"], 0)})  # fmt: skip
    return made


@app.get("/shop/<slug>")
def category(slug: str):
    known = rows("SELECT id, name FROM categories WHERE slug = %s", slug)[0]
    found = rows(
        "SELECT product_id, from_amount, card FROM listings WHERE price_list_id = 1 AND category_id = %s "
        "ORDER BY listed_at DESC, product_id DESC LIMIT 25", known["id"],
    )  # fmt: skip
    rows(
        "SELECT trait, value, COUNT(*) FROM product_traits JOIN listings USING (product_id) WHERE price_list_id = 1 AND "
        "category_id = %s GROUP BY trait, value", known["id"],
    )  # fmt: skip
    return CARDS.render(title=known["name"], cards=cards(found[:24]))


@app.get("/products/<slug>")
def product(slug: str):
    found = rows("SELECT * FROM products WHERE slug = %s AND published = 1", slug)[0]
    variants = rows(
        "SELECT v.ref, v.sku, v.label, p.amount, s.on_hand - s.held `left` FROM variants v JOIN prices p ON p.variant_id = v.id AND "
        "p.price_list_id = 1 JOIN stock_items s ON s.variant_id = v.id WHERE v.product_id = %s ORDER BY v.position", found["id"],
    )  # fmt: skip
    rows("SELECT * FROM product_images WHERE product_id = %s ORDER BY position", found["id"])
    rows(
        "SELECT l.card FROM listings l JOIN related_products r ON r.related_id = l.product_id WHERE r.product_id = %s",
        found["id"],
    )
    return PRODUCT.render(p=found, variants=variants, facts=json.loads(found["facts"])["rows"])


@app.get("/search")
def search():
    words = request.args.get("q", "").split()
    parts, values = [], []
    for place, word in enumerate(words):
        parts.append(
            f"(SELECT product_id, MAX(weight) w FROM product_terms WHERE term >= %s AND term < %s GROUP BY product_id) t{place}"
        )
        values += [word, word + "{"]
    joined = parts[0] + "".join(
        f" JOIN {part} ON t{place}.product_id = t0.product_id" for place, part in enumerate(parts[1:], 1)
    )
    score = " + ".join(f"t{place}.w" for place in range(len(parts)))
    ids = [
        row["product_id"]
        for row in rows(f"SELECT t0.product_id FROM {joined} ORDER BY {score} DESC, t0.product_id LIMIT 25", *values)
    ]
    found = rows(
        "SELECT product_id, from_amount, card FROM listings WHERE price_list_id = 1 AND product_id IN %s", ids or [0]
    )
    return CARDS.render(title="Search", cards=cards(found))


@app.post("/cart/add")
def add():
    variant = rows("SELECT id FROM variants WHERE ref = %s", request.form["variant"])[0]
    token = uuid.uuid4().hex * 2
    now = datetime.now(UTC)
    cart = write(
        "INSERT INTO carts (token_hash, checkout_key, created_at, updated_at) VALUES (%s, %s, %s, %s)",
        token,
        token[:36],
        now,
        now,
    )
    write("INSERT INTO cart_lines (cart_id, variant_id, quantity) VALUES (%s, %s, 1)", cart, variant["id"])
    answer = make_response(redirect("/cart", 303))
    answer.set_cookie("cart", token)
    return answer


def lines() -> list[dict]:
    return rows(
        "SELECT c.id cart, c.checkout_key `key`, l.quantity, v.id, v.sku, pr.name, p.amount FROM carts c JOIN cart_lines l ON l.cart_id = c.id JOIN "
        "variants v ON v.id = l.variant_id JOIN products pr ON pr.id = v.product_id JOIN prices p ON p.variant_id = v.id AND "
        "p.price_list_id = 1 WHERE c.token_hash = %s", request.cookies["cart"],
    )  # fmt: skip


@app.get("/cart")
def cart():
    found = lines()
    rows("SELECT on_hand - held FROM stock_items WHERE variant_id IN %s", [row["id"] for row in found])
    return CART.render(lines=found, total=sum(row["amount"] * row["quantity"] for row in found), key="")


@app.get("/checkout")
def checkout():
    found = lines()
    rows("SELECT * FROM legal_texts WHERE kind = 'terms' ORDER BY version DESC LIMIT 1")
    return CART.render(lines=found, total=sum(row["amount"] * row["quantity"] for row in found), key=found[0]["key"])


@app.post("/checkout")
def place():
    found, now, ref = lines(), datetime.now(UTC), uuid.uuid4().hex
    form, line = request.form, found[0]
    total = sum(row["amount"] * row["quantity"] for row in found)
    with cursor() as asked:
        asked.execute("BEGIN")
        asked.execute("SELECT id FROM orders WHERE checkout_key = %s", (line["key"],))
        asked.execute("SELECT id FROM people WHERE email = %s", (form["email"],))
        asked.execute(
            "INSERT INTO people (ref, email, name, wrapped_key, created_at, barred_because) VALUES (%s, %s, %s, 'k', %s, '')",
            (ref, form["email"], "A", now),
        )
        person = asked.lastrowid
        asked.execute(
            "INSERT INTO orders (ref, checkout_key, entity_id, person_id, terms_id, state, email, name, street, postcode, city, country, phone, "
            "deliver_to, gift_note, delivery_code, delivery_name, currency, total_amount, placed_at, payable_until) VALUES "
            "(%s, %s, 1, %s, 1, 'placed', %s, %s, %s, %s, %s, 'DE', '', '{}', '', 'parcel', 'Parcel', 'EUR', %s, %s, %s)",
            (
                ref,
                line["key"],
                person,
                form["email"],
                form["name"],
                form["street"],
                form["postcode"],
                form["city"],
                total,
                now,
                now + timedelta(minutes=45),
            ),
        )
        order = asked.lastrowid
        asked.execute(
            "INSERT INTO order_lines (order_id, position, kind, variant_id, sku, name, quantity, unit_amount, vat_category, vat_hundredths) "
            "VALUES (%s, 1, 'physical', %s, %s, %s, %s, %s, 'S', 1900)", (order, line["id"], line["sku"], line["name"], line["quantity"], line["amount"]),
        )  # fmt: skip
        asked.execute("UPDATE orders SET number = %s WHERE id = %s", (10_000 + order, order))
        asked.execute(
            "UPDATE stock_items SET held = held + 1 WHERE variant_id = %s AND on_hand - held >= 1", (line["id"],)
        )
        asked.execute(
            "INSERT INTO stock_holds (holder, variant_id, quantity, state, created_at) VALUES (%s, %s, 1, 'held', %s)",
            (ref, line["id"], now),
        )
        asked.execute(
            "INSERT INTO stock_movements (item_id, kind, on_hand_change, held_change, holder, reason, at) SELECT id, 'held', 0, 1, %s, '', %s FROM "
            "stock_items WHERE variant_id = %s", (ref, now, line["id"]),
        )  # fmt: skip
        net = round(total / 1.19)
        asked.execute(
            "INSERT INTO invoices (ref, entity_id, order_id, state, seller, buyer, currency, net_amount, vat_amount, gross_amount, created_at, "
            "collection_state, paid_amount) VALUES (%s, 1, %s, 'draft', '{}', '{}', 'EUR', %s, %s, %s, %s, 'open', 0)", (ref, order, net, total - net, total, now),
        )  # fmt: skip
        invoice = asked.lastrowid
        asked.execute(
            "INSERT INTO invoice_lines (invoice_id, position, sku, name, quantity, unit_gross_amount, net_amount, gross_amount, vat_category, "
            "vat_hundredths) VALUES (%s, 1, %s, %s, 1, %s, %s, %s, 'S', 1900)", (invoice, line["sku"], line["name"], total, net, total),
        )  # fmt: skip
        asked.execute(
            "INSERT INTO invoice_taxes (invoice_id, vat_category, vat_hundredths, net_amount, vat_amount) VALUES (%s, 'S', 1900, %s, %s)",
            (invoice, net, total - net),
        )
        asked.execute(
            "INSERT INTO payments (ref, invoice_id, provider, account, mode, idempotency_key, claim, request, state, currency, amount, captured_amount, "
            "refunded_amount, page_url, method, decline_code, created_at, unanswered, last_answer) VALUES (%s, %s, 'i', 'b', 'test', %s, %s, '{}', 'created', "
            "'EUR', %s, 0, 0, '', '', '', %s, 0, '{}')", (ref, invoice, ref, invoice, total, now),
        )  # fmt: skip
        payment = asked.lastrowid
        audit = [("x.y", "order", order, ref, "customer", ref, "", "r", "web", "{}", now)] * 5
        asked.executemany(
            "INSERT INTO audit_log (tag, subject_kind, subject_id, subject_ref, actor_kind, actor_ref, reason, request_id, via, changes, at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", audit,
        )  # fmt: skip
        asked.executemany(
            "INSERT INTO tasks (ref, name, arguments, dedupe_key, state, due_at, attempts, max_attempts, last_error, request_id, created_at) VALUES "
            "(%s, 'x', '{}', %s, 'waiting', %s, 0, 12, '', 'r', %s)",
            [(f"{ref}{n}", f"{ref}{n}", now + timedelta(hours=1), now) for n in (1, 2)],
        )
        asked.execute("UPDATE carts SET checkout_key = %s WHERE id = %s", (ref, line["cart"]))
        asked.execute("DELETE FROM cart_lines WHERE cart_id = %s", (line["cart"],))
        asked.execute("COMMIT")
        asked.execute("BEGIN")
        asked.execute(
            "UPDATE payments SET state = 'sent', provider_ref = %s, page_url = '/x', asked_at = %s WHERE id = %s",
            (ref, now, payment),
        )
        asked.execute(
            "INSERT INTO audit_log (tag, subject_kind, subject_id, subject_ref, actor_kind, actor_ref, reason, request_id, via, changes, at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", audit[0],
        )  # fmt: skip
        asked.execute("COMMIT")
    answer = make_response(redirect("/x", 303))
    answer.set_cookie("order", ref)
    return answer


@app.get("/orders/<ref>")
def order(ref: str):
    found = rows("SELECT * FROM orders JOIN order_lines ON order_lines.order_id = orders.id WHERE orders.ref = %s", ref)
    invoice = rows(
        "SELECT * FROM invoices JOIN invoice_taxes ON invoice_taxes.invoice_id = invoices.id WHERE order_id = %s",
        found[0]["order_id"],
    )
    rows("SELECT * FROM payments WHERE invoice_id = %s", invoice[0]["invoice_id"])
    return CART.render(
        lines=[{"quantity": row["quantity"], "name": row["name"], "amount": row["unit_amount"]} for row in found],
        total=0,
        key=ref,
    )
