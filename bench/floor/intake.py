"""A bare view with one durable insert: bare Flask, one kept PyMySQL connection per thread. No signature, no request id, no task;
an event twice is a row twice."""

import os
import threading
from urllib.parse import urlsplit

import pymysql
from flask import Flask, request

app = Flask(__name__)
local = threading.local()
where = urlsplit(os.environ["DATABASE_URL"])


def cursor():
    if not hasattr(local, "connection"):
        local.connection = pymysql.connect(
            host=where.hostname, port=where.port, user=where.username, password=where.password or "",
            database=where.path.strip("/"), charset="utf8mb4", autocommit=True,
        )  # fmt: skip
    return local.connection.cursor()


@app.get("/healthz")
def healthz():
    return ""


@app.post("/webhooks/stripe")
def receive():
    with cursor() as db:
        db.execute("INSERT INTO floor_events (raw) VALUES (%s)", (request.get_data(),))
    return ""
