"""The office's lists and pages without an office: bare Flask, one kept PyMySQL connection per thread, the same rows, a table.

No login, no roles, no trace of who looked, no counts of what waits: nobody could leave this open."""

import os
import threading
from urllib.parse import urlsplit

import pymysql
from flask import Flask, Response, redirect, request
from jinja2 import Environment

app = Flask(__name__)
local = threading.local()
where = urlsplit(os.environ["DATABASE_URL"])
jinja = Environment(autoescape=True)
ROWS = 20


def rows(sql: str, *values: object) -> list[dict]:
    if not hasattr(local, "connection"):
        local.connection = pymysql.connect(
            host=where.hostname, port=where.port, user=where.username, password=where.password or "",
            database=where.path.strip("/").partition("?")[0], charset="utf8mb4", autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
        )  # fmt: skip
    with local.connection.cursor() as asked:
        asked.execute(sql, values)
        return list(asked.fetchall())


LIST = jinja.from_string(
    "<table>{% for r in rows %}<tr><td><a href='/admin/orders/{{ r.ref }}'>{{ r.number }}</a></td><td>{{ r.placed_at }}</td>"
    "<td>{{ r.name }}</td><td>{{ r.email }}</td><td>{{ r.state }}</td><td>{{ r.total_amount }}</td></tr>{% endfor %}</table>"
)
ORDER = jinja.from_string(
    "<h1>{{ o.number }} {{ o.total_amount }}</h1>{% for l in lines %}<p>{{ l.quantity }} {{ l.name }} {{ l.unit_amount }}</p>{% endfor %}"
    "{% for a in audit %}<li>{{ a.at }} {{ a.tag }} {{ a.reason }} {{ a.changes }}</li>{% endfor %}"
)


@app.get("/admin/orders/")
def orders():
    args = request.args
    conditions, values = ["1 = 1"], []
    if args.get("state"):
        conditions.append("state = %s")
        values.append(args["state"])
    if args.get("email"):
        conditions.append("person_id = (SELECT id FROM people WHERE email = %s)")
        values.append(args["email"])
    if args.get("after"):
        conditions.append("id < %s")
        values.append(args["after"])
    down = "ASC" if args.get("end") else "DESC"
    found = rows(f"SELECT * FROM orders WHERE {' AND '.join(conditions)} ORDER BY id {down} LIMIT {ROWS + 1}", *values)
    return LIST.render(rows=found[:ROWS])


@app.get("/admin/orders/<ref>")
def order(ref: str):
    (found,) = rows("SELECT * FROM orders WHERE ref = %s", ref)
    lines = rows("SELECT * FROM order_lines WHERE order_id = %s", found["id"])
    (invoice,) = rows("SELECT * FROM invoices WHERE order_id = %s", found["id"])
    payments = rows("SELECT * FROM payments WHERE invoice_id = %s", invoice["id"])
    shipments = rows("SELECT * FROM shipments WHERE order_id = %s", found["id"])
    rows("SELECT * FROM webhook_events WHERE payment_ref IN %s", [row["ref"] for row in payments])
    keys = [("order", found["id"]), ("invoice", invoice["id"])]
    keys += [("payment", row["id"]) for row in payments] + [("shipment", row["id"]) for row in shipments]
    audit = rows("SELECT * FROM audit_log WHERE (subject_kind, subject_id) IN %s ORDER BY at, id", keys)
    return ORDER.render(o=found, lines=lines, audit=audit)


@app.get("/admin/jump")
def jump():
    (found,) = rows("SELECT ref FROM orders WHERE number = %s", request.args["q"])
    return redirect(f"/admin/orders/{found['ref']}", 303)


@app.get("/admin/")
def start():
    rows("SELECT kind, COUNT(*), SUM(at_risk_amount) FROM cases WHERE state = 'open' GROUP BY kind")
    rows("SELECT placed_at, total_amount FROM orders WHERE placed_at >= NOW() - INTERVAL 1 DAY")
    return "<h1>Start</h1>"


@app.post("/admin/orders/export.csv")
def export():
    def lines():
        last = 0
        while True:
            found = rows(
                "SELECT id, number, placed_at, name, email, state, total_amount, currency FROM orders WHERE id > %s ORDER BY id LIMIT 1000",
                last,
            )
            for row in found:
                yield ",".join(str(value) for value in row.values()) + "\n"
            if len(found) < 1000:
                return
            last = found[-1]["id"]

    return Response(lines(), mimetype="text/csv")
