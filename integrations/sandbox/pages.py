"""The hosted pages: where the customer is sent to pay or to enter a card, and comes back from."""

from datetime import timedelta
from decimal import Decimal

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from integrations.sandbox import faults
from integrations.sandbox.api import books
from integrations.sandbox.books import FINAL, Row
from integrations.sandbox.cards import BY_KEY, CARDS

pages = Blueprint("pages", __name__)

SLOW = timedelta(seconds=20)


@pages.get("/pay/<payment>")
def show(payment: str) -> ResponseReturnValue:
    row = _payment(payment)
    if row["status"] in FINAL or row["status"] == "processing":
        return render_template("done.html", payment=row, amount=amount(row))
    template = "approve.html" if row["status"] == "requires_action" else "pay.html"
    return render_template(template, payment=row, amount=amount(row), cards=CARDS)


@pages.post("/pay/<payment>")
def pay(payment: str) -> ResponseReturnValue:
    row = _payment(payment)
    card = BY_KEY.get(request.form.get("card", ""))
    if card is None:
        return render_template("pay.html", payment=row, amount=amount(row), cards=CARDS, problem=True), 422
    decline = str(books().switch("decline") or "") or card.decline
    if decline:
        books().decline(payment, card.method, decline)
    elif card.key == "secure" or books().take_one("authenticate"):
        books().ask_for_authentication(payment, card.method)
        return redirect(f"/pay/{payment}", 303)
    elif card.key == "slow":
        books().process(payment, card.method, books().clock() + SLOW)
    else:
        books().pay(payment, card.method)
    return _back(row)


@pages.post("/pay/<payment>/approve")
def approve(payment: str) -> ResponseReturnValue:
    row = _payment(payment)
    if row["status"] == "requires_action":
        if request.form.get("answer") == "approve":
            books().pay(payment, row["method"])
        else:
            books().decline(payment, row["method"], "authentication_failed")
    return _back(row)


@pages.post("/pay/<payment>/cancel")
def cancel(payment: str) -> ResponseReturnValue:
    row = _payment(payment)
    books().cancel(payment)
    return _back(row)


@pages.get("/setup/<setup>")
def show_setup(setup: str) -> ResponseReturnValue:
    row = _setup(setup)
    return render_template("setup.html", setup=row, cards=CARDS)


@pages.post("/setup/<setup>")
def enter(setup: str) -> ResponseReturnValue:
    row = _setup(setup)
    card = BY_KEY.get(request.form.get("card", ""))
    if card is None:
        return render_template("setup.html", setup=row, cards=CARDS, problem=True), 422
    books().methods.enter(setup, card)
    return _back(row)


def amount(row: Row) -> str:
    """For people: € 129.00. The sandbox keeps its own small table; it imports nothing of the shop."""
    decimals = {"JPY": 0, "KWD": 3}.get(row["currency"], 2)
    sign = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}.get(row["currency"], row["currency"])
    return f"{sign} {Decimal(row['amount']).scaleb(-decimals):,.{decimals}f}"


def _payment(payment: str) -> Row:
    if books().switch("outage"):
        abort(503)
    row = books().get(payment)
    if row is None:
        abort(404)
    return row


def _setup(setup: str) -> Row:
    if books().switch("outage"):
        abort(503)
    row = books().methods.setup(setup)
    if row is None:
        abort(404)
    return row


def _back(row: Row) -> Response:
    answer = redirect(row["return_url"], 303)
    current_app.logger.debug("customer returns from %s", row["id"])
    return faults.lose_answer(books(), "lose_pay", answer)  # type: ignore[arg-type]
